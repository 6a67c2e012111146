#pragma once

#include "habits.hpp"

#include <blau/sim.hpp>

#include <memory>

/// @file
/// Windows' Bluetooth LE, imitated over a simulated world. Free of Windows' own headers.

namespace fake_windows {

class Host;

/// While it lives, the WinRT classes of this process are fakes whose radio is a simulated world.
///
/// In a world on virtual time completions and events hold its clock until they are told, so that a run is as fast and as repeatable as one of the simulator itself. Only one at a time.
class FakeWindows {
 public:
  /// @param world outlives it; its loop is run by whoever runs the world
  explicit FakeWindows(blau::sim::World& world);
  /// Ends all links and scans at once. What programs hold of its objects stays valid, and silent.
  ~FakeWindows();
  FakeWindows(const FakeWindows&) = delete;
  FakeWindows& operator=(const FakeWindows&) = delete;

  void set_habits(const Habits& habits);

 private:
  blau::sim::World& world_;
  std::shared_ptr<Host> host_;
};

}  // namespace fake_windows
