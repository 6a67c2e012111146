// The public face of a client; the work is in client_core.

#include <blau/client.hpp>

#include "client_core.hpp"

#include <blau/event_loop.hpp>

#include <utility>

namespace blau {

using detail::ClientCore;
using detail::Completer;
using detail::make_operation;

Client::Client(Device device, ClientOptions options)
    : core_(std::make_shared<ClientCore>(std::move(device), std::move(options))) {}
Client::Client(Address address, ClientOptions options) : Client(Device(std::move(address)), std::move(options)) {}
Client::Client(std::string_view address, ClientOptions options) : Client(Address(address), std::move(options)) {}
Client::Client(const char* address, ClientOptions options) : Client(std::string_view(address), std::move(options)) {}
Client::Client(const std::string& address, ClientOptions options)
    : Client(std::string_view(address), std::move(options)) {}
Client::Client(Client&&) noexcept = default;

Client& Client::operator=(Client&& other) noexcept {
  std::swap(core_, other.core_);
  return *this;
}

Client::~Client() {
  if (!core_) return;
  core_->loop()->run_and_wait([core = core_] { core->shut_down(); });
}

Operation<void> Client::connect(ConnectOptions options) {
  auto begin = [core = core_, options](Completer<void> done) { core->connect(options, std::move(done)); };
  return make_operation<void>(core_->loop(), "connect", std::nullopt, std::move(begin));
}

Operation<void> Client::disconnect() {
  auto begin = [core = core_](Completer<void> done) { core->disconnect(std::move(done)); };
  return make_operation<void>(core_->loop(), "disconnect", core_->options().timeout, std::move(begin));
}

bool Client::is_connected() const noexcept { return core_->is_connected(); }
bool Client::is_bonded() const noexcept { return core_->is_bonded(); }
Address Client::address() const { return core_->device().address(); }
std::optional<std::string> Client::name() const { return core_->device().name(); }
Device Client::device() const { return core_->device(); }
unsigned Client::connect_attempts() const noexcept { return core_->attempts(); }

std::uint16_t Client::mtu_size() const {
  const auto mtu = core_->mtu();
  if (!is_connected() || mtu == 0)
    throw Error(ErrorCode::not_connected, "there is no link, so it has no MTU; connect() first");
  return mtu;
}

Stream<std::uint16_t> Client::mtu_changes() { return core_->mtu_changes(); }
Stream<bool> Client::bond_changes() { return core_->bond_changes(); }
Stream<ServiceCollection> Client::service_changes() { return core_->service_changes(); }

ServiceCollection Client::services() const {
  auto tree = core_->tree();
  if (!tree)
    throw Error(ErrorCode::services_not_discovered, "services are known only while connected; connect() first");
  return detail::GattTree::collection(std::move(tree));
}

Operation<ServiceCollection> Client::get_services() {
  auto begin = [core = core_](Completer<ServiceCollection> done) {
    auto tree = core->tree();
    if (!tree)
      throw Error(ErrorCode::services_not_discovered, "services are known only while connected; connect() first");
    done(detail::GattTree::collection(std::move(tree)));
  };
  return make_operation<ServiceCollection>(core_->loop(), "get_services", std::nullopt, std::move(begin));
}

Operation<ServiceCollection> Client::get_services(DiscoveryOptions options) { return core_->rediscover(options); }

Operation<Bytes> Client::read_gatt_char(CharacteristicRef characteristic, ReadOptions options) {
  return core_->read(std::move(characteristic), options);
}
Operation<void> Client::write_gatt_char(CharacteristicRef characteristic, Bytes value, WriteOptions options) {
  return core_->write(std::move(characteristic), std::move(value), options);
}
Operation<void> Client::start_notify_with(CharacteristicRef characteristic, detail::NotifyCallback callback,
                                          NotifyOptions options) {
  return core_->start_notify(std::move(characteristic), std::move(callback), options);
}
Operation<void> Client::stop_notify(CharacteristicRef characteristic) {
  return core_->stop_notify(std::move(characteristic));
}
Operation<Subscription> Client::subscribe(CharacteristicRef characteristic, NotifyOptions options) {
  return core_->subscribe(std::move(characteristic), options);
}
Operation<Bytes> Client::read_gatt_descriptor(DescriptorRef descriptor, ReadOptions options) {
  return core_->read(descriptor, options);
}
Operation<void> Client::write_gatt_descriptor(DescriptorRef descriptor, Bytes value) {
  return core_->write(descriptor, std::move(value));
}

std::uint64_t Client::dropped_values(CharacteristicRef characteristic) const {
  std::uint64_t dropped = 0;
  core_->loop()->run_and_wait([&] { dropped = core_->dropped_values(characteristic); });
  return dropped;
}

Operation<void> Client::pair(PairOptions options) { return core_->pair(options); }
Operation<void> Client::unpair() { return core_->unpair(); }

void Client::set_disconnected_callback(std::function<void(const Disconnection&)> callback) {
  core_->loop()->run_and_wait([&] { core_->set_on_disconnected(std::move(callback)); });
}

}  // namespace blau
