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
  hooks.on_configure = [this](const WriteAttempt& attempt) { return begin_configure(attempt); };
  hooks.on_subscription_changed = [this](BearerId bearer, std::uint16_t value_handle, std::uint16_t bits) {
    subscription_changed(bearer, value_handle, bits);
  };
  return hooks;
}

detail::ReadAnswer PeripheralNode::begin_read(const ReadAttempt& attempt) {
  CharacteristicNode* characteristic = find_value(attempt.handle);
  // The parts of a long value are one read.
  const bool counts = characteristic && attempt.offset == 0;
  const auto fault = counts ? characteristic->faults.next_request(RequestKind::read) : std::nullopt;
  const nanoseconds usual = characteristic ? characteristic->read_delay : nanoseconds(0);
  const nanoseconds delay = fault ? added(usual, fault->delay) : usual;
  const auto answer = [this, handle = attempt.handle, refused = attempt.refused_with.has_value(),
                       error = fault ? fault->error : std::nullopt]() -> detail::ReadAnswer {
    if (refused) return Stored{};
    if (error) return *error;
    return read_now(handle);
  };
  if (delay <= nanoseconds(0)) return answer();
  defer(attempt.ticket, delay,
        [this, ticket = attempt.ticket, answer] { dispatch(server->finish_read(ticket, answer())); });
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
  CharacteristicNode* characteristic = find_value(attempt.handle);
  const auto fault = characteristic ? characteristic->faults.next_request(RequestKind::write) : std::nullopt;
  const nanoseconds usual = characteristic ? characteristic->write_delay : nanoseconds(0);
  const nanoseconds delay = fault ? added(usual, fault->delay) : usual;
  const auto refused = attempt.refused_with || !fault ? attempt.refused_with : fault->error;
  auto answer = [this, handle = attempt.handle, value = Bytes(attempt.value.begin(), attempt.value.end()),
                 with_response = attempt.kind != WriteKind::command, refused]() mutable -> detail::WriteAnswer {
    const auto taken = write_now(handle, std::move(value), with_response, refused);
    return refused ? detail::WriteAnswer(*refused) : taken;
  };
  if (delay <= nanoseconds(0)) return answer();
  defer(attempt.ticket, delay, [this, ticket = attempt.ticket, answer = std::move(answer)]() mutable {
    dispatch(server->finish_write(ticket, answer()));
  });
  return Deferred{};
}

detail::WriteAnswer PeripheralNode::begin_configure(const WriteAttempt& attempt) {
  const Attribute* configuration = server->table().find(attempt.handle);
  CharacteristicNode* characteristic = configuration ? find_value(configuration->value_handle) : nullptr;
  const auto fault = characteristic ? characteristic->faults.next_request(RequestKind::subscribe) : std::nullopt;
  if (!fault) return Accepted{};
  const auto answer = fault->error ? detail::WriteAnswer(*fault->error) : detail::WriteAnswer(Accepted{});
  if (fault->delay <= nanoseconds(0)) return answer;
  defer(attempt.ticket, fault->delay,
        [this, ticket = attempt.ticket, answer] { dispatch(server->finish_write(ticket, answer)); });
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
  if (characteristic.faults.size() == 0) return transmit(link, characteristic, value, indications_only);
  if (server->subscription(link.bearer(), characteristic.value_handle) == 0) return false;
  bool reached = true;  // also what is lost on its way
  for (auto times = characteristic.faults.next_value(); times > 0; --times)
    reached = transmit(link, characteristic, value, indications_only);
  return reached;
}

bool PeripheralNode::transmit(Link& link, CharacteristicNode& characteristic, ByteView value, bool indications_only) {
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

void PeripheralNode::hold_link(AdapterNode& adapter) {
  auto link = link_on(adapter);
  const bool is_new = !link;
  if (!world.loop() || (is_new && (!connectable() || adapter.unusable())))
    throw Error(ErrorCode::invalid_argument,
                "no program can connect to this peripheral now: use the world, and have it advertise");
  if (is_new) {
    fix_table();
    link = std::make_shared<Link>(adapter, *this);
    links.push_back(link);
  }
  link->hold();
  if (is_new) link->open();
}

const Address& PeripheralNode::address_on(const AdapterNode& adapter) const {
  return private_address && !adapter.bonds.contains(this) ? *private_address : spec.address;
}

Device PeripheralNode::device(const AdapterNode& adapter) const {
  std::optional<std::string> name;
  if (!spec.name.empty()) name = spec.name;
  const Address& address = address_on(adapter);
  return Device(address, std::move(name), address.to_string(), adapter.spec.name);
}

std::uint32_t PeripheralNode::new_passkey() { return static_cast<std::uint32_t>(passkeys_.between(0, 999'999)); }

void PeripheralNode::forget() noexcept {
  advertising_timer_.stop();
  deferred_.clear();
  const auto forgotten = std::exchange(links, {});
  for (const auto& link : forgotten) link->forget();
}

}  // namespace blau::sim::detail
