// Reads, writes and discovery of a client.

#include "client_core.hpp"

#include "bonded_request.hpp"
#include "client_requests.hpp"
#include "log_internal.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace blau::detail {
namespace {

constexpr std::size_t longest_value = 512;  // Core Vol 3 Part F 3.2.9
const Uuid client_characteristic_configuration{0x2902};

Error not_permitted(const Characteristic& characteristic, const char* property) {
  return {ErrorCode::not_permitted,
          "the characteristic " + characteristic.uuid().to_string() + " lacks the property " + property};
}

/// What a request sends.
Bytes take_or_copy(Bytes& value, Asked asked) {
  if (asked == Asked::may_ask_again) return value;
  return std::move(value);
}

struct ReadCall {
  CharacteristicRef ref;
  ReadOptions options;
  std::uint16_t handle = 0;

  RequestQueues::Key prepare(ClientCore& core) {
    const auto characteristic = find_usable(core, ref);
    ref = characteristic;
    if (!has(characteristic.properties(), Property::read)) throw not_permitted(characteristic, "read");
    return handle = characteristic.handle().value();
  }
  void issue(ClientCore& core, backend::Done<Bytes>& done) const {
    auto read = [handle = handle, cached = options.use_cached](backend::ClientPort& port, backend::Done<Bytes> answer,
                                                               Asked) {
      port.read_characteristic(handle, cached, std::move(answer));
    };
    request_bonded(core, handle, std::move(read), done);
  }
};

struct WriteCall {
  CharacteristicRef ref;
  Bytes value;
  WriteOptions options;
  std::uint16_t handle = 0;
  backend::WriteKind kind = backend::WriteKind::with_response;

  RequestQueues::Key prepare(ClientCore& core) {
    const auto characteristic = find_usable(core, ref);
    ref = characteristic;
    kind = choose_kind(characteristic);
    check_size(characteristic);
    return handle = characteristic.handle().value();
  }
  [[nodiscard]] backend::WriteKind choose_kind(const Characteristic& characteristic) const {
    if (options.reliable) return check_reliable(characteristic);
    const bool with = has(characteristic.properties(), Property::write);
    const bool without = has(characteristic.properties(), Property::write_without_response);
    if (options.response.value_or(with || !without)) {
      if (!with) throw not_permitted(characteristic, "write");
      return backend::WriteKind::with_response;
    }
    if (!without) throw not_permitted(characteristic, "write_without_response");
    return backend::WriteKind::without_response;
  }
  /// Core Vol 3 Part G 3.3.3.1: only with that bit does the characteristic permit the procedure of 4.9.5.
  [[nodiscard]] backend::WriteKind check_reliable(const Characteristic& characteristic) const {
    if (options.response == false)
      throw Error(ErrorCode::invalid_argument,
                  "a reliable write is always answered: leave out response = false, or reliable");
    if (!has(characteristic.properties(), Property::reliable_write))
      throw not_permitted(characteristic, "reliable_write");
    return backend::WriteKind::reliable;
  }
  void check_size(const Characteristic& characteristic) const {
    const bool command = kind == backend::WriteKind::without_response;
    const auto most = command ? characteristic.max_write_without_response_size() : longest_value;
    if (value.size() <= most) return;
    throw Error(ErrorCode::invalid_argument,
                std::to_string(value.size()) + " bytes are too many: " +
                    (command ? "a write without response on this link takes " : "a value holds ") +
                    std::to_string(most) + " at most");
  }
  void issue(ClientCore& core, backend::Done<void>& done) {
    if (kind == backend::WriteKind::without_response)  // nobody answers that it wants a bond
      return core.require_port().write_characteristic(handle, std::move(value), kind, std::move(done));
    auto write = [handle = handle, kind = kind, value = std::move(value)](
                     backend::ClientPort& port, backend::Done<void> answer, Asked asked) mutable {
      port.write_characteristic(handle, take_or_copy(value, asked), kind, std::move(answer));
    };
    request_bonded(core, handle, std::move(write), done);
  }
};

struct ReadDescriptorCall {
  DescriptorRef ref;
  ReadOptions options;

  RequestQueues::Key prepare(ClientCore& core) {
    ref = find_usable(core, ref);
    return ref.handle().value();
  }
  void issue(ClientCore& core, backend::Done<Bytes>& done) const {
    const auto handle = ref.handle().value();
    auto read = [handle, cached = options.use_cached](backend::ClientPort& port, backend::Done<Bytes> answer, Asked) {
      port.read_descriptor(handle, cached, std::move(answer));
    };
    request_bonded(core, handle, std::move(read), done);
  }
};

struct WriteDescriptorCall {
  DescriptorRef ref;
  Bytes value;

  RequestQueues::Key prepare(ClientCore& core) {
    const auto descriptor = find_usable(core, ref);
    ref = descriptor;
    if (descriptor.uuid() == client_characteristic_configuration) {
      throw Error(ErrorCode::not_permitted,
                  "the client characteristic configuration is written by start_notify, subscribe and stop_notify");
    }
    if (value.size() > longest_value) {
      throw Error(ErrorCode::invalid_argument,
                  std::to_string(value.size()) + " bytes are too many: a descriptor holds 512 at most");
    }
    return descriptor.handle().value();
  }
  void issue(ClientCore& core, backend::Done<void>& done) {
    const auto handle = ref.handle().value();
    auto write = [handle, value = std::move(value)](backend::ClientPort& port, backend::Done<void> answer,
                                                    Asked asked) mutable {
      port.write_descriptor(handle, take_or_copy(value, asked), std::move(answer));
    };
    request_bonded(core, handle, std::move(write), done);
  }
};

struct DiscoverCall {
  DiscoveryOptions options;

