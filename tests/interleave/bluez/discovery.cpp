#include "discovery.hpp"

#include <utility>

namespace blau::interleave::imitation {

using namespace std::chrono_literals;

namespace {

constexpr Refusal none_started{"org.bluez.Error.Failed", "No discovery started"};
constexpr Refusal given_up{"org.bluez.Error.Failed", "Operation was cancelled"};

}  // namespace

Discovery::Discovery(Host& host, Heard heard, std::function<void()> ended)
    : host_(host), heard_(std::move(heard)), ended_(std::move(ended)), port_(host.radio().make_scanner(*this)) {}

void Discovery::set_filter(const Message& call) {
  using namespace refusals;
  if (!host_.world().adapter().powered()) return host_.refuse(call, not_ready);
  if (const auto refusal = host_.mishap({in_progress, not_ready})) return host_.refuse(call, *refusal);
  host_.later(life_, [this, call] { host_.answer(call); });
}

void Discovery::start(const Message& call) {
  using namespace refusals;
  if (!host_.world().adapter().powered()) return host_.refuse(call, not_ready);
  if (session_ || busy_) return host_.refuse(call, in_progress);
  if (const auto refusal = host_.mishap({in_progress, not_ready})) return host_.refuse(call, *refusal);
  starting_ = call;
  session_ = true;
  begin();
}

void Discovery::begin() {
  port_->start({}, [](const Result<void>&) {});
  host_.later(life_, [this] {
    if (session_) host_.answer(std::exchange(starting_, {}));
  });
}

void Discovery::end() {
  session_ = false;
  port_->stop([](const Result<void>&) {});
  ended_();
}

void Discovery::stop(const Message& call) {
  using namespace refusals;
  if (!host_.world().adapter().powered()) return host_.refuse(call, not_ready);
  const bool was_starting = static_cast<bool>(starting_);
  host_.refuse(std::exchange(starting_, {}), given_up);
  if (!session_) return was_starting ? host_.answer(call) : host_.refuse(call, none_started);
  end();
  if (const auto refusal = host_.mishap({in_progress, none_started})) return host_.refuse(call, *refusal);
  host_.later(life_, [this, call] { host_.answer(call); });
}

/// A start that was not carried out when the adapter went off may be when it is on again.
void Discovery::power_changed(bool on) {
  if (on) {
    if (!starting_) return;
    session_ = true;
    return begin();
  }
  if (session_) end();
  if (host_.roll(2) == 0) host_.refuse(std::exchange(starting_, {}), refusals::not_ready);
}

void Discovery::begin_busy() {
  busy_ = true;
  host_.world().after(std::chrono::milliseconds(host_.roll(3000)), [this, alive = std::weak_ptr(life_)] {
    if (!alive.expired()) busy_ = false;
  });
}

void Discovery::on_advertisement(const blau::Device& device, const AdvertisementData& data) {
  if (session_) heard_(device.address(), data.rssi);
}

void Discovery::check() {
  if (session_) host_.log().fault("bluetoothd still scans for the program");
}

}  // namespace blau::interleave::imitation
