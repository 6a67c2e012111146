#pragma once

#include "life.hpp"

#include "conformance/control.hpp"

#include <string>

namespace blau::soak {

/// The fake bluetoothd of tests/rigs/fake_bluez, in real time.
class FakePlace final : public Place {
 public:
  explicit FakePlace(std::string control) : control_(std::move(control)) {}

  void run(Task<> task) override { blau::run(std::move(task)); }
  Task<> trouble(std::uint64_t choice) override;
  Task<> calm() override;
  Task<> settle() override;

 private:
  void tell(const char* command, const std::string& address);
  void set_powered(bool on);
  /// Nothing where the fake refuses it: what it was to happen to may be gone.
  void fault(nlohmann::json fault);

  conformance::Control control_;
};

}  // namespace blau::soak
