#pragma once

#include "daemon.hpp"

#include <blau/backend.hpp>

#include <optional>
#include <string>
#include <vector>

namespace blau::detail::bluez {

/// What one bluetoothd can do and another cannot, and no version tells. Each is asked once.
class Features final : public Anchored<Features>, private DaemonObserver {
 public:
  explicit Features(Daemon& daemon);

  /// Whether there is Adapter1.ConnectDevice: with -E. Only while the cache is whole.
  void connect_device(const std::string& adapter_path, backend::Done<bool> done);

 private:
  void daemon_lost(const std::string& native) override;
  void described(const Reply& reply);
  void finish(const Result<bool>& result);

  Daemon& daemon_;
  std::optional<bool> connect_device_;
  std::vector<backend::Done<bool>> waiting_;
  unsigned generation_ = 0;
};

}  // namespace blau::detail::bluez
