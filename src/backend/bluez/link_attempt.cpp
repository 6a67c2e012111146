// Attempts at a link, and what is answered to them.

#include "client.hpp"
#include "errors.hpp"
#include "interfaces.hpp"
#include "link.hpp"

#include <string>
#include <utility>

namespace blau::detail::bluez {

void Link::connect() {
  state_ = State::connecting;
  connect_pending_ = true;
  seen_up_ = false;
  by_adapter_ = false;
  daemon_.call(path_, device_interface, "Connect", guarded(&Link::connect_answered, &Link::connected_in_vain));
}

/// Without a scan. The object is there when the link is.
void Link::connect_unseen(const Address& address) {
  state_ = State::connecting;
  connect_pending_ = true;
  seen_up_ = false;
  by_adapter_ = true;
  const auto parsed = parse_path(path_);
  Message call = daemon_.new_call(std::string(parsed->adapter), adapter_interface, "ConnectDevice");
  call.open('a', "{sv}").append("{sv}", "Address", "s", address.to_string().c_str());
  // Without it BlueZ means BR/EDR.
  call.append("{sv}", "AddressType", "s", std::string(to_string(*address.type())).c_str()).close();
  daemon_.call(std::move(call), guarded(&Link::connect_answered, &Link::connected_in_vain));
}

/// Where one of those who wait wants a link to a device that BlueZ does not know.
std::optional<Address> Link::unseen_address() const {
  for (const auto& session : waiters_)
    if (auto address = session->unseen_address()) return address;
  return std::nullopt;
}

/// Nobody waits for the attempt any more.
void Link::take_back() {
  // A Disconnect cancels the Connect that is under way, but nothing a ConnectDevice (adapter.c, device_connect): what comes of that is taken down.
  if (!by_adapter_ || is_connected()) return close();
  state_ = State::closing;
  abandoned_ = true;
}

/// The call met a new bluetoothd, before it was known that the old one had ended.
void Link::connected_in_vain() {
  if (state_ == State::up) ours_ = true;
  if (state_ == State::down) close();
}

void Link::connect_answered(const Reply& reply) {
  // bluetoothd learns of the link from the kernel and from its own socket. Where the socket was first, its Connected is true from then
  // on without a signal (BlueZ 5.66, device.c, att_connect_cb): so it is asked. Signals that were sent before come before the answer.
  if (reply.ok() && !is_connected()) {
    Message question = daemon_.new_call(path_, "org.freedesktop.DBus.Properties", "Get");
    question.append("ss", device_interface, "Connected");
    return daemon_.call(std::move(question), guarded(&Link::connect_looked_after));
  }
  connect_pending_ = false;
  if (std::exchange(abandoned_, false) && reply.ok()) return close();
  // Taken back meanwhile: whatever came of it ends with the Disconnect that was sent.
  if (state_ == State::closing) return check_closed();
  if (reply.ok()) return come_up(true);
  if (reply.error_name() == "org.bluez.Error.AlreadyConnected" && is_connected()) return come_up(false);
  connect_failed(failure_of(reply));
}

void Link::connect_looked_after(const Reply& reply) {
  bool connected = false;
  if (reply.ok() && Reader(reply.message()).variant(connected)) daemon_.objects().set_connected(path_, connected);
  connect_pending_ = false;
  if (std::exchange(abandoned_, false)) return close();
  if (state_ == State::closing) return check_closed();
  if (is_connected()) return come_up(true);
  connect_failed(Error(ErrorCode::connection_failed, "the link came up and was lost at once: try again"));
}

backend::ConnectResult Link::failure_of(const Reply& reply) {
  const auto parsed = parse_path(path_);
  // BlueZ says "Input/output error" for an adapter that is off.
  const AdapterObject* adapter = parsed ? daemon_.objects().adapter(parsed->adapter) : nullptr;
  if (adapter && !adapter->powered)
    return unavailable_error(unusable(*adapter).value_or(UnavailableReason::powered_off),
                             std::string(adapter_id(adapter->path)));
  return judged_by_bond(to_connect_result(reply.error_name(), reply.error_text()));
}

void Link::connect_failed(const backend::ConnectResult& result) {
  if (!is_connected()) {
    go_down();
    return fail_waiters(result);
  }
  failure_ = result;
  state_ = State::closing;
  patience_.start_after(daemon_.loop(), remains_limit, [self = weak_from_this(), pin = pin_] {
    const auto whole = pin.lock();
    const auto link = self.lock();
    if (whole && link && link->state_ == State::closing && !link->disconnect_pending_) link->closed();
  });
}

}  // namespace blau::detail::bluez
