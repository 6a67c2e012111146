#include "process_exit.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace blau::detail {
namespace {

/// The loops that have something to tell when the process ends. Never destroyed: other ends of the process may come after its own.
class LoopsAtExit {
 public:
  static LoopsAtExit& of_process() {
    static auto& loops = *new LoopsAtExit;
    return loops;
  }

  void add(Loop& loop) {
    const std::lock_guard lock(mutex_);
    std::erase_if(loops_, [](const auto& weak) { return weak.expired(); });
    const auto added = loop.weak_from_this();
    const auto is_it = [&added](const auto& weak) { return !weak.owner_before(added) && !added.owner_before(weak); };
    if (std::none_of(loops_.begin(), loops_.end(), is_it)) loops_.push_back(added);
  }

 private:
  LoopsAtExit() {
    std::atexit([] { of_process().tell(); });
  }
  void tell() noexcept {
    std::vector<std::weak_ptr<Loop>> loops;
    {
      const std::lock_guard lock(mutex_);
      loops = std::exchange(loops_, {});
    }
    for (const auto& weak : loops)
      if (const auto loop = weak.lock()) loop->process_exits();
  }

  std::mutex mutex_;
  std::vector<std::weak_ptr<Loop>> loops_;
};

}  // namespace

void tell_of_exit(Loop& loop) { LoopsAtExit::of_process().add(loop); }

}  // namespace blau::detail
