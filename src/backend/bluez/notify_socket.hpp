#pragma once

#include "core/fd_watch.hpp"

#include <blau/bytes.hpp>
#include <blau/detail/loop.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>

namespace blau::detail::bluez {

/// The program's end of a socket that AcquireNotify gave: each message is a value.
///
/// bluetoothd drops what the socket has no room for, so that it is emptied whenever something has come.
class NotifySocket : public std::enable_shared_from_this<NotifySocket> {
 public:
  /// @param descriptor taken over
  /// @param on_end the other end is closed; not after `close`
  NotifySocket(Loop& loop, int descriptor, std::function<void(ByteView)> on_value, std::function<void()> on_end);
  ~NotifySocket() { close(); }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  /// Delivers everything that has come. Callbacks may close it.
  void drain() { deliver_batches(most_ever); }
  /// Calls nothing any more, and tells bluetoothd so.
  void close() noexcept;

 private:
  // ATT_MTU is at most 517 (Core Vol 3 Part F 3.2.9).
  static constexpr std::size_t value_limit = 517;
  static constexpr std::size_t batch_size = 16;
  // So many batches a turn, so that a flood leaves room for others; and where all that has come is wanted, more than a socket holds.
  static constexpr int most_a_turn = 16;
  static constexpr int most_ever = 1024;
  struct Batch {
    std::array<std::array<std::uint8_t, value_limit>, batch_size> values;
    std::array<std::size_t, batch_size> sizes;
  };

  void deliver_batches(int most);
  [[nodiscard]] int receive();
  [[nodiscard]] bool deliver(std::size_t count);
  [[nodiscard]] bool is_followed(std::size_t index, std::size_t count) const noexcept;
  [[nodiscard]] bool is_at_end() const noexcept;
  void end();

  /// Closes also what a constructor that throws leaves behind.
  struct Descriptor {
    int number;
    ~Descriptor() { close(); }
    void close() noexcept;
  };

  Descriptor descriptor_;
  std::function<void(ByteView)> on_value_;
  std::function<void()> on_end_;
  std::unique_ptr<FdWatch> watch_;
  std::unique_ptr<Batch> batch_ = std::make_unique<Batch>();
  bool draining_ = false;
};

}  // namespace blau::detail::bluez
