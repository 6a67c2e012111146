#pragma once

#include <blau/advertisement.hpp>

#include <chrono>
#include <map>
#include <vector>

#include "output.hpp"

namespace blau::cli {

/// The devices that a scan has seen, and how they are shown: in place while it runs where a terminal takes that, and as a list
/// at the end.
class ScanView {
 public:
  explicit ScanView(const Output& output);
  ScanView(const ScanView&) = delete;
  ScanView& operator=(const ScanView&) = delete;
  /// Leaves no half-drawn picture behind.
  ~ScanView();

  /// Takes the latest sighting of a device.
  void add(Advertisement seen);
  [[nodiscard]] bool empty() const noexcept { return devices_.empty(); }
  /// Whether it is drawn again and again.
  [[nodiscard]] bool live() const noexcept { return live_; }
  /// Something was seen since it was drawn.
  [[nodiscard]] bool changed() const noexcept { return changed_; }

  /// Draws the list in place. @param remaining of the scan
  void draw(std::chrono::nanoseconds remaining);
  /// Prints the list for good, the strongest device first.
  void finish();

 private:
  void wipe();
  [[nodiscard]] std::vector<const Advertisement*> by_strength() const;

  const Output* output_;
  bool live_;
  bool changed_ = true;
  std::size_t drawn_lines_ = 0;
  /// In order of first sighting, so that lines stay where they are while somebody reads them.
  std::vector<Advertisement> devices_;
  std::map<Address, std::size_t> places_;
};

}  // namespace blau::cli
