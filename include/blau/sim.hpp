#pragma once

#include <blau/backend.hpp>
#include <blau/event_loop.hpp>
#include <blau/export.hpp>
#include <blau/sim/adapter.hpp>
#include <blau/sim/peripheral.hpp>
#include <blau/task.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// @file
/// The simulator: adapters and peripherals without a radio, on virtual or real time.

/// @namespace blau::sim
/// The simulator: begin with `World`.

namespace blau::sim {

/// How a world is made.
struct WorldOptions {
  /// True: the world goes on the steady clock, and any event loop can use it by `World::backend()`.
  bool real_time = false;
  /// Decides advertising jitter, the noise of signal strength and passkeys. The same seed, the same events in the same order.
  std::uint64_t seed = 1;
  /// Chooses among events that are ready at the same time at random, by this seed, so that races can be searched for: as `EventLoopOptions::order_seed`; each peripheral and each `after` is a source of
  /// its own. Absent: first come, first served.
  std::optional<std::uint64_t> order_seed = std::nullopt;
  /// False: no adapter is made by itself: a machine without Bluetooth, until one is added.
  bool default_adapter = true;
};

/// Stops a world's virtual clock while it lives, so that another thread can work without time running away. Move-only; any thread.
class BLAU_API Hold {
 public:
  /// For the library: see `World::hold`.
  explicit Hold(std::shared_ptr<blau::detail::Loop> loop) noexcept : loop_(std::move(loop)) { loop_->hold(); }
  /// Takes it over; what was moved from is empty.
  Hold(Hold&& other) noexcept : loop_(std::move(other.loop_)) {}
  /// Swaps the two.
  Hold& operator=(Hold&& other) noexcept {
    std::swap(loop_, other.loop_);
    return *this;
  }
  ~Hold() {
    if (loop_) loop_->release();
  }

 private:
  std::shared_ptr<blau::detail::Loop> loop_;
};

namespace detail {
class WorldImpl;
struct WorldSpec;
}  // namespace detail

/// A world of adapters and peripherals, and the event loop that it lives on.
///
/// On virtual time (the default) the world has a loop of its own: `run` runs task, library and world on the calling thread, and the clock jumps to the next event whenever nothing is
/// ready. Peripherals advertise only while somebody scans, so that a connected program does not pay for it; hence a task that waits for what can never come ends
/// with the error `stalled`, and one that scans for it for ever with `timed_out` where `RunOptions::limit` is set.
///
/// A world serves one loop at a time. On virtual time that is its own: objects on another loop get `invalid_argument`. On real time it is its own or the one that first
/// uses `backend()`, until that ends; another one gets `busy` meanwhile.
///
/// **Threads.** The world and all that belongs to it is used on its loop's thread (in the task, in hooks, in callbacks), or from any one thread while nobody runs the loop.
/// What a call causes (a lost link, a value on its way) reaches the library in a later turn of the loop, never inside the call.
///
/// **Hooks** (`on_read`, `after`, the generators of `notify_every` …) may throw: the exception ends `run`, which rethrows it.
class BLAU_API World {
 public:
  /// An empty world. Where no adapter is added it has a powered one, `hci0`.
  explicit World(const WorldOptions& options = WorldOptions());
  /// Ends its loop, see `EventLoop`. On another loop links end with `backend_lost`, from any thread; no hook runs afterwards.
  ~World();
  /// Takes it over; what was moved from is empty.
  World(World&&) noexcept;
  /// Ends what this one was, as its destructor does.
  World& operator=(World&&) noexcept;

  /// Reads a world file (`docs/world.schema.json`). A seed of the options counts for nothing: the file has its own.
  /// The times of its faults are those of `elapsed`.
  /// @throws Error `invalid_argument` with line, path and what to do; `not_supported`, with the place, for `bluez_faults`, which only an imitated bluetoothd can have.
  [[nodiscard]] static World load(const std::filesystem::path& path, const WorldOptions& options = WorldOptions());
  /// The same from JSON text; `file_name` stands at the front of an error's message.
  [[nodiscard]] static World from_json(std::string_view json_text, std::string_view file_name = "world",
                                       const WorldOptions& options = WorldOptions());
  /// What a demo runs on where there is no radio: a heart-rate strap, a thermometer, an echo.
  [[nodiscard]] static World default_world(const WorldOptions& options = WorldOptions());

  /// Adds an adapter; the first one that can be used is the default one. The reference holds as long as the world.
  /// @throws Error `invalid_argument` for a name or an address that is taken, or a malformed address.
  Adapter& add_adapter(const AdapterOptions& options);
  /// The first adapter, made if there is none.
  [[nodiscard]] Adapter& adapter();
  /// @throws Error `invalid_argument` if there is none of this name.
  [[nodiscard]] Adapter& adapter(std::string_view name);
  /// All of them, in the order in which they were added.
  [[nodiscard]] std::vector<Adapter*> adapters();

  /// Adds a peripheral. The reference holds as long as the world.
  /// @throws Error `invalid_argument` for an address that is malformed or taken, a name too long, an advertisement of more than 31 bytes.
  Peripheral& add_peripheral(const PeripheralOptions& options);
  /// @throws Error `device_not_found` if there is none of this address.
  [[nodiscard]] Peripheral& peripheral(const AddressArgument& address);
  /// All of them, in the order in which they were added.
  [[nodiscard]] std::vector<Peripheral*> peripherals();

  /// Calls `call` once, this much of the world's time from now (of its beginning, if it has not begun).
  void after(std::chrono::nanoseconds delay, std::function<void()> call);
  /// The world's time since it began.
  [[nodiscard]] std::chrono::nanoseconds elapsed() const;

  /// The world's own loop: for the `loop` of options. Outside `run`, `get()` on an operation of an object on it runs the world until the result is there.
  [[nodiscard]] EventLoop& loop();
  /// Runs the task on the world's own loop, on this thread, and gives its result. The world lives on; `run` may be called again, links and clock as they are.
  ///
  /// Where it ends with an exception that is not the task's own, the loop is closed and all links are down; the next `run` begins on a new loop, and its clock anew.
  /// @throws what the task threw; what a hook or a callback let out; Error `stalled`, `timed_out` (limit), `would_deadlock`, `busy`.
  template <class T>
  T run(Task<T> task, const RunOptions& options = RunOptions()) {
    return loop().run(std::move(task), options);
  }
  /// The same for a coroutine function, which is kept alive with its captures until its task has ended.
  template <class Function>
    requires requires(Function& function) { function().release(); }
  auto run(Function function, const RunOptions& options = RunOptions()) {
    return loop().run(function(), options);
  }
  /// Runs the world for this much time.
  void advance(std::chrono::nanoseconds time);
  /// Stops the virtual clock until the token is destroyed.
  [[nodiscard]] Hold hold();

  /// For the `backend` of options: this world. On virtual time only for objects on the world's own loop, whose default it is anyway.
  [[nodiscard]] BackendRef backend();

 private:
  static World made_of(detail::WorldSpec spec, const WorldOptions& options);
  std::unique_ptr<detail::WorldImpl> impl_;
};

}  // namespace blau::sim
