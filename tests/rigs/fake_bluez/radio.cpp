#include "radio.hpp"

#include <algorithm>
#include <utility>

namespace blau::fake {

void Radio::become(const sim::WorldSpec& world) {
  // Kept until their links have ended and nothing of theirs is under way.
  const auto old = std::make_shared<std::map<std::uint64_t, std::unique_ptr<Peripheral>>>(std::move(peripherals_));
  peripherals_.clear();
  for (const auto& [address, peripheral] : *old) {
    peripheral->set_present(false);
    peripheral->end_links(LinkEnd::timeout);
  }
  loop_.post([old] { old->clear(); });
  dice_.seed(world.seed);
  for (const auto& spec : world.peripherals) {
    Peripheral& peripheral = add(spec);
    // The daemon remembers its bonds as well.
    if (const auto before = old->find(spec.address.number()); before != old->end())
      peripheral.inherit_bonds(*before->second);
  }
  changed();
}

Peripheral& Radio::add(sim::PeripheralSpec spec) {
  const auto address = spec.address.number();
  auto& place = peripherals_[address];
  place = std::make_unique<Peripheral>(*this, std::move(spec));
  place->listening_changed();
  return *place;
}

Peripheral* Radio::find(const Address& address) const {
  const auto found = peripherals_.find(address.number());
  return found == peripherals_.end() ? nullptr : found->second.get();
}

void Radio::remove_listener(Listener& listener) {
  std::erase(listeners_, &listener);
  listening_changed();
}

void Radio::listening_changed() {
  for (const auto& [address, peripheral] : peripherals_) peripheral->listening_changed();
}

bool Radio::anybody_listens() const {
  return std::ranges::any_of(listeners_, [](const Listener* listener) { return listener->listens(); });
}

void Radio::report(Peripheral& peripheral, int rssi) {
  const auto listeners = listeners_;
  for (Listener* listener : listeners)
    if (listener->listens()) listener->heard(peripheral, rssi);
}

void Radio::changed() {
  if ((looks_.empty() && waiters_.empty()) || std::exchange(look_posted_, true)) return;
  loop_.post([this] {
    look_posted_ = false;
    look();
  });
}

void Radio::look() {
  for (auto place = looks_.begin(); place != looks_.end();) place = (*place)() ? std::next(place) : looks_.erase(place);
  for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
    const auto current = waiter++;
    if (!current->holds()) continue;
    const auto done = std::move(current->done);
    waiters_.erase(current);
    done(true);
  }
}

void Radio::wait_until(std::function<bool()> holds, nanoseconds limit, std::function<void(bool)> done) {
  if (holds()) return done(true);
  auto& waiter = waiters_.emplace_back();
  const auto place = std::prev(waiters_.end());
  waiter.holds = std::move(holds);
  waiter.done = std::move(done);
  waiter.timer.start(loop_, limit, [this, place] {
    const auto late = std::move(place->done);
    waiters_.erase(place);
    late(false);
  });
}

std::int64_t Radio::random(std::int64_t least, std::int64_t most) {
  return std::uniform_int_distribution<std::int64_t>(least, most)(dice_);
}

}  // namespace blau::fake
