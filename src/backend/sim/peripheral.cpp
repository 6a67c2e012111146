// How a peripheral answers, and what it sends by itself.

#include "core.hpp"
#include "link.hpp"

#include <algorithm>
#include <utility>

namespace blau::sim::detail {

ServerHooks PeripheralNode::hooks() {
  ServerHooks hooks;
  hooks.on_read = [this](const ReadAttempt& attempt) { return begin_read(attempt); };
  hooks.on_write = [this](const WriteAttempt& attempt) { return begin_write(attempt); };
  hooks.on_subscription_changed = [this](BearerId bearer, std::uint16_t value_handle, std::uint16_t bits) {
    subscription_changed(bearer, value_handle, bits);
  };
  return hooks;
}

detail::ReadAnswer PeripheralNode::begin_read(const ReadAttempt& attempt) {
  const CharacteristicNode* characteristic = find_value(attempt.handle);
  const nanoseconds delay = characteristic ? characteristic->read_delay : nanoseconds(0);
  const bool refused = attempt.refused_with.has_value();
  if (delay <= nanoseconds(0)) return refused ? detail::ReadAnswer(Stored{}) : read_now(attempt.handle);
  defer(attempt.ticket, delay, [this, ticket = attempt.ticket, handle = attempt.handle, refused] {
    dispatch(server->finish_read(ticket, refused ? detail::ReadAnswer(Stored{}) : read_now(handle)));
  });
  return Deferred{};
}

detail::ReadAnswer PeripheralNode::read_now(std::uint16_t handle) {
  const CharacteristicNode* characteristic = find_value(handle);
  if (!characteristic || !characteristic->on_read) return Stored{};
  detail::ReadAnswer answer = AttError::unlikely_error;
  const auto hook = characteristic->on_read;  // it may replace itself
  world.guarded(
      [&] { std::visit([&answer](auto&& given) { answer = std::forward<decltype(given)>(given); }, hook()); });
  return answer;
}

detail::WriteAnswer PeripheralNode::begin_write(const WriteAttempt& attempt) {
  const CharacteristicNode* characteristic = find_value(attempt.handle);
  const nanoseconds delay = characteristic ? characteristic->write_delay : nanoseconds(0);
  const bool with_response = attempt.kind != WriteKind::command;
  Bytes value(attempt.value.begin(), attempt.value.end());
  if (delay <= nanoseconds(0)) return write_now(attempt.handle, std::move(value), with_response, attempt.refused_with);
  defer(attempt.ticket, delay,
        [this, ticket = attempt.ticket, handle = attempt.handle, value = std::move(value), with_response,
         refused = attempt.refused_with]() mutable {
          dispatch(server->finish_write(ticket, write_now(handle, std::move(value), with_response, refused)));
        });
  return Deferred{};
}

detail::WriteAnswer PeripheralNode::write_now(std::uint16_t handle, Bytes value, bool with_response,
                                              std::optional<AttError> refused) {
  ReceivedWrite write;
  write.time = world.elapsed();
  write.with_response = with_response;
  write.refused = refused;
  CharacteristicNode* characteristic = find_value(handle);
  if (!characteristic) {
    write.value = std::move(value);
    if (auto* descriptor = find_descriptor(handle)) descriptor->log.add(std::move(write));
    return Accepted{};
  }
  detail::WriteAnswer answer = Accepted{};
  if (!refused && characteristic->on_write) answer = ask_hook(*characteristic, value);
  if (const auto* error = std::get_if<AttError>(&answer)) write.refused = *error;
  const bool taken = !write.refused;
  write.value = value;
  characteristic->log.add(std::move(write));
  if (taken && characteristic->spec.echo_to) echo(*characteristic, value);
  return answer;
}

detail::WriteAnswer PeripheralNode::ask_hook(CharacteristicNode& characteristic, const Bytes& value) {
  sim::WriteAnswer refusal = AttError::unlikely_error;
  const auto hook = characteristic.on_write;  // it may replace itself
  world.guarded([&] { refusal = hook(value); });
  if (refusal) return *refusal;
  return Accepted{};
}

void PeripheralNode::echo(CharacteristicNode& from, const Bytes& value) {
  for (const auto& candidate : from.service.characteristics) {
    if (candidate->spec.uuid != *from.spec.echo_to || !candidate->can_notify()) continue;
    if (Attribute* attribute = candidate->attribute()) attribute->value = value;
    send(*candidate, value, false);
    return;
  }
}

void PeripheralNode::defer(Ticket ticket, nanoseconds delay, blau::unique_function<void()> answer) {
  if (delay == never || !world.loop()) return;
  const SourceScope turn(*world.loop(), source);
  auto& timer = deferred_[ticket];
  timer = std::make_unique<Timer>();
  timer->start_after(*world.loop(), delay, [this, ticket, answer = std::move(answer)]() mutable {
    deferred_.erase(ticket);
    answer();
  });
}

void PeripheralNode::dispatch(ServerOutput output) {
  const auto link = find_link(output.bearer);
  if (!link) return;
  if (output.response) link->respond(std::move(*output.response));
  if (output.indication) link->send(*output.indication);
  if (output.violation)
    world.post([link] { link->end(DisconnectReason::remote, "the peripheral saw a violation of the protocol"); });
}

std::size_t PeripheralNode::send(CharacteristicNode& characteristic, ByteView value, bool indications_only) {
  if (!server || stalled) return 0;
  std::size_t reached = 0;
  for (const auto& link : links) reached += send_to(*link, characteristic, value, indications_only) ? 1 : 0;
  return reached;
}

bool PeripheralNode::send_to(Link& link, CharacteristicNode& characteristic, ByteView value, bool indications_only) {
  if (characteristic.service.removed) return false;
  const std::uint16_t handle = characteristic.value_handle;
  if (!indications_only && server->notify_into(link.bearer(), handle, value, buffer_)) {
    link.send(buffer_);
    return true;
  }
  const auto indication = server->indicate(link.bearer(), handle, value);
  if (indication.pdu) link.send(*indication.pdu);
  return indication.accepted;
}

void PeripheralNode::subscription_changed(BearerId bearer, std::uint16_t value_handle, std::uint16_t bits) {
  const auto link = find_link(bearer);
  CharacteristicNode* characteristic = find_value(value_handle);
  if (!link || !characteristic) return;
  if (bits == 0) return link->stop_schedule(value_handle);
  if (characteristic->notify_interval > nanoseconds(0)) link->start_schedule(*characteristic);
}

std::shared_ptr<Link> PeripheralNode::find_link(BearerId bearer) const {
  for (const auto& link : links)
    if (link->bearer() == bearer) return link;
  return nullptr;
}

std::shared_ptr<Link> PeripheralNode::link_on(const AdapterNode& adapter) const {
  for (const auto& link : links)
    if (&link->adapter() == &adapter) return link;
  return nullptr;
}

bool PeripheralNode::connectable() const {
  return present && !stalled && spec.advertising.enabled && spec.advertising.connectable && links.empty();
}

void PeripheralNode::end_links(DisconnectReason reason, const std::string& native) {
  const auto ending = links;
  for (const auto& link : ending) link->end(reason, native);
}

void PeripheralNode::kick_links() {
  for (const auto& link : links) link->kick();
  advertising_changed();
}

Device PeripheralNode::device(const AdapterNode& adapter) const {
  std::optional<std::string> name;
  if (!spec.name.empty()) name = spec.name;
  return Device(spec.address, std::move(name), spec.address.to_string(), adapter.spec.name);
}

void PeripheralNode::forget() noexcept {
  advertising_timer_.stop();
  deferred_.clear();
  const auto forgotten = std::exchange(links, {});
  for (const auto& link : forgotten) link->forget();
}

}  // namespace blau::sim::detail
