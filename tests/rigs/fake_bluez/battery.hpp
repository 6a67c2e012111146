#pragma once

#include "object.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace blau::fake {

class Characteristic;
class Device;

/// org.bluez.Battery1: what the daemon's battery plugin makes of Battery Level, as long as there is a link.
class Battery final : public InterfaceOf<Battery> {
 public:
  Battery(Device& device, Characteristic& level);
  ~Battery() override;
  [[nodiscard]] static const Description<Battery>& description();
  void unexport();
  void value_came(ByteView value);

 private:
  Device& device_;
  std::uint16_t value_handle_;
  std::optional<std::uint8_t> percentage_;
  std::shared_ptr<void> life_ = std::make_shared<int>(0);
};

}  // namespace blau::fake
