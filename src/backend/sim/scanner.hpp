#pragma once

#include "core.hpp"

#include <blau/backend.hpp>

#include <memory>

namespace blau::sim::detail {

/// A scanner on a simulated adapter.
class SimScanner final : public backend::ScannerPort {
 public:
  SimScanner(std::shared_ptr<WorldCore> world, backend::ScannerEvents& events);
  ~SimScanner() override;

  void start(const backend::ScanRequest& request, backend::Done<void> done) override;
  void stop(backend::Done<void> done) override;

  // For the world.

  [[nodiscard]] AdapterNode* adapter() const noexcept { return adapter_; }
  void hear(Heard& heard, std::int16_t rssi);
  /// The adapter ended the scan.
  void end(const Error& error);
  void forget() noexcept;

 private:
  void leave() noexcept;

  std::shared_ptr<WorldCore> world_;
  backend::ScannerEvents& events_;
  AdapterNode* adapter_ = nullptr;  ///< while it scans
  bool active_ = true;
};

}  // namespace blau::sim::detail
