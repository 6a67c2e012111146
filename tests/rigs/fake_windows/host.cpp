#include "host.hpp"

#include "adapters.hpp"
#include "platform.hpp"
#include "remotes.hpp"

#include <utility>

namespace fake_windows {
namespace {

std::mutex installed_mutex;
std::shared_ptr<Host> installed;

}  // namespace

Host::Host(blau::sim::World& world)
    : world_(&world),
      loop_(world.loop().loop()),
      radio_(world.backend().factory()(world.loop())),
      adapters_(std::make_unique<Adapters>(*this)),
      remotes_(std::make_unique<Remotes>(*this)),
      pool_(loop_) {}

Host::~Host() = default;

std::shared_ptr<Host> Host::current() {
  const std::lock_guard lock(installed_mutex);
  if (!installed) throw winrt::hresult_class_not_registered();
  return installed;
}

void Host::install(std::shared_ptr<Host> host) {
  const std::lock_guard lock(installed_mutex);
  installed = std::move(host);
}

void Host::on_air(blau::unique_function<void()> call) {
  loop_->post([self = shared_from_this(), call = std::move(call)]() mutable {
    if (!self->over_) call();
  });
}

Habits Host::habits() const {
  const std::lock_guard lock(mutex_);
  return habits_;
}

void Host::set_habits(const Habits& habits) {
  const std::lock_guard lock(mutex_);
  habits_ = habits;
}

bool Host::take_turn(unsigned Habits::* count) {
  const std::lock_guard lock(mutex_);
  if (habits_.*count == 0) return false;
  --(habits_.*count);
  return true;
}

/// Time passes meanwhile, for those who wait with a limit: the caller's hold on the clock is given back so long.
void Host::hang() {
  loop_->release();
  {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return has_ended_; });
  }
  loop_->hold();
}

void Host::after(std::chrono::nanoseconds delay, blau::unique_function<void()> call) {
  auto shared = std::make_shared<blau::unique_function<void()>>(std::move(call));
  world_->after(delay, [weak = weak_from_this(), shared] {
    const auto self = weak.lock();
    if (self && !self->over_) (*shared)();
  });
}

void Host::shut_down() {
  over_ = true;
  for (const auto& weak : std::exchange(aerials_, {}))
    if (const auto aerial = weak.lock()) aerial->system_ends();
  remotes_.reset();
  adapters_.reset();
  radio_.reset();
  const std::lock_guard lock(mutex_);
  has_ended_ = true;
  ended_.notify_all();
}

void Host::join() { pool_.join(); }

}  // namespace fake_windows
