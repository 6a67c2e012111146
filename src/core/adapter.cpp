// Adapters: what the backend tells, as values.

#include <blau/adapter.hpp>

#include "backends.hpp"

#include <blau/event_loop.hpp>

#include <algorithm>
#include <utility>

namespace blau {

using detail::Completer;
using detail::Loop;
using detail::make_operation;

namespace detail {

/// Where the adapters of one request live. Made on the loop.
struct AdapterAccess {
  std::shared_ptr<Loop> loop;
  BackendRef backend;
  static Adapter make(AdapterState state, std::shared_ptr<AdapterAccess> access) {
    return {std::move(state), std::move(access)};
  }
};

}  // namespace detail

namespace {

using detail::AdapterAccess;

std::shared_ptr<Loop> loop_of(const AdapterOptions& options) { return options.loop ? options.loop->loop() : nullptr; }

std::shared_ptr<AdapterAccess> access_here(const BackendRef& backend) {
  return std::make_shared<AdapterAccess>(AdapterAccess{Loop::current()->shared_from_this(), backend});
}

/// Hands all adapters of the running loop's backend over.
template <class Then>
void list_adapters(const BackendRef& wanted, Then then) {
  const auto backend = detail::resolve_backend(*Loop::current(), wanted);
  auto access = access_here(wanted);
  backend->list_adapters([access, then = std::move(then)](Result<std::vector<AdapterState>> states) mutable {
    if (!states) return then(Result<std::vector<Adapter>>(states.error()));
    std::vector<Adapter> adapters;
    for (auto& state : *states) adapters.push_back(AdapterAccess::make(std::move(state), access));
    then(Result<std::vector<Adapter>>(std::move(adapters)));
  });
}

Error no_usable_adapter(const std::vector<Adapter>& adapters) {
  if (adapters.empty()) {
    return {UnavailableReason::no_adapter, "this machine has no Bluetooth adapter; plug one in"};
  }
  const auto reason = adapters.front().unusable().value_or(UnavailableReason::unknown);
  return {reason,
          "the Bluetooth adapter " + adapters.front().id() + " cannot be used: " + std::string(to_string(reason))};
}

/// To a backend an adapter that is gone is one that it does not know; who asks has not misspelt it.
backend::Done<std::vector<Device>> devices_of(const std::string& id, Completer<std::vector<Device>> done) {
  return [id, done = std::move(done)](Result<std::vector<Device>> devices) mutable {
    if (devices || devices.error().code() != ErrorCode::invalid_argument) return done(std::move(devices));
    done(Error(UnavailableReason::no_adapter, "the adapter " + id + " is gone; plug it in again"));
  };
}

/// Feeds a stream of one adapter's states.
class StateFeed final : public backend::AdapterEvents, private detail::LoopMember {
 public:
  StateFeed(std::string id, std::weak_ptr<detail::Channel<AdapterState>> channel)
      : id_(std::move(id)), channel_(std::move(channel)) {}
  void begin(Loop& loop, const BackendRef& wanted) {
    backend_ = detail::resolve_backend(loop, wanted);
    watch_ = backend_->watch_adapters(*this);
    join(loop);
  }

 private:
  void loop_closing() noexcept override {
    watch_.reset();
    backend_.reset();
    if (const auto channel = channel_.lock()) channel->end(Error(ErrorCode::loop_closed, "the event loop has ended"));
  }
  void on_adapter_changed(const AdapterState& state) override {
    const auto channel = channel_.lock();
    if (channel && state.id == id_) channel->push(state);
  }
  void on_adapter_removed(const std::string& id) override {
    const auto channel = channel_.lock();
    if (channel && id == id_) channel->end(Error(UnavailableReason::no_adapter, "the adapter " + id_ + " is gone"));
  }

  std::string id_;
  std::weak_ptr<detail::Channel<AdapterState>> channel_;
  std::shared_ptr<backend::Backend> backend_;
  std::unique_ptr<backend::AdapterWatch> watch_;
};

}  // namespace

Adapter::Adapter(AdapterState state, std::shared_ptr<AdapterAccess> access) noexcept
    : state_(std::move(state)), access_(std::move(access)) {}

Operation<std::vector<Adapter>> Adapter::all(AdapterOptions options) {
  auto loop = loop_of(options);
  auto begin = [backend = std::move(options.backend)](Completer<std::vector<Adapter>> done) {
    list_adapters(backend, std::move(done));
  };
  return make_operation<std::vector<Adapter>>(std::move(loop), "Adapter::all", std::chrono::seconds(10),
                                              std::move(begin));
}

Operation<Adapter> Adapter::get_default(AdapterOptions options) {
  auto loop = loop_of(options);
  auto begin = [backend = std::move(options.backend)](Completer<Adapter> done) {
    list_adapters(backend, [done = std::move(done)](Result<std::vector<Adapter>> all) mutable {
      if (!all) return done(all.error());
      const auto usable = [](const Adapter& adapter) { return adapter.is_default() && !adapter.unusable(); };
      const auto found = std::find_if(all->begin(), all->end(), usable);
      if (found == all->end()) return done(no_usable_adapter(*all));
      done(std::move(*found));
    });
  };
  return make_operation<Adapter>(std::move(loop), "Adapter::get_default", std::chrono::seconds(10), std::move(begin));
}

Stream<AdapterState> Adapter::state_changes() const {
  auto channel = std::make_shared<detail::Channel<AdapterState>>(access_->loop, StreamOptions{.capacity = 64});
  access_->loop->run_and_wait([&] {
    try {
      auto feed = std::make_shared<StateFeed>(state_.id, channel);
      feed->begin(*access_->loop, access_->backend);
      channel->on_abandoned([feed = std::move(feed)]() mutable { feed.reset(); });
    } catch (const Error& error) {
      channel->end(error);
    }
  });
  return Stream<AdapterState>(std::move(channel));
}

Operation<std::vector<Device>> Adapter::connected_devices(std::vector<Uuid> services) const {
  auto begin = [access = access_, id = state_.id, services = std::move(services)](Completer<std::vector<Device>> done) {
    const auto backend = detail::resolve_backend(*access->loop, access->backend);
    backend->connected_devices(id, services, devices_of(id, std::move(done)));
  };
  return make_operation<std::vector<Device>>(access_->loop, "connected_devices", std::chrono::seconds(10),
                                             std::move(begin));
}

Operation<std::vector<Device>> Adapter::bonded_devices() const {
  auto begin = [access = access_, id = state_.id](Completer<std::vector<Device>> done) {
    const auto backend = detail::resolve_backend(*access->loop, access->backend);
    backend->bonded_devices(id, devices_of(id, std::move(done)));
  };
  return make_operation<std::vector<Device>>(access_->loop, "bonded_devices", std::chrono::seconds(10),
                                             std::move(begin));
}

}  // namespace blau
