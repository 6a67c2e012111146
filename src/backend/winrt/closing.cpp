#include "closing.hpp"

#include <chrono>
#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace blau::detail::windows {
namespace {

// So long one step may take: services that do not hang are closed within milliseconds. Where one has hung, the others of the device do as well.
constexpr Duration longest_step = std::chrono::seconds(1);
constexpr Duration longest_further_step = std::chrono::milliseconds(100);

const std::string registry_name("blau: what is being closed on Windows");

}  // namespace

/// What the threads that close have in common.
struct Closing::Shared {
  explicit Shared(LoopHandle wanted) : handle(std::move(wanted)) {}

  const LoopHandle handle;
  std::weak_ptr<Closing> closing;  // set before the first thread
  std::mutex mutex;
  Steps steps;  // guarded by mutex

  [[nodiscard]] unique_function<void()> next() {
    const std::lock_guard lock(mutex);
    if (steps.empty()) return nullptr;
    auto step = std::move(steps.front());
    steps.pop_front();
    return step;
  }
  void tell(void (Closing::*what)()) const {
    handle.post([closing = closing, what] {
      if (const auto self = closing.lock()) (self.get()->*what)();
    });
  }
};

/// Those that are under way live as long as the loop: the client that began one may be gone by then.
struct Closing::Registry {
  std::set<std::shared_ptr<Closing>> closings;
};

Closing::Closing(const std::shared_ptr<System>& system, unique_function<void()> then)
    : system_(system), shared_(std::make_shared<Shared>(system->handle())), then_(std::move(then)) {}

std::shared_ptr<Closing::Registry> Closing::registry_of(Loop& loop) {
  if (auto known = loop.find_service(registry_name)) return std::static_pointer_cast<Registry>(known);
  auto made = std::make_shared<Registry>();
  loop.add_service(registry_name, made);
  return made;
}

void Closing::begin(const std::shared_ptr<System>& system, unique_function<Steps()> take,
                    unique_function<void()> then) {
  const std::shared_ptr<Closing> closing(new Closing(system, std::move(then)));
  const auto shared = closing->shared_;
  shared->closing = closing;
  registry_of(system->loop())->closings.insert(closing);
  closing->watch();
  auto& apartment = system->apartment();
  apartment.run([&apartment, shared, take = std::move(take)]() mutable {
    auto steps = take();
    {
      const std::lock_guard lock(shared->mutex);
      shared->steps = std::move(steps);
    }
    apartment.run_aside([shared] { work(shared); });
  });
}

void Closing::work(const std::shared_ptr<Shared>& shared) {
  while (auto step = shared->next()) {
    try {
      step();
    } catch (...) {  // NOLINT: what is closed already, or cannot be, holds up nothing
    }
    step.reset();
    shared->tell(&Closing::watch);
  }
  shared->tell(&Closing::finished);
}

void Closing::watch() {
  const auto system = system_.lock();
  if (!system || !then_) return;
  watchdog_.start_after(system->loop(), hung_ ? longest_further_step : longest_step, [this] { hangs(); });
}

void Closing::hangs() {
  const auto system = system_.lock();
  if (!system) return;
  hung_ = true;
  watch();
  system->apartment().run_aside([shared = shared_] { work(shared); });
}

void Closing::finished() {
  const auto self = shared_from_this();
  const auto system = system_.lock();
  if (!system || !then_) return;
  watchdog_.stop();
  registry_of(system->loop())->closings.erase(self);
  auto then = std::exchange(then_, nullptr);
  then();
}

}  // namespace blau::detail::windows
