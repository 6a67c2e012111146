// Advertising, and who hears it.

#include "scanner.hpp"

#include <algorithm>
#include <utility>

namespace blau::sim::detail {

namespace {

/// Core Vol 6 Part B 4.4.2.2.1: each advertising event is delayed by up to this much, at random.
constexpr nanoseconds most_jitter = std::chrono::milliseconds(10);

}  // namespace

bool PeripheralNode::advertises() const {
  const bool engaged = !links.empty() && spec.advertising.connectable;
  return present && !stalled && spec.advertising.enabled && !engaged;
}

void PeripheralNode::advertising_changed() {
  heard_.clear();
  update_advertising();
  world.poke_attempts();
}

void PeripheralNode::update_advertising() {
  Loop* loop = world.loop();
  if (!loop || !world.has_listener() || !advertises()) return advertising_timer_.stop();
  if (advertising_timer_.running()) return;
  const SourceScope turn(*loop, source);
  // Nobody listened until now: the next event is anywhere within an interval.
  const nanoseconds interval = spec.advertising.interval;
  const nanoseconds delay(random_.between(0, interval.count()));
  advertising_timer_.start_after(*loop, delay, [this] { advertise(); });
}

void PeripheralNode::advertise() {
  const nanoseconds delay = spec.advertising.interval + nanoseconds(random_.between(0, most_jitter.count()));
  advertising_timer_.start_after(*world.loop(), delay, [this] { advertise(); });
  const auto noise = random_.between(-spec.rssi_noise, spec.rssi_noise);
  const auto rssi = static_cast<std::int16_t>(std::clamp<std::int64_t>(spec.rssi + noise, -127, 20));
  world.scanners.each([&](SimScanner& scanner) {
    const auto heard = heard_by(*scanner.adapter());  // kept: what a listener does may change what is told
    scanner.hear(*heard, rssi);
  });
}

std::shared_ptr<Heard> PeripheralNode::heard_by(const AdapterNode& adapter) {
  auto& heard = heard_[&adapter];
  const Address& address = address_on(adapter);
  if (heard && heard->passive_device.address() == address) return heard;
  heard = std::make_shared<Heard>();
  const AdvertisingBytes told = advertising_bytes(assembled());
  parse_ad_structures(told.data, heard->passive);
  heard->passive.connectable = spec.advertising.connectable;
  heard->active = heard->passive;
  parse_ad_structures(told.scan_response, heard->active);
  const std::string id = address.to_string();
  heard->passive_device = Device(address, heard->passive.local_name, id, adapter.spec.name);
  heard->active_device = Device(address, heard->active.local_name, id, adapter.spec.name);
  return heard;
}

SimScanner::SimScanner(std::shared_ptr<WorldCore> world, backend::ScannerEvents& events)
    : world_(std::move(world)), events_(events) {}

SimScanner::~SimScanner() { leave(); }

void SimScanner::start(const backend::ScanRequest& request, backend::Done<void> done) {
  if (!world_->loop()) return done(Error(ErrorCode::backend_lost, "the simulated world has ended: make another one"));
  const auto adapter = world_->choose_adapter(request.adapter);
  if (!adapter) return done(adapter.error());
  leave();
  adapter_ = *adapter;
  active_ = request.mode == ScanMode::active;
  world_->scanners.add(*this);
  world_->listeners_changed();
  done({});
}

void SimScanner::stop(backend::Done<void> done) {
  leave();
  done({});
}

void SimScanner::hear(Heard& heard, std::int16_t rssi) {
  AdvertisementData& data = active_ ? heard.active : heard.passive;
  data.rssi = rssi;
  // What a user's callback throws must not unwind through the air.
  const auto world = world_;
  world->guarded([&] { events_.on_advertisement(active_ ? heard.active_device : heard.passive_device, data); });
}

void SimScanner::end(const Error& error) {
  leave();
  events_.on_scan_ended(error);
}

void SimScanner::forget() noexcept { leave(); }

void SimScanner::leave() noexcept {
  if (!std::exchange(adapter_, nullptr)) return;
  world_->scanners.remove(*this);
  world_->listeners_changed();
}

}  // namespace blau::sim::detail
