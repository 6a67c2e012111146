#include "link.hpp"

#include "peripheral.hpp"

#include <algorithm>
#include <utility>

namespace blau::fake {

namespace {

using Clock = std::chrono::steady_clock;

bool is_request(ByteView pdu) {
  return (pdu[0] & sim::command_flag) == 0 &&
         pdu[0] != static_cast<std::uint8_t>(sim::Opcode::handle_value_confirmation);
}

}  // namespace

Link::Link(Loop& loop, const Pace& pace, Peripheral& peripheral, LinkUser& user, std::string central)
    : loop_(loop), pace_(pace), peripheral_(peripheral), user_(user), central_(std::move(central)) {}

Link::~Link() = default;

nanoseconds Link::latency() const { return peripheral_.spec().latency; }

void Link::open() {
  up_ = true;
  bearer_ = peripheral_.attach(*this);
  gatt_.set_on_value([this](std::uint16_t handle, ByteView value, bool) {
    if (up_) user_.value_came(handle, value);
  });
  std::optional<nanoseconds> life = peripheral_.link_faults().next_life();
  if (!life && peripheral_.spec().drop_link_after) life = *peripheral_.spec().drop_link_after;
  if (life) drop_timer_.start(loop_, *life, [this] { end(LinkEnd::remote); });
  reach_changed();
}

void Link::end(LinkEnd how) {
  if (!std::exchange(up_, false)) return;
  const auto self = shared_from_this();
  for (Timer* timer : {&answer_timer_, &supervision_timer_, &drop_timer_, &there_.timer, &down_.timer}) timer->stop();
  peripheral_.detach(*this);
  gatt_.fail(Error(ErrorCode::disconnected, "the link ended"));
  user_.link_ended(how);
}

void Link::reach_changed() {
  if (!up_) return;
  if (peripheral_.present()) {
    supervision_timer_.stop();
  } else if (!supervision_timer_.running()) {
    supervision_timer_.start(loop_, pace_.supervision, [this] { end(LinkEnd::timeout); });
  }
  arm(there_);
  arm(down_);
  user_.reach_changed();
}

void Link::request_security() {
  loop_.post([self = shared_from_this()] {
    if (self->up_) self->user_.security_requested();
  });
}

void Link::encrypt(const sim::LinkSecurity& security) {
  security_ = security;
  peripheral_.server().set_security(bearer_, security);
}

void Link::push(Pipe& pipe, ByteView pdu, nanoseconds delay) {
  if (!up_) return;
  Packet packet;
  packet.due = Clock::now() + delay;
  if (!pipe.spare.empty()) {
    packet.pdu = std::move(pipe.spare.back());
    pipe.spare.pop_back();
  }
  packet.pdu.assign(pdu.begin(), pdu.end());
  auto place = pipe.packets.end();
  while (place != pipe.packets.begin() && std::prev(place)->due > packet.due) --place;
  pipe.packets.insert(place, std::move(packet));
  arm(pipe);
}

bool Link::is_blocked(const Pipe& pipe) const {
  return !peripheral_.present() || (&pipe == &there_ && peripheral_.stalled());
}

void Link::arm(Pipe& pipe) {
  if (pipe.packets.empty() || is_blocked(pipe)) return pipe.timer.stop();
  const auto wait = pipe.packets.front().due - Clock::now();
  if (wait > nanoseconds(0)) return pipe.timer.start(loop_, wait, [this, &pipe] { deliver(pipe); });
  pipe.timer.stop();
  if (std::exchange(pipe.posted, true)) return;
  loop_.post([self = shared_from_this(), &pipe] {
    pipe.posted = false;
    self->deliver(pipe);
  });
}

void Link::deliver(Pipe& pipe) {
  constexpr std::size_t most_spare = 64;
  const auto self = shared_from_this();
  const auto now = Clock::now();
  while (up_ && !is_blocked(pipe) && !pipe.packets.empty() && pipe.packets.front().due <= now) {
    Bytes pdu = std::move(pipe.packets.front().pdu);
    pipe.packets.pop_front();
    &pipe == &there_ ? peripheral_.take_pdu(*this, pdu) : at_daemon(pdu);
    if (pipe.spare.size() < most_spare) pipe.spare.push_back(std::move(pdu));
  }
  if (up_) arm(pipe);
}

void Link::start(std::unique_ptr<sim::Procedure> procedure, sim::GattClient::Done done) {
  if (!up_) {
    procedure->stop(Error(ErrorCode::disconnected, "the link ended"));
    if (done) done(*procedure);
    return;
  }
  gatt_.start(std::move(procedure), std::move(done));
  pump();
}

void Link::pump() {
  if (std::exchange(pumping_, true)) return;
  while (up_) {
    const auto pdu = gatt_.next_pdu();
    if (!pdu) break;
    push(there_, *pdu, latency() / 4);
    if (is_request(*pdu)) answer_timer_.start(loop_, pace_.transaction, [this] { end(LinkEnd::timeout); });
  }
  pumping_ = false;
}

void Link::at_daemon(ByteView pdu) {
  const bool nested = std::exchange(pumping_, true);
  gatt_.receive(pdu);
  pumping_ = nested;
  if (!up_) return;
  if (!gatt_.waiting()) answer_timer_.stop();
  pump();
}

sim::Procedure::Next ReadFrom::first() {
  if (offset_ > 0) return blob();
  return ask(sim::PduWriter(sim::Opcode::read_request).u16(handle_).done(), sim::Opcode::read_response);
}

sim::Procedure::Next ReadFrom::blob() {
  const auto offset = static_cast<std::uint16_t>(offset_ + value_.size());
  return ask(sim::PduWriter(sim::Opcode::read_blob_request).u16(handle_).u16(offset).done(),
             sim::Opcode::read_blob_response);
}

sim::Procedure::Next ReadFrom::on_response(sim::PduReader& in) {
  const ByteView part = in.rest();
  value_.insert(value_.end(), part.begin(), part.end());
  const std::size_t most = sim::max_value_length - std::min<std::size_t>(offset_, sim::max_value_length);
  if (value_.size() > most) value_.resize(most);
  if (part.size() + 1 < mtu() || value_.size() == most) return std::nullopt;
  return blob();
}

sim::Procedure::Next ReadFrom::on_error(AttError error, std::uint16_t handle) {
  const bool at_end = error == AttError::attribute_not_long || error == AttError::invalid_offset;
  if (!value_.empty() && at_end) return std::nullopt;
  return failed(error, handle);
}

sim::Procedure::Next WriteAt::prepare() {
  const ByteView part = sim::cut(ByteView(value_).subspan(sent_), mtu() - 5u);
  part_ = part.size();
  const auto offset = static_cast<std::uint16_t>(offset_ + sent_);
  return ask(sim::PduWriter(sim::Opcode::prepare_write_request).u16(handle_).u16(offset).bytes(part).done(),
             sim::Opcode::prepare_write_response);
}

sim::Procedure::Next WriteAt::execute(bool keep) {
  executing_ = true;
  return ask(sim::PduWriter(sim::Opcode::execute_write_request).u8(keep ? 1 : 0).done(),
             sim::Opcode::execute_write_response);
}

sim::Procedure::Next WriteAt::on_response(sim::PduReader& in) {
  if (executing_) return std::nullopt;
  in.rest();
  sent_ += part_;
  return sent_ < value_.size() ? prepare() : execute(true);
}

sim::Procedure::Next WriteAt::on_error(AttError error, std::uint16_t handle) {
  failed(error, handle);
  if (sent_ > 0 && !executing_) return execute(false);
  return std::nullopt;
}

}  // namespace blau::fake
