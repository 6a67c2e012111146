#pragma once

#include <blau/client.hpp>
#include <blau/event_loop.hpp>
#include <blau/scanner.hpp>
#include <blau/task.hpp>

#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace blau::soak {

/// What was done, and what came of it.
struct Tally {
  std::uint64_t connects = 0;
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t subscriptions = 0;
  std::uint64_t values = 0;
  std::uint64_t scans = 0;
  std::uint64_t advertisements = 0;
  std::uint64_t ended_links = 0;
  std::uint64_t failures = 0;
  std::uint64_t troubles = 0;
};
[[nodiscard]] std::string to_string(const Tally& tally);

/// Where the life takes place: a simulated world, or the fake bluetoothd.
class Place {
 public:
  virtual ~Place() = default;
  virtual void run(Task<> task) = 0;
  /// Something goes wrong; it may be over after a while.
  virtual Task<> trouble(std::uint64_t choice) = 0;
  /// Everything is well again.
  virtual Task<> calm() = 0;
  /// All clients are gone: waits until nothing of them is left.
  virtual Task<> settle() = 0;
};

/// What programs do for hours: clients that come and go, a scanner, and what goes wrong meanwhile. What happens follows from the seed.
class Life {
 public:
  Life(Place& place, std::uint64_t seed) : place_(place), dice_(seed) {}

  /// Goes on for so long; then all is calm, and nothing of it is left.
  [[nodiscard]] Task<> round(std::chrono::nanoseconds length);
  [[nodiscard]] const Tally& tally() const noexcept { return tally_; }

 private:
  Task<> visits(std::string address);
  Task<> visit(std::string address);
  Task<> act(Client& client);
  Task<> read(Client& client);
  Task<> write(Client& client);
  Task<> take_values(Client& client);
  Task<> listen(Client& client);
  Task<> scans();
  Task<> troubles(int most_ms_between);
  Task<> pause(int most_ms);
  [[nodiscard]] ClientOptions options();
  [[nodiscard]] NotifyOptions some_path();
  [[nodiscard]] bool over() const { return EventLoop::current()->now() >= end_; }
  [[nodiscard]] std::uint64_t roll(std::uint64_t sides) { return dice_() % sides; }
  template <class T>
  void count(std::uint64_t& good, const Result<T>& result) {
    ++(result ? good : tally_.failures);
  }

  Place& place_;
  std::mt19937_64 dice_;
  Tally tally_;
  EventLoop::Clock::time_point end_{};
};

}  // namespace blau::soak
