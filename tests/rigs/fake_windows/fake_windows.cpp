#include "fake_windows.hpp"

#include "activation.hpp"
#include "host.hpp"

namespace fake_windows {

FakeWindows::FakeWindows(blau::sim::World& world) : world_(world) {
  world.loop().loop()->run_and_wait([this] { host_ = std::make_shared<Host>(world_); });
  Host::install(host_);
  install_activation();
}

FakeWindows::~FakeWindows() {
  Host::install(nullptr);
  world_.loop().loop()->run_and_wait([this] { host_->shut_down(); });
  host_->join();
}

void FakeWindows::set_habits(const Habits& habits) { host_->set_habits(habits); }

}  // namespace fake_windows
