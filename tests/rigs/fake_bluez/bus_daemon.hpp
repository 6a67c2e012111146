#pragma once

#include <sys/types.h>

#include <string>

namespace blau::fake {

/// A dbus-daemon of this program's own: it ends with this program, however that ends.
class BusDaemon {
 public:
  /// @param config dbus-daemon's configuration, with the address that it listens at
  explicit BusDaemon(std::string config) : config_(std::move(config)) {}
  BusDaemon(const BusDaemon&) = delete;
  BusDaemon& operator=(const BusDaemon&) = delete;
  ~BusDaemon() { stop(); }

  /// Returns when it takes connections. @throws std::runtime_error
  void start();
  /// Ends it, and with it the connection of everybody.
  void stop() noexcept;
  [[nodiscard]] bool runs() const noexcept { return process_ > 0; }

 private:
  [[noreturn]] void become_daemon(int ready) const noexcept;

  std::string config_;
  pid_t process_ = -1;
};

}  // namespace blau::fake
