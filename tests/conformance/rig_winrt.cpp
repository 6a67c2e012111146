// The Windows backend on the fake Windows, whose radio is the simulator: a new world for each case, in virtual time.

#include "rig_sim.hpp"

#include "core/backends.hpp"
#include "rigs/fake_windows/fake_windows.hpp"
#include "rigs/fake_windows/threaded_windows.hpp"

#include <blau/backend.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace blau::conformance {
namespace {

using fake_windows::FakeWindows;
using fake_windows::ThreadedWindows;

class WinRtRig final : public SimRig {
 public:
  void begin_case() override {
    SimRig::begin_case();
    windows_.emplace(world());
    auto& loop = world().loop();
    // What clients and scanners on the world's loop take by default.
    loop.loop()->add_service(detail::default_backend_service, backend_from("winrt").factory()(loop));
  }

  void end_case(bool failed) override {
    threaded_.reset();
    end_threaded_world();
    for (const auto& address : std::exchange(held_, {})) world().peripheral(address).end_held_link();
    world().advance(std::chrono::seconds(5));
    EXPECT_EQ(world().adapter().connections(), 0U) << "the case left a link up";
    windows_.reset();
    SimRig::end_case(failed);
  }

  BackendRef threaded_backend() override {
    static std::atomic<unsigned> instances = 0;
    windows_.reset();
    threaded_.emplace(make_threaded_world());
    // A fresh one: what an earlier one holds belongs to a system that is no more.
    return BackendRef("winrt#" + std::to_string(++instances), backend_from("winrt").factory());
  }

  std::string lacks(Ability ability) const override {
    switch (ability) {
      case Ability::several_adapters: return "Windows lets nobody choose an adapter";
      case Ability::lose_system: return "Windows tells nobody that its Bluetooth service has ended";
      case Ability::begin_pairing: return "Windows pairs by itself for no desktop program";
      case Ability::lose_bond: return "Windows does not tell that the peripheral has forgotten a bond";
      case Ability::end_other_links: return "Windows leaves a link to the program that holds it";
      case Ability::connect_unseen:
      case Ability::abandon_unseen: return "that is BlueZ's ConnectDevice";
      default: return {};
    }
  }
  // The changes of an adapter are seen from the first look on, which is not over when the watch is made.
  Task<> set_powered(bool on) override {
    co_await sleep_for(std::chrono::milliseconds(1));
    co_await SimRig::set_powered(on);
  }
  Task<> hold_link(std::string address) override {
    held_.push_back(address);
    co_await SimRig::hold_link(address);
  }
  void lose_system() override { Rig::lose_system(); }

  std::string default_adapter() const override { return "\\\\?\\FAKE#BTH#hci0"; }
  ErrorCode unknown_adapter() const override { return ErrorCode::not_supported; }
  // Windows tells no reason.
  DisconnectReason reason_of_remote_end() const override { return DisconnectReason::unknown; }
  DisconnectReason reason_of_lost_link() const override { return DisconnectReason::unknown; }

 private:
  std::vector<std::string> held_;
  std::optional<FakeWindows> windows_;
  std::optional<ThreadedWindows> threaded_;
};

}  // namespace

std::unique_ptr<Rig> make_rig() { return std::make_unique<WinRtRig>(); }

}  // namespace blau::conformance
