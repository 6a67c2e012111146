// A link's life, and PDUs on their way.

#include "link.hpp"

#include "client.hpp"
#include "core.hpp"
#include "pairing_procedure.hpp"

#include <algorithm>
#include <utility>

namespace blau::sim::detail {

namespace {

/// Core Vol 3 Part F 3.3.3: a transaction that takes longer has failed, and the bearer takes no more requests.
constexpr std::chrono::seconds transaction_timeout{30};

bool is_request(ByteView pdu) {
  return (pdu[0] & command_flag) == 0 && pdu[0] != static_cast<std::uint8_t>(Opcode::handle_value_confirmation);
}

}  // namespace

Link::Link(AdapterNode& adapter, PeripheralNode& peripheral) : adapter_(adapter), peripheral_(peripheral) {}

Link::~Link() = default;

Loop& Link::loop() const { return *peripheral_.world.loop(); }

void Link::open() {
  const auto self = shared_from_this();
  opened_ = loop().now();
  ++adapter_.links;
  ++peripheral_.link_count;
  bearer_ = peripheral_.server->open_bearer();
  gatt_.set_on_value([this](std::uint16_t handle, ByteView value, bool) { on_value(handle, value); });
  const auto life = peripheral_.faults.next_life();
  drop_after(life ? life : std::optional<nanoseconds>(peripheral_.spec.drop_link_after));
  peripheral_.update_advertising();
  if (peripheral_.faults.reach(ConnectStep::before_mtu))
    lose_soon();
  else if (adapter_.bonds.contains(&peripheral_))
    encrypt_by_bond();
  else
    exchange_mtu();
  if (const auto hook = peripheral_.on_connected) peripheral_.world.guarded(hook);
}

void Link::exchange_mtu() {
  start(std::make_unique<ExchangeMtu>(), [this](Procedure&) { mtu_agreed(); });
}

/// With or without a larger MTU: a peripheral may not know the request.
void Link::mtu_agreed() {
  if (state_ != State::opening) return;
  const auto self = shared_from_this();
  state_ = State::up;
  clients_.each([](SimClient& client) { client.link_is_up(); });
  if (state_ == State::up && std::exchange(security_wanted_, false)) security_requested();
}

bool Link::leave(SimClient& client) {
  abandon_pairing(client);
  if (clients_.size() > 1 || held_) {
    clients_.remove(client);
    return false;
  }
  close();
  return true;
}

void Link::drop(SimClient& client) {
  abandon_pairing(client);
  clients_.remove(client);
  if (clients_.empty() && !held_) close();
}

void Link::close() {
  if (state_ == State::closing || state_ == State::ended) return;
  const auto turn = this->turn();
  state_ = State::closing;
  stop_pairing();  // its keys would make a bond that `unpair` has removed; it is told with the link's end
  closing_timer_.start_after(loop(), latency(),
                             [this] { end(DisconnectReason::local, "connection terminated by local host (0x16)"); });
}

void Link::end(DisconnectReason reason, const std::string& native) {
  if (state_ == State::ended) return;
  const auto self = shared_from_this();
  const auto turn = this->turn();
  PeripheralNode& peripheral = peripheral_;
  std::erase(peripheral.links, self);
  remember_subscriptions();
  stop();
  peripheral.server->close_bearer(bearer_);
  if (const auto hook = peripheral.on_disconnected) peripheral.world.guarded([&] { hook(reason); });
  clients_.each([&](SimClient& client) { client.link_ended(reason, native); });
  gatt_.fail(Error(ErrorCode::disconnected, "the link ended during the request: connect again", native));
  peripheral.update_advertising();
  peripheral.world.poke_attempts();
}

void Link::forget() noexcept {
  if (state_ == State::ended) return;
  stop();
  peripheral_.server->close_bearer(bearer_);
  clients_.each([](SimClient& client) { client.forget(); });
}

void Link::stop() noexcept {
  state_ = State::ended;
  --adapter_.links;
  stop_pairing();
  for (Timer* timer :
       {&answer_timer_, &supervision_timer_, &closing_timer_, &drop_timer_, &security_timer_, &up_.timer, &down_.timer})
    timer->stop();
  schedules_.clear();
}

void Link::drop_after(std::optional<nanoseconds> time) {
  if (!time) return drop_timer_.stop();
  const auto turn = this->turn();
  drop_timer_.start_at(loop(), std::max(loop().now(), opened_ + *time),
                       [this] { end(DisconnectReason::remote, ended_by_remote); });
}

void Link::lose_soon() {
  const auto turn = this->turn();
  peripheral_.world.post([self = shared_from_this()] { self->end(DisconnectReason::remote, ended_by_remote); });
}

void Link::kick() {
  const auto turn = this->turn();
  if (peripheral_.present) {
    supervision_timer_.stop();
  } else if (!supervision_timer_.running()) {
    supervision_timer_.start_after(loop(), peripheral_.supervision_timeout,
                                   [this] { end(DisconnectReason::timeout, "connection timeout (0x08)"); });
  }
  const auto self = shared_from_this();
  arm(up_);
  arm(down_);
  if (state_ == State::opening && adapter_.bonds.contains(&peripheral_) && !security_.encrypted) encrypt_by_bond();
  if (pairing_) pairing_->kick();
}

void Link::push(Pipe& pipe, ByteView pdu, nanoseconds delay) {
  if (state_ == State::ended) return;
  Packet packet;
  packet.when = loop().now() + delay;
  if (!pipe.spare.empty()) {
    packet.pdu = std::move(pipe.spare.back());
    pipe.spare.pop_back();
  }
  packet.pdu.assign(pdu.begin(), pdu.end());
  auto place = pipe.packets.end();
  const auto first = pipe.packets.begin() + static_cast<std::ptrdiff_t>(pipe.first);
  while (place != first && std::prev(place)->when > packet.when) --place;
  pipe.packets.insert(place, std::move(packet));
  arm(pipe);
}

bool Link::blocked(const Pipe& pipe) const { return !peripheral_.present || (&pipe == &up_ && peripheral_.stalled); }

void Link::arm(Pipe& pipe) {
  if (pipe.first == pipe.packets.size() || blocked(pipe)) return pipe.timer.stop();
  const TimePoint when = pipe.packets[pipe.first].when;
  if (pipe.timer.running() && pipe.timer.when() == when) return;
  const auto turn = this->turn();
  pipe.timer.start_at(loop(), when, [this, &pipe] { deliver(pipe); });
}

/// Everything that is due, in its order.
void Link::deliver(Pipe& pipe) {
  constexpr std::size_t most_spare = 8;
  const auto self = shared_from_this();
  const TimePoint now = loop().now();
  while (state_ != State::ended && pipe.first < pipe.packets.size() && !blocked(pipe)) {
    if (pipe.packets[pipe.first].when > now) break;
    Bytes pdu = std::move(pipe.packets[pipe.first++].pdu);
    if (pipe.first == pipe.packets.size()) {
      pipe.packets.clear();
      pipe.first = 0;
    }
    &pipe == &up_ ? at_peripheral(pdu) : at_central(pdu);
    if (pipe.spare.size() < most_spare) pipe.spare.push_back(std::move(pdu));
  }
  if (state_ != State::ended) arm(pipe);
}

void Link::start(std::unique_ptr<Procedure> procedure, GattClient::Done done) {
  gatt_.start(std::move(procedure), std::move(done));
  pump();
}

void Link::pump() {
  if (state_ == State::ended || std::exchange(pumping_, true)) return;
  const auto turn = this->turn();
  while (state_ != State::ended) {
    const auto pdu = gatt_.next_pdu();
    if (!pdu) break;
    push(up_, *pdu, latency() / 4);
    if (!is_request(*pdu) || state_ == State::ended) continue;
    answer_timer_.start_after(loop(), transaction_timeout, [this] {
      end(DisconnectReason::timeout, "the peripheral did not answer a request within 30 s");
    });
  }
  pumping_ = false;
}

void Link::at_peripheral(ByteView pdu) { peripheral_.dispatch(peripheral_.server->handle_pdu(bearer_, pdu)); }

void Link::respond(Bytes pdu) { push(down_, pdu, latency() * 3 / 4); }

void Link::send(ByteView pdu) { push(down_, pdu, latency() / 4); }

void Link::at_central(ByteView pdu) {
  const bool nested = std::exchange(pumping_, true);
  gatt_.receive(pdu);
  pumping_ = nested;
  if (state_ == State::ended) return;
  if (!gatt_.waiting()) answer_timer_.stop();
  pump();
}

void Link::start_schedule(CharacteristicNode& characteristic) {
  auto& schedule = schedules_[characteristic.value_handle];
  if (schedule) return;
  const auto turn = this->turn();
  schedule = std::make_unique<Schedule>();
  schedule->characteristic = &characteristic;
  schedule->next = loop().now() + characteristic.notify_interval;
  const std::uint16_t handle = characteristic.value_handle;
  schedule->timer.start_at(loop(), schedule->next, [this, handle] { run_schedule(handle); });
}

void Link::run_schedule(std::uint16_t value_handle) {
  const auto self = shared_from_this();
  Schedule& schedule = *schedules_.at(value_handle);
  CharacteristicNode& characteristic = *schedule.characteristic;
  const std::size_t turn = schedule.turn++;
  schedule.next += characteristic.notify_interval;
  schedule.timer.start_at(loop(), schedule.next, [this, value_handle] { run_schedule(value_handle); });
  if (peripheral_.stalled) return;
  Bytes value;
  const auto make = characteristic.make;  // it may end its own schedule
  if (peripheral_.world.guarded([&] { value = make(turn); })) peripheral_.send_to(*this, characteristic, value, false);
}

}  // namespace blau::sim::detail
