#include "loop.hpp"

#include <csignal>
#include <iostream>
#include <stdexcept>
#include <utility>

namespace blau::fake {

namespace {

void check(int result, const char* what) {
  if (result < 0) throw std::runtime_error(std::string("sd-event: ") + what);
}

/// Nothing goes through sd-event's C frames, and nothing ends this program: it is reported.
template <class Work>
void guarded(Work&& work) noexcept {
  try {
    work();
  } catch (const std::exception& error) {
    std::cerr << "fake bluetoothd: an event ended in " << error.what() << '\n';
  }
}

/// The library default of 250 ms is for people; tests measure.
constexpr std::uint64_t accuracy_us = 1;

}  // namespace

Loop::Loop() {
  check(sd_event_new(&event_), "no loop");
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT}) {
    sigaddset(&signals, signal);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    check(sd_event_add_signal(event_, nullptr, signal, nullptr, nullptr), "no signals");
  }
  check(sd_event_add_defer(event_, &posted_source_, &Loop::on_posted, this), "no deferred calls");
  sd_event_source_set_enabled(posted_source_, SD_EVENT_OFF);
}

Loop::~Loop() {
  sd_event_source_disable_unref(posted_source_);
  sd_event_unref(event_);
}

void Loop::run() { check(sd_event_loop(event_), "the loop failed"); }

void Loop::quit() { sd_event_exit(event_, 0); }

void Loop::post(std::function<void()> work) {
  if (posted_.empty()) sd_event_source_set_enabled(posted_source_, SD_EVENT_ONESHOT);
  posted_.push_back(std::move(work));
}

int Loop::on_posted(sd_event_source*, void* self) noexcept {
  auto& loop = *static_cast<Loop*>(self);
  // What is posted meanwhile waits for the next turn, so that descriptors get theirs.
  auto posted = std::exchange(loop.posted_, {});
  for (auto& work : posted) guarded(work);
  return 0;
}

void Timer::start(Loop& loop, nanoseconds delay, std::function<void()> work) {
  work_ = std::move(work);
  running_ = true;
  std::uint64_t now = 0;
  sd_event_now(loop.get(), CLOCK_MONOTONIC, &now);
  const std::uint64_t when = now + static_cast<std::uint64_t>(std::max<std::int64_t>(0, delay.count())) / 1000;
  if (!source_) {
    check(sd_event_add_time(loop.get(), &source_, CLOCK_MONOTONIC, when, accuracy_us, &Timer::on_time, this),
          "no timer");
    return;
  }
  sd_event_source_set_time(source_, when);
  sd_event_source_set_enabled(source_, SD_EVENT_ONESHOT);
}

void Timer::stop() noexcept {
  running_ = false;
  work_ = nullptr;
  if (source_) sd_event_source_set_enabled(source_, SD_EVENT_OFF);
}

int Timer::on_time(sd_event_source*, std::uint64_t, void* self) noexcept {
  auto& timer = *static_cast<Timer*>(self);
  timer.running_ = false;
  const auto work = std::exchange(timer.work_, nullptr);
  if (work) guarded(work);
  return 0;
}

Watch::Watch(Loop& loop, int fd, std::uint32_t events, std::function<void(std::uint32_t)> ready)
    : ready_(std::move(ready)) {
  check(sd_event_add_io(loop.get(), &source_, fd, events, &Watch::on_ready, this), "no watch");
}

int Watch::on_ready(sd_event_source*, int, std::uint32_t events, void* self) noexcept {
  // A copy: it may destroy this watch.
  const auto ready = static_cast<Watch*>(self)->ready_;
  guarded([&] { ready(events); });
  return 0;
}

}  // namespace blau::fake
