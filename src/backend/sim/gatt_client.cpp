#include "gatt_client.hpp"

#include <utility>
#include <vector>

namespace blau::sim::detail {

void GattClient::start(std::unique_ptr<Procedure> procedure, Done done) {
  queue_.push_back({std::move(procedure), std::move(done)});
}

std::optional<Bytes> GattClient::next_pdu() {
  if (confirmations_ > 0) {
    --confirmations_;
    return PduWriter(Opcode::handle_value_confirmation).done();
  }
  while (!waiting_ && !queue_.empty()) {
    auto pdu = begun_ ? std::exchange(follow_up_, std::nullopt) : queue_.front().procedure->begin(context_);
    begun_ = true;
    if (pdu && !queue_.front().procedure->is_command()) {
      waiting_ = true;
      return pdu;
    }
    finish_first();
    if (pdu) return pdu;
  }
  return std::nullopt;
}

void GattClient::receive(ByteView pdu) {
  if (pdu.empty()) return;
  PduReader in(pdu);
  const auto opcode = static_cast<Opcode>(in.u8());
  if (opcode == Opcode::multiple_handle_value_notification) return on_notifications(in);
  if (opcode == Opcode::handle_value_notification || opcode == Opcode::handle_value_indication) {
    const bool is_indication = opcode == Opcode::handle_value_indication;
    const std::uint16_t handle = in.u16();
    if (!in.ok()) return;
    // Core Vol 3 Part F 3.4.7.2: an indication is confirmed whatever its handle means to the client.
    if (is_indication) ++confirmations_;
    if (on_value_) on_value_(handle, in.rest(), is_indication);
    return;
  }
  const bool is_request = pdu[0] % 2 == 0;
  if (!waiting_ || is_request) return;
  waiting_ = false;
  follow_up_ = queue_.front().procedure->consume(pdu);
  if (!follow_up_) finish_first();
}

/// Core Vol 3 Part F 3.4.7.4: handle, length and value, again and again.
void GattClient::on_notifications(PduReader in) {
  while (in.left() > 0) {
    const std::uint16_t handle = in.u16();
    const std::uint16_t length = in.u16();
    const ByteView value = in.take(length);
    if (!in.ok()) return;
    if (on_value_) on_value_(handle, value, false);
  }
}

void GattClient::fail(const Error& error) {
  confirmations_ = 0;
  waiting_ = false;
  // What a callback starts meanwhile is for a new link, not for this one: only what is there now ends.
  for (std::size_t count = queue_.size(); count > 0; --count) {
    queue_.front().procedure->stop(error);
    finish_first();
  }
}

void GattClient::give_up(HandleRange gone, const Error& error) {
  const auto asks_them = [gone](const Entry& entry) { return gone.holds(entry.procedure->attribute()); };
  if (begun_ && asks_them(queue_.front())) queue_.front().procedure->stop(error);
  std::vector<Entry> ended;
  for (auto it = queue_.begin() + (begun_ ? 1 : 0); it != queue_.end();) {
    if (!asks_them(*it)) {
      ++it;
      continue;
    }
    ended.push_back(std::move(*it));
    it = queue_.erase(it);
  }
  for (const Entry& entry : ended) {
    entry.procedure->stop(error);
    if (entry.done) entry.done(*entry.procedure);
  }
}

void GattClient::finish_first() {
  Entry finished = std::move(queue_.front());
  queue_.pop_front();
  begun_ = false;
  follow_up_.reset();
  if (finished.done) finished.done(*finished.procedure);
}

}  // namespace blau::sim::detail
