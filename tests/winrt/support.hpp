#pragma once

#include "core/backends.hpp"
#include "rigs/fake_windows/fake_windows.hpp"

#include <blau/blau.hpp>
#include <blau/sim.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <utility>

namespace blau::test {

using namespace std::chrono_literals;

/// A machine with Windows in a simulated world on virtual time; its clients and scanners take the Windows backend.
class OnWindows : public testing::Test {
 protected:
  static constexpr const char* strap = "C4:11:22:33:44:55";

  OnWindows() {
    auto& loop = world_.loop();
    loop.loop()->add_service(detail::default_backend_service, backend_from("winrt").factory()(loop));
  }

  [[nodiscard]] sim::World& world() { return world_; }
  void set_habits(const fake_windows::Habits& habits) { windows_.set_habits(habits); }

  /// Runs a coroutine function in the world.
  template <class Function>
  auto run(Function function) {
    return world_.run(function());
  }

 private:
  sim::World world_;
  fake_windows::FakeWindows windows_{world_};
};

/// The error of what must fail.
template <class T>
[[nodiscard]] Error error_of(const Result<T>& result) {
  if (!result) return result.error();
  ADD_FAILURE() << "it succeeded";
  return {ErrorCode::failed, "it succeeded"};
}

}  // namespace blau::test
