#include "bluez.hpp"

#include "client.hpp"
#include "errors.hpp"
#include "system.hpp"

#include <blau/event_loop.hpp>

#include <algorithm>
#include <utility>

namespace blau::detail::bluez {

namespace {

class BlueZ final : public backend::Backend {
 public:
  BlueZ(Loop& loop, BusOpener opener) : system_(System::make(loop, std::move(opener))) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "bluez"; }
  void list_adapters(backend::Done<std::vector<backend::AdapterState>> done) override;
  [[nodiscard]] std::unique_ptr<backend::AdapterWatch> watch_adapters(backend::AdapterEvents& events) override {
    return system_->adapters.watch(events);
  }
  void connected_devices(const std::string& adapter, const std::vector<Uuid>& services,
                         backend::Done<std::vector<Device>> done) override;
  void bonded_devices(const std::string& adapter, backend::Done<std::vector<Device>> done) override;
  void find_known_device(const std::string& adapter, const Address& address,
                         backend::Done<std::optional<Device>> done) override;
  void can_connect_unseen(const std::string& adapter, const Address& address, backend::Done<bool> done) override;
  [[nodiscard]] std::unique_ptr<backend::ScannerPort> make_scanner(backend::ScannerEvents& events) override {
    return std::make_unique<Scanner>(system_, events);
  }
  [[nodiscard]] std::unique_ptr<backend::ClientPort> make_client(const backend::ClientRequest& request,
                                                                 backend::ClientEvents& events) override {
    return std::make_unique<Client>(system_, request, events);
  }

 private:
  /// Calls `look(system, result)` when the cache is whole and answers with the result.
  template <class T, class Look>
  void look(backend::Done<T> done, Look look) {
    system_->daemon.when_ready([weak = std::weak_ptr(system_), life = std::weak_ptr(life_), done = std::move(done),
                                look = std::move(look)](const Result<void>& ready) mutable {
      const auto system = weak.lock();
      if (!system || life.expired()) return;
      if (!ready) return done(ready.error());
      done(look(*system));
    });
  }

  template <class Wanted>
  void list_devices(const std::string& adapter, backend::Done<std::vector<Device>> done, Wanted wanted);

  std::shared_ptr<System> system_;
  // What is being told when this is destroyed may hold the system a little longer.
  std::shared_ptr<char> life_ = std::make_shared<char>();
};

bool has_any(const DeviceObject& device, const std::vector<Uuid>& services) {
  const auto& own = device.advertised.service_uuids;
  return services.empty() || std::find_first_of(own.begin(), own.end(), services.begin(), services.end()) != own.end();
}

void BlueZ::list_adapters(backend::Done<std::vector<backend::AdapterState>> done) {
  using Result = blau::Result<std::vector<backend::AdapterState>>;
  look(std::move(done), [](System& system) { return Result(system.adapters.states()); });
}

template <class Wanted>
void BlueZ::list_devices(const std::string& adapter, backend::Done<std::vector<Device>> done, Wanted wanted) {
  look(std::move(done), [adapter, wanted = std::move(wanted)](System& system) -> Result<std::vector<Device>> {
    const auto chosen = system.adapters.find(adapter);
    if (!chosen) return chosen.error();
    std::vector<Device> devices;
    system.daemon.objects().each_device((*chosen)->path, [&](const DeviceObject& device) {
      if (wanted(device)) devices.push_back(device.identity);
    });
    return devices;
  });
}

void BlueZ::connected_devices(const std::string& adapter, const std::vector<Uuid>& services,
                              backend::Done<std::vector<Device>> done) {
  list_devices(adapter, std::move(done),
               [services](const DeviceObject& device) { return device.connected && has_any(device, services); });
}

void BlueZ::bonded_devices(const std::string& adapter, backend::Done<std::vector<Device>> done) {
  list_devices(adapter, std::move(done), [](const DeviceObject& device) { return device.has_bond(); });
}

void BlueZ::find_known_device(const std::string& adapter, const Address& address,
                              backend::Done<std::optional<Device>> done) {
  look(std::move(done), [adapter, address](System& system) -> Result<std::optional<Device>> {
    const auto chosen = system.adapters.choose(adapter);
    if (!chosen) return chosen.error();
    const DeviceObject* known = system.daemon.objects().device((*chosen)->path, address);
    // Every device that was ever connected stays in BlueZ's list; a scan tells sooner than a connect that it is not here.
    const bool is_here = known && (known->connected || known->heard || known->has_bond());
    return is_here ? std::optional<Device>(known->identity) : std::nullopt;
  });
}

/// BlueZ takes an address without a type for one of BR/EDR.
void BlueZ::can_connect_unseen(const std::string& adapter, const Address& address, backend::Done<bool> done) {
  if (!address.type()) return done(false);
  system_->daemon.when_ready([weak = std::weak_ptr(system_), life = std::weak_ptr(life_), adapter,
                              done = std::move(done)](const Result<void>& ready) mutable {
    const auto system = weak.lock();
    if (!system || life.expired()) return;
    if (!ready) return done(ready.error());
    const auto chosen = system->adapters.choose(adapter);
    if (!chosen) return done(chosen.error());
    system->features.connect_device((*chosen)->path, [life, done = std::move(done)](const Result<bool>& can) mutable {
      if (!life.expired()) done(can);
    });
  });
}

}  // namespace

std::shared_ptr<System> System::make(Loop& loop, BusOpener opener) {
  auto system = std::make_shared<System>(loop, std::move(opener));
  system->daemon.anchor(std::shared_ptr<Daemon>(system, &system->daemon));
  system->features.anchor(std::shared_ptr<Features>(system, &system->features));
  system->adapters.anchor(std::shared_ptr<Adapters>(system, &system->adapters));
  system->discoveries.anchor(std::shared_ptr<Discoveries>(system, &system->discoveries));
  system->monitors.anchor(std::shared_ptr<Monitors>(system, &system->monitors));
  system->links.anchor(std::shared_ptr<Links>(system, &system->links));
  system->agents.anchor(std::shared_ptr<Agents>(system, &system->agents));
  system->pairings.anchor(std::shared_ptr<Pairings>(system, &system->pairings));
  return system;
}

std::shared_ptr<backend::Backend> make_backend(Loop& loop, BusOpener opener) {
  return std::make_shared<BlueZ>(loop, std::move(opener));
}

backend::Factory bluez_factory() {
  return [](EventLoop& loop) { return make_backend(*loop.loop(), system_bus()); };
}

}  // namespace blau::detail::bluez
