#include "battery.hpp"

#include "adapter.hpp"
#include "daemon.hpp"
#include "device.hpp"

#include <array>
#include <utility>

namespace blau::fake {

const Description<Battery>& Battery::description() {
  static const std::array properties{
      PropertyOf<Battery>{"Percentage", "y", [](const Battery& b, Message& to) { to.append("y", *b.percentage_); }},
  };
  static const Description<Battery> made{"org.bluez.Battery1", {}, properties, {}};
  return made;
}

Battery::Battery(Device& device, Characteristic& level)
    : InterfaceOf(device.path()), device_(device), value_handle_(level.handle()) {
  device_.link()->start(std::make_unique<ReadFrom>(value_handle_, std::uint16_t{0}),
                        [this, alive = std::weak_ptr<void>(life_)](sim::Procedure& procedure) {
                          if (alive.expired() || procedure.error()) return;
                          value_came(static_cast<ReadFrom&>(procedure).value());
                        });
  // A subscription of its own, which the peripheral sees.
  if (level.configuration() != 0) level.notifier().add_foreign("");
}

Battery::~Battery() = default;

void Battery::value_came(ByteView value) {
  if (value.empty() || value[0] > 100) return;
  const bool is_first = !percentage_;
  percentage_ = value[0];
  if (is_first)
    device_.daemon().tree().add(*this);
  else
    device_.daemon().tree().changed(*this, "Percentage");
}

void Battery::unexport() {
  if (std::exchange(percentage_, std::nullopt)) device_.daemon().tree().remove(*this);
}

}  // namespace blau::fake