  RequestQueues::Key prepare(ClientCore& core) const {
    (void)core.require_port();
    return RequestQueues::discovery;
  }
  void issue(ClientCore& core, backend::Done<ServiceCollection>& done) const { core.begin_rediscovery(options, done); }
};

/// The same when the peripheral said that its services changed; from here on another change counts anew.
struct ChangedCall : DiscoverCall {
  void issue(ClientCore& core, backend::Done<ServiceCollection>& done) const {
    core.forget_services_changed();
    DiscoverCall::issue(core, done);
  }
  void abandoned(ClientCore& core) const { core.forget_services_changed(); }
};

}  // namespace

Error not_connected_error() { return {ErrorCode::not_connected, "the client is not connected; connect() first"}; }

GattTree::Pointer ClientCore::require_tree() const {
  (void)require_port();
  return tree();
}

backend::ClientPort& ClientCore::require_port() const {
  if (link_ == Link::connected) return *port_;
  throw not_connected_error();
}

Operation<Bytes> ClientCore::read(CharacteristicRef ref, ReadOptions options) {
  return make_request<Bytes>(shared_from_this(), "read_gatt_char", ReadCall{std::move(ref), options});
}

Operation<void> ClientCore::write(CharacteristicRef ref, Bytes value, WriteOptions options) {
  return make_request<void>(shared_from_this(), "write_gatt_char",
                            WriteCall{std::move(ref), std::move(value), options});
}

Operation<Bytes> ClientCore::read(DescriptorRef ref, ReadOptions options) {
  return make_request<Bytes>(shared_from_this(), "read_gatt_descriptor", ReadDescriptorCall{ref, options});
}

Operation<void> ClientCore::write(DescriptorRef ref, Bytes value) {
  return make_request<void>(shared_from_this(), "write_gatt_descriptor", WriteDescriptorCall{ref, std::move(value)});
}

// Systems without a choice of services answer with all of them.
Result<GattTree::Pointer> ClientCore::make_tree(Result<backend::GattDatabase> database) {
  if (!database) return database.error();
  const auto& wanted = options_.services;
  if (!wanted.empty()) {
    std::erase_if(database->services, [&wanted](const backend::ServiceRecord& service) {
      return std::find(wanted.begin(), wanted.end(), service.uuid) == wanted.end();
    });
  }
  return GattTree::build(std::move(*database), mtu_);
}

Operation<ServiceCollection> ClientCore::rediscover(const DiscoveryOptions& options) {
  return make_request<ServiceCollection>(shared_from_this(), "get_services", DiscoverCall{options});
}

void ClientCore::begin_rediscovery(const DiscoveryOptions& options, backend::Done<ServiceCollection>& done) {
  auto& port = require_port();
  auto then = [weak = weak_from_this(), done = std::move(done)](Result<backend::GattDatabase> database) mutable {
    const auto self = weak.lock();
    if (!self || self->link_ != Link::connected)
      return done(Error(ErrorCode::disconnected, "the link ended during discovery"));
    auto tree = self->make_tree(std::move(database));
    if (!tree) return done(tree.error());
    self->end_vanished_subscriptions(*tree);
    self->publish(*tree);
    done(GattTree::collection(std::move(*tree)));
  };
  port.discover(discover_request(options), std::move(then));
}

// Changes that come during a discovery are one more after it.
void ClientCore::on_services_changed() {
  if (link_ == Link::preparing && attempt_ && attempt_->tree) attempt_->services_changed = true;
  if (link_ != Link::connected || std::exchange(services_changed_, true)) return;
  auto redo = make_request<ServiceCollection>(shared_from_this(), "discovery after a change", ChangedCall{});
  redo.start([weak = weak_from_this()](const Result<ServiceCollection>& services) {
    if (const auto self = weak.lock()) self->services_rediscovered(services);
  });
}

void ClientCore::services_rediscovered(const Result<ServiceCollection>& services) {
  if (!services)
    return log(LogLevel::warning, "client", std::string("discovery after a change: ") + services.error().what());
  push(service_streams_, *services);
}

void ClientCore::end_vanished_subscriptions(const GattTree::Pointer& tree) {
  for (auto it = subscriptions_.begin(); it != subscriptions_.end();) {
    if (GattTree::find(tree, it->second.characteristic)) {
      ++it;
      continue;
    }
    auto sink = std::move(it->second.sink);
    it = subscriptions_.erase(it);
    retire(std::move(sink), Error(ErrorCode::attribute_gone, "the device took the characteristic away"));
  }
}

void ClientCore::on_mtu_changed(std::uint16_t mtu) {
  if (link_ != Link::connected && link_ != Link::preparing) return;
  if (mtu_->exchange(mtu) == mtu) return;
  push(mtu_streams_, mtu);
}

Stream<std::uint16_t> ClientCore::mtu_changes() { return stream_of(mtu_streams_); }

Stream<ServiceCollection> ClientCore::service_changes() { return stream_of(service_streams_); }

}  // namespace blau::detail
