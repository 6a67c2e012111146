#pragma once

#include "habits.hpp"
#include "pool.hpp"

#include <blau/backend.hpp>
#include <blau/detail/loop.hpp>
#include <blau/sim.hpp>
#include <blau/unique_function.hpp>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace fake_windows {

class Adapters;
class Remotes;

/// What lives on the air and ends with the system.
class Aerial {
 public:
  virtual ~Aerial() = default;
  /// Ports and what hangs on them go.
  virtual void system_ends() = 0;
};

/// What all fake classes stand on: the world and its loop ("the air"), the pool of threads on which events and completions come, and the habits.
///
/// Objects of the fake may be called from any thread. What they change is posted to the air; what they tell at once is kept where `mutex` guards it.
class Host : public std::enable_shared_from_this<Host> {
 public:
  /// On the air. @param world outlives `shut_down`
  explicit Host(blau::sim::World& world);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  /// The one that is installed. @throws hresult_class_not_registered where none is
  [[nodiscard]] static std::shared_ptr<Host> current();
  static void install(std::shared_ptr<Host> host);

  // Any thread.

  /// Calls `call` on the air, in the order of these calls; never where the system has ended.
  void on_air(blau::unique_function<void()> call);
  /// Calls `call` on a thread of the pool, in this order; the world's clock waits for it.
  void elsewhere(blau::unique_function<void()> call) { pool_.run(std::move(call)); }
  [[nodiscard]] Habits habits() const;
  void set_habits(const Habits& habits);
  /// One time less, if any is left.
  [[nodiscard]] bool take_turn(unsigned Habits::* count);
  /// Blocks the calling thread until the system ends; for what hangs.
  void hang();
  /// Guards what objects tell at once. Nothing is called while it is held.
  [[nodiscard]] std::mutex& mutex() noexcept { return mutex_; }

  // The air only.

  [[nodiscard]] blau::backend::Backend& radio() noexcept { return *radio_; }
  [[nodiscard]] Adapters& adapters() noexcept { return *adapters_; }
  [[nodiscard]] Remotes& remotes() noexcept { return *remotes_; }
  /// Will be told of the system's end, if it is there then.
  void enlist(const std::shared_ptr<Aerial>& aerial) { aerials_.push_back(aerial); }
  /// Calls `call` when so much of the world's time has passed.
  void after(std::chrono::nanoseconds delay, blau::unique_function<void()> call);
  /// Ends links and scans at once; afterwards objects are there still, and nothing happens any more.
  void shut_down();
  [[nodiscard]] bool is_over() const noexcept { return over_; }

  // Any thread.

  /// Waits for the pool's threads; after `shut_down`.
  void join();

 private:
  blau::sim::World* world_;
  std::shared_ptr<blau::detail::Loop> loop_;
  std::shared_ptr<blau::backend::Backend> radio_;
  std::unique_ptr<Adapters> adapters_;
  std::unique_ptr<Remotes> remotes_;
  std::vector<std::weak_ptr<Aerial>> aerials_;
  Pool pool_;
  bool over_ = false;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  bool has_ended_ = false;
  Habits habits_;
};

/// A lock of what objects tell at once.
[[nodiscard]] inline std::unique_lock<std::mutex> locked(Host& host) { return std::unique_lock(host.mutex()); }

}  // namespace fake_windows
