// A peripheral on the air: what it advertises, its links, and what it sends.

#include "peripheral.hpp"

#include "radio.hpp"

#include <algorithm>
#include <utility>

namespace blau::fake {

Peripheral::Peripheral(Radio& radio, sim::PeripheralSpec spec)
    : radio_(radio),
      spec_(std::move(spec)),
      advertising_(sim::advertising_bytes(spec_)),
      generation_(radio.next_number()) {
  parse_advertising();
}

Peripheral::~Peripheral() { end_links(LinkEnd::timeout); }

void Peripheral::parse_advertising() {
  advertised_ = AdvertisementData();
  parse_ad_structures(advertising_.data, advertised_);
  parse_ad_structures(advertising_.scan_response, advertised_);
}

void Peripheral::set_advertising(std::optional<Bytes> data, std::optional<Bytes> scan_response) {
  if (data) advertising_.data = std::move(*data);
  if (scan_response) advertising_.scan_response = std::move(*scan_response);
  parse_advertising();
}

bool Peripheral::audible() const noexcept { return present_ && spec_.advertising.enabled && links_.empty(); }

bool Peripheral::takes_connections() const noexcept { return audible() && spec_.advertising.connectable; }

void Peripheral::advertise(bool on) {
  spec_.advertising.enabled = on;
  listening_changed();
  radio_.changed();
}

void Peripheral::set_present(bool present) {
  present_ = present;
  for (Link* link : links_) link->reach_changed();
  listening_changed();
  radio_.changed();
}

void Peripheral::set_stalled(bool stalled) {
  stalled_ = stalled;
  for (Link* link : links_) link->reach_changed();
}

void Peripheral::listening_changed() {
  if (!audible() || !radio_.anybody_listens()) return advertising_timer_.stop();
  if (advertising_timer_.running()) return;
  // Anywhere in its interval.
  const auto wait = std::chrono::duration_cast<nanoseconds>(spec_.advertising.interval) * radio_.random(0, 1000) / 1000;
  advertising_timer_.start(radio_.loop(), wait, [this] { advertise_next(); });
}

void Peripheral::advertise_next() {
  // Core Vol 6 Part B 4.4.2.2: a random delay, so that two peripherals do not collide for ever.
  const auto wait = spec_.advertising.interval + std::chrono::microseconds(radio_.random(0, 10000));
  advertising_timer_.start(radio_.loop(), wait, [this] { advertise_next(); });
  const int noise = static_cast<int>(radio_.random(-spec_.rssi_noise, spec_.rssi_noise));
  radio_.report(*this, std::clamp(spec_.rssi + noise, -127, 20));
}

sim::BearerId Peripheral::attach(Link& link) {
  links_.push_back(&link);
  const auto bearer = server().open_bearer();
  listening_changed();
  radio_.changed();
  return bearer;
}

void Peripheral::detach(Link& link) {
  std::erase(links_, &link);
  std::erase_if(schedules_, [&](const auto& entry) { return entry.first.first == link.bearer(); });
  unconfirmed_.erase(link.bearer());
  // Core Vol 3 Part G 2.4.4.
  const auto bond = bonds_.find(link.central());
  if (bond != bonds_.end() && link.security().has_keys)
    bond->second.subscriptions = server().subscriptions(link.bearer());
  server().close_bearer(link.bearer());
  listening_changed();
  radio_.changed();
}

const Peripheral::Bond* Peripheral::bond(const std::string& central) const {
  const auto found = bonds_.find(central);
  return found == bonds_.end() ? nullptr : &found->second;
}

std::uint32_t Peripheral::new_passkey() { return static_cast<std::uint32_t>(radio_.random(0, 999'999)); }

void Peripheral::set_pairing(const blau::sim::PairingOptions& options) {
  spec_.pairing = options;
  user_.await_orders();
}

std::size_t Peripheral::end_links(LinkEnd how) {
  const auto ending = links_;
  for (Link* link : ending) link->end(how);
  return ending.size();
}

void Peripheral::request_security() {
  for (Link* link : links_) link->request_security();
}

Link* Peripheral::find_link(sim::BearerId bearer) const {
  const auto found = std::ranges::find(links_, bearer, &Link::bearer);
  return found == links_.end() ? nullptr : *found;
}

std::size_t Peripheral::send(std::uint16_t value_handle, ByteView value, bool indicate) {
  if (stalled_) return 0;
  std::size_t reached = 0;
  const auto links = links_;
  for (Link* link : links) reached += send_to(*link, value_handle, value, indicate) ? 1 : 0;
  return reached;
}

bool Peripheral::send_to(Link& link, std::uint16_t value_handle, ByteView value, bool indicate) {
  const auto behaviour = behaviours_.find(value_handle);
  if (behaviour == behaviours_.end() || behaviour->second.faults.size() == 0)
    return transmit(link, value_handle, value, indicate);
  if (server().subscription(link.bearer(), value_handle) == 0) return false;
  bool reached = true;  // also what is lost on its way
  for (auto times = behaviour->second.faults.next_value(); times > 0; --times)
    reached = transmit(link, value_handle, value, indicate);
  return reached;
}

bool Peripheral::transmit(Link& link, std::uint16_t value_handle, ByteView value, bool indicate) {
  if (!indicate && server().notify_into(link.bearer(), value_handle, value, buffer_)) {
    link.send(buffer_);
    return true;
  }
  const auto indication = server().indicate(link.bearer(), value_handle, value);
  if (indication.accepted) unconfirmed_.insert(link.bearer());
  if (indication.pdu) link.send(*indication.pdu);
  return indication.accepted;
}

void Peripheral::subscription_changed(sim::BearerId bearer, std::uint16_t value_handle, std::uint16_t bits) {
  const ScheduleKey key(bearer, value_handle);
  const auto behaviour = behaviours_.find(value_handle);
  schedules_.erase(key);
  if (bits != 0 && behaviour != behaviours_.end() && behaviour->second.schedule) {
    Schedule& schedule = schedules_[key];
    schedule.next = std::chrono::steady_clock::now();
    schedule.next += behaviour->second.schedule->interval;
    schedule.timer.start(radio_.loop(), behaviour->second.schedule->interval, [this, key] { run_schedule(key); });
  }
  radio_.changed();
}

void Peripheral::run_schedule(ScheduleKey key) {
  Link* link = find_link(key.first);
  Schedule& schedule = schedules_.at(key);
  const sim::NotifySchedule& plan = *behaviours_.at(key.second).schedule;
  schedule.next += plan.interval;
  schedule.timer.start(radio_.loop(), schedule.next - std::chrono::steady_clock::now(),
                       [this, key] { run_schedule(key); });
  const Bytes& value = plan.values[schedule.turn++ % plan.values.size()];
  if (link && !stalled_) send_to(*link, key.second, value, false);
}

std::vector<std::uint16_t> Peripheral::subscriptions(std::uint16_t value_handle) {
  std::vector<std::uint16_t> all;
  for (const Link* link : links_)
    if (const auto bits = server().subscription(link->bearer(), value_handle)) all.push_back(bits);
  return all;
}

}  // namespace blau::fake
