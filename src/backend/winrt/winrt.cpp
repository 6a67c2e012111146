#include "winrt.hpp"

#include "adapter.hpp"
#include "client.hpp"
#include "devices.hpp"
#include "scanner.hpp"

#include <blau/event_loop.hpp>

#include <utility>

namespace blau::detail::windows {

namespace {

class WinRt final : public backend::Backend {
 public:
  explicit WinRt(EventLoop& loop) : system_(System::make(loop)) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "winrt"; }
  void list_adapters(backend::Done<std::vector<backend::AdapterState>> done) override;
  [[nodiscard]] std::unique_ptr<backend::AdapterWatch> watch_adapters(backend::AdapterEvents& events) override {
    return watch_adapter(system_, events);
  }
  void connected_devices(const std::string& adapter, const std::vector<Uuid>& services,
                         backend::Done<std::vector<Device>> done) override;
  void bonded_devices(const std::string& adapter, backend::Done<std::vector<Device>> done) override;
  void find_known_device(const std::string& adapter, const Address& address,
                         backend::Done<std::optional<Device>> done) override;
  [[nodiscard]] std::unique_ptr<backend::ScannerPort> make_scanner(backend::ScannerEvents& events) override {
    return windows::make_scanner(system_, events);
  }
  [[nodiscard]] std::unique_ptr<backend::ClientPort> make_client(const backend::ClientRequest& request,
                                                                 backend::ClientEvents& events) override {
    return windows::make_client(system_, request, events);
  }

 private:
  /// Not called any more when this is gone, though a port may hold the system still.
  template <class T>
  [[nodiscard]] backend::Done<T> guarded(backend::Done<T> done) {
    return [life = std::weak_ptr(life_), done = std::move(done)](Result<T> result) mutable {
      if (!life.expired()) done(std::move(result));
    };
  }
  /// Goes on with `next(adapter id, done)`.
  template <class T, class Find, class Next>
  void with_adapter(Find find, const std::string& adapter, backend::Done<T> done, Next next) {
    find(*system_, adapter,
         [done = guarded(std::move(done)), next = std::move(next)](const Result<backend::AdapterState>& found) mutable {
           if (!found) return done(found.error());
           next(found->id, std::move(done));
         });
  }

  std::shared_ptr<System> system_;
  std::shared_ptr<char> life_ = std::make_shared<char>();
};

void WinRt::list_adapters(backend::Done<std::vector<backend::AdapterState>> done) {
  look_at_adapter(*system_, [done = guarded(std::move(done))](const Result<std::optional<AdapterSight>>& seen) mutable {
    if (!seen) return done(seen.error());
    std::vector<backend::AdapterState> states;
    if (*seen) states.push_back((*seen)->state);
    done(std::move(states));
  });
}

void WinRt::connected_devices(const std::string& adapter, const std::vector<Uuid>& services,
                              backend::Done<std::vector<Device>> done) {
  auto list = [system = system_.get(), services](const std::string& id, backend::Done<std::vector<Device>> end) {
    list_connected(*system, id, services, std::move(end));
  };
  with_adapter(&find_adapter, adapter, std::move(done), std::move(list));
}

void WinRt::bonded_devices(const std::string& adapter, backend::Done<std::vector<Device>> done) {
  auto list = [system = system_.get()](const std::string& id, backend::Done<std::vector<Device>> end) {
    list_paired(*system, id, std::move(end));
  };
  with_adapter(&find_adapter, adapter, std::move(done), std::move(list));
}

void WinRt::find_known_device(const std::string& adapter, const Address& address,
                              backend::Done<std::optional<Device>> done) {
  auto find = [system = system_.get(), address](const std::string& id, backend::Done<std::optional<Device>> end) {
    find_cached(*system, id, address, std::move(end));
  };
  with_adapter(&choose_adapter, adapter, std::move(done), std::move(find));
}

}  // namespace

backend::Factory winrt_factory() {
  return [](EventLoop& loop) { return std::make_shared<WinRt>(loop); };
}

}  // namespace blau::detail::windows
