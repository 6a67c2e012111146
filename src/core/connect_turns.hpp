#pragma once

#include <blau/backend.hpp>
#include <blau/detail/loop.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace blau::detail {

/// Lets one connect at a time go through an adapter: controllers make one link at a time, and what they are asked meanwhile fails. One queue an adapter and loop, in order.
/// The loop's thread only.
class ConnectTurns {
 public:
  /// Then the next one begins beside it: a device that is out of reach must not keep the others waiting until its deadline. Systems can wait for several devices; what they do not do well is begin
  /// several links in the same moment.
  static constexpr std::chrono::seconds longest_turn{4};

  struct Queues;
  class Queue;
  struct Waiter;

  /// A place in the queue, then the turn itself. Destroying it leaves, and lets the next one go on.
  class Turn {
   public:
    Turn() noexcept;
    Turn(std::shared_ptr<Queues> queues, std::shared_ptr<Queue> queue, std::unique_ptr<Waiter> waiter) noexcept;
    Turn(Turn&&) noexcept;
    Turn& operator=(Turn&&) noexcept;
    ~Turn();
    /// `on_turn` is called once: at once if nobody else connects, else when it is its turn.
    void then(unique_function<void()> on_turn);

   private:
    std::shared_ptr<Queues> queues_;
    std::shared_ptr<Queue> queue_;
    std::unique_ptr<Waiter> waiter_;
  };

  /// A place behind those that connect through this adapter. @param adapter its id; empty: the only one, or the system's choice
  [[nodiscard]] static Turn line_up(Loop& loop, const std::shared_ptr<backend::Backend>& backend,
                                    const std::string& adapter);
  /// Whether somebody connects now, or waits to, through any adapter.
  [[nodiscard]] static bool in_use(Loop& loop, const std::shared_ptr<backend::Backend>& backend);

 private:
  [[nodiscard]] static std::shared_ptr<Queues> all(Loop& loop, const std::shared_ptr<backend::Backend>& backend);
};

}  // namespace blau::detail
