#include "device.hpp"

#include "backend/bluez/interfaces.hpp"

#include <string_view>
#include <utility>

namespace blau::interleave::imitation {

using namespace detail::bluez;
using namespace std::chrono_literals;

namespace {

/// A Connect sooner than this after the program's own Disconnect meets the rest of the old link in the kernel.
constexpr std::chrono::nanoseconds kernel_is_at_it = 400ms;

std::unique_ptr<backend::ClientPort> make_port(Host& host, const Address& address, backend::ClientEvents& events) {
  backend::ClientRequest request;
  request.device = blau::Device(address, std::nullopt, {}, {});
  return host.radio().make_client(request, events);
}

const char* name_of(DisconnectReason reason) {
  switch (reason) {
    case DisconnectReason::timeout: return "org.bluez.Reason.Timeout";
    case DisconnectReason::remote: return "org.bluez.Reason.Remote";
    case DisconnectReason::local: return "org.bluez.Reason.Local";
    default: return "org.bluez.Reason.Unknown";
  }
}

}  // namespace

Device::Device(Host& host, const Address& address, std::string path)
    : host_(host),
      address_(address),
      path_(std::move(path)),
      port_(make_port(host, address, *this)),
      gatt_(host, *port_, path_) {}

void Device::append_interfaces(Message& to) const {
  const int connected = state_ == State::up ? 1 : 0;
  to.open('a', "{sa{sv}}").open('e', "sa{sv}").append("s", device_interface).open('a', "{sv}");
  to.append("{sv}", "Address", "s", address_.to_string().c_str());
  to.append("{sv}", "AddressType", "s", "random");
  to.append("{sv}", "Connected", "b", connected);
  to.append("{sv}", "ServicesResolved", "b", resolved_ ? 1 : 0);
  if (rssi_) to.append("{sv}", "RSSI", "n", *rssi_);
  to.close().close().close();
}

void Device::append_all(Message& to) const {
  to.open('e', "oa{sa{sv}}").append("o", path_.c_str());
  append_interfaces(to);
  to.close();
  gatt_.append_all(to);
}

void Device::announce() {
  hidden_ = false;
  Message signal = host_.signal("/", object_manager_interface, "InterfacesAdded");
  signal.append("o", path_.c_str());
  append_interfaces(signal);
  host_.send(signal);
}

void Device::withdraw() {
  gatt_.withdraw();
  Message signal = host_.signal("/", object_manager_interface, "InterfacesRemoved");
  signal.append("oas", path_.c_str(), 1, device_interface);
  host_.send(signal);
}

void Device::heard(int rssi) {
  rssi_ = rssi;
  Message signal = host_.changed(path_, device_interface);
  signal.append("a{sv}as", 1, "RSSI", "n", rssi, 0);
  host_.send(signal);
}

void Device::forget_strength() {
  if (!std::exchange(rssi_, std::nullopt)) return;
  Message signal = host_.changed(path_, device_interface);
  signal.append("a{sv}as", 0, 1, "RSSI");
  host_.send(signal);
}

void Device::take(const Message& call, const ObjectPath& at) {
  const std::string_view member = sd_bus_message_get_member(call.get());
  if (member == "Get") return get(call);
  if (at.characteristic != 0) return gatt_.take(call, at);
  if (member == "Connect") return connect(call);
  if (member == "Disconnect") return disconnect(call);
  host_.log().fault("bluetoothd is asked for what it does not know: " + std::string(member));
}

/// The answer holds what is so when it is sent.
void Device::get(const Message& call) {
  host_.later(life_, [this, call] {
    Reader reader(call);
    reader.skip("s");
    const std::string property(reader.text());
    const bool is_link = property == "Connected";
    if (!is_link && property != "ServicesResolved") return gatt_.get(call, property);
    const bool is_true = is_link ? state_ == State::up : resolved_;
    host_.answer(call, [&](Message& reply) { reply.append("v", "b", is_true ? 1 : 0); });
  });
}

void Device::connect(const Message& call) {
  // A link that is about to be taken down counts as well: the answer is good, and the link goes.
  if (state_ == State::up && !connect_call_) return host_.answer(call);
  if (state_ != State::down) {
    if (connect_call_) host_.log().fault("Connect while a Connect of the same program is under way");
    return host_.refuse(call, refusals::in_progress);
  }
  if (taken_down_at_ && host_.world().elapsed() - *taken_down_at_ < kernel_is_at_it)
    host_.log().fault("Connect while the kernel is taking the last link down");
  using namespace refusals;
  if (!host_.world().adapter().powered()) return host_.refuse(call, {"org.bluez.Error.Failed", "Input/output error"});
  if (const auto refusal = host_.mishap({in_progress, not_ready, canceled, aborted}))
    return host_.refuse(call, *refusal);
  connect_call_ = call;
  begin_attempt();
}

void Device::connect_hidden(const Message& call, std::function<void()> vanish) {
  hidden_ = true;
  by_adapter_ = true;
  vanish_ = std::move(vanish);
  connect_call_ = call;
  begin_attempt();
  host_.world().after(42s, [this, link = link_, alive = std::weak_ptr(life_)] {
    if (!alive.expired() && link == link_ && state_ == State::connecting) port_->abort_connect();
  });
}

void Device::refuse_unseen() {
  by_adapter_ = false;
  host_.refuse(std::exchange(connect_call_, {}), {"org.bluez.Failed", ""});
  // It is what calls this that goes.
  if (hidden_) host_.world().after(std::chrono::nanoseconds(0), std::exchange(vanish_, nullptr));
}

void Device::begin_attempt() {
  state_ = State::connecting;
  taken_down_at_.reset();
  ++link_;
  port_->connect([this](const backend::ConnectResult& result) { attempt_ended(result); });
}

void Device::attempt_ended(const backend::ConnectResult& result) {
  if (!result) {
    state_ = State::down;
    is_foreign_ = false;
    if (by_adapter_) return refuse_unseen();
    const bool was_canceled = result.error().code() == ErrorCode::canceled;
    return host_.refuse(std::exchange(connect_call_, {}), was_canceled ? refusals::canceled : refusals::aborted);
  }
  state_ = State::up;
  gatt_.link_up();
  if (hidden_) announce();  // Connected with it
  // Where its socket was before the kernel's word, 5.66 tells nobody (device.c, att_connect_cb).
  if (!connect_call_ || host_.roll(6) != 0) {
    Message signal = host_.changed(path_, device_interface);
    signal.append("a{sv}as", 1, "Connected", "b", 1, 0);
    host_.send(signal);
  }
  host_.later(life_, [this, link = link_] {
    if (link != link_ || state_ != State::up) return;
    const bool by_adapter = std::exchange(by_adapter_, false);
    host_.answer(std::exchange(connect_call_, {}), [&](Message& reply) {
      if (by_adapter) reply.append("o", path_.c_str());
    });
  });
  discover();
}

void Device::connect_for_another() {
  if (!is_idle() || !host_.world().adapter().powered()) return;
  is_foreign_ = true;
  begin_attempt();
}

void Device::disconnect_for_another() {
  if (state_ == State::connecting && by_adapter_) return;
  if (state_ == State::connecting) return port_->abort_connect();
  if (state_ == State::up) begin_disconnect();
}

void Device::disconnect(const Message& call) {
  if (state_ == State::connecting && by_adapter_) return host_.answer(call);
  if (state_ == State::connecting) {
    port_->abort_connect();
    taken_down_at_ = host_.world().elapsed();
    return host_.answer(call);
  }
  if (state_ == State::down) return host_.answer(call);
  // Up to 5.78 the answer does not wait for the end.
  if (host_.roll(2) == 0)
    disconnect_calls_.push_back(call);
  else
    host_.answer(call);
  taken_down_at_ = host_.world().elapsed();
  begin_disconnect();
}

/// Up to two seconds in which profiles could say good-bye; everything goes on meanwhile.
void Device::begin_disconnect() {
  if (std::exchange(disconnecting_, true)) return;
  const auto delay = host_.roll(3) == 0 ? 2s : std::chrono::nanoseconds(host_.roll(20) * 1ms);
  host_.world().after(delay, [this, link = link_, alive = std::weak_ptr(life_)] {
    if (!alive.expired() && link == link_ && disconnecting_)
      port_->disconnect(backend::ReleaseKind::explicit_disconnect, [](const Result<void>&) {});
  });
}

void Device::on_disconnected(DisconnectReason reason, const std::string&) {
  state_ = State::down;
  is_foreign_ = by_adapter_ = false;
  resolved_ = disconnecting_ = discovering_ = discovers_again_ = false;
  if (taken_down_at_) taken_down_at_ = host_.world().elapsed();
  ++link_;
  // Requests are answered before or after the end is told, and so is Disconnect.
  const bool answers_first = host_.roll(2) == 0;
  if (answers_first) gatt_.link_down();
  const auto disconnects = std::exchange(disconnect_calls_, {});
  if (answers_first)
    for (const Message& call : disconnects) host_.answer(call);
  tell_down(reason);
  gatt_.link_down();
  host_.refuse(std::exchange(connect_call_, {}), refusals::canceled);
  for (const Message& call : disconnects) host_.answer(call);
}

void Device::tell_down(DisconnectReason reason) {
  if (host_.roll(2) == 0) {  // 5.83 and later
    Message told = host_.signal(path_, device_interface, "Disconnected");
    told.append("ss", name_of(reason), "");
    host_.send(told);
  }
  Message signal = host_.changed(path_, device_interface);
  signal.append("a{sv}as", 2, "Connected", "b", 0, "ServicesResolved", "b", 0, 0);
  host_.send(signal);
}

void Device::on_services_changed() {
  if (state_ == State::up) discover();
}

void Device::discover() {
  if (std::exchange(discovering_, true)) return (void)(discovers_again_ = true);
  port_->discover({}, [this, link = link_](const Result<backend::GattDatabase>& found) {
    host_.later(life_, [this, link, found] {
      if (link == link_) discovered(found);
    });
  });
}

/// That the services are resolved is told after a discovery that failed, too, and now and then before the objects.
void Device::discovered(const Result<backend::GattDatabase>& found) {
  discovering_ = false;
  const bool is_early = host_.roll(4) == 0;
  if (is_early) tell_resolved();
  if (found) gatt_.become(*found);
  tell_resolved();
  if (std::exchange(discovers_again_, false)) discover();
}

void Device::tell_resolved() {
  if (std::exchange(resolved_, true)) return;
  Message signal = host_.changed(path_, device_interface);
  signal.append("a{sv}as", 1, "ServicesResolved", "b", 1, 0);
  host_.send(signal);
  gatt_.arm();
}

void Device::renew_services() {
  if (resolved_ && !discovering_) gatt_.renew();
}

void Device::calm() {
  if (is_foreign_) disconnect_for_another();
}

void Device::check() {
  if (state_ != State::down) host_.log().fault("bluetoothd still has a link to " + address_.to_string());
  gatt_.check();
}

}  // namespace blau::interleave::imitation
