#pragma once

#include "adapter.hpp"
#include "daemon.hpp"

#include <blau/backend.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace blau::detail::bluez {

struct System;

/// What SetDiscoveryFilter is told.
struct DiscoveryFilter {
  std::optional<std::int16_t> rssi;
  std::optional<std::uint16_t> pathloss;
  bool discoverable = false;
  std::string pattern;

  friend bool operator==(const DiscoveryFilter&, const DiscoveryFilter&) = default;
};

/// The filter that a scan asks for, or what is wrong with its options.
[[nodiscard]] Result<DiscoveryFilter> filter_of(const BlueZScanOptions& options);
/// One filter that lets through what any of them wants. There must be one.
[[nodiscard]] DiscoveryFilter merge(const std::vector<DiscoveryFilter>& filters);
/// Whether a device is what the filter wants; a merged filter lets through more.
[[nodiscard]] bool passes(const DiscoveryFilter& filter, const DeviceObject& device);
/// Whether a change of a device is a sighting of it: without an RSSI it is a memory, and what a link tells is none either.
[[nodiscard]] bool is_sighting(const DeviceObject& device, DeviceChange change) noexcept;
/// Appends the a{sv} for SetDiscoveryFilter.
void append_filter(Message& call, const DiscoveryFilter& filter);

/// One scanner's part in a discovery, or its passive scan. Shared by its port and what scans.
struct Scan {
  backend::ScannerEvents* events = nullptr;  // null: the port is gone
  DiscoveryFilter filter;
  backend::Done<void> starting;  // not yet answered
  bool running = false;
  unsigned attempt = 0;  // counts the starts

  void finish_start(const Result<void>& result);
};

/// The one discovery session that BlueZ gives to this connection on an adapter, shared by all scanners.
class Discovery : public std::enable_shared_from_this<Discovery> {
 public:
  Discovery(Daemon& daemon, std::weak_ptr<Daemon> pin, std::string adapter)
      : daemon_(daemon), pin_(std::move(pin)), adapter_(std::move(adapter)) {}

  void add(const std::shared_ptr<Scan>& scan);
  /// @param done called when BlueZ has stopped, or at once where it goes on for others
  void remove(const std::shared_ptr<Scan>& scan, backend::Done<void> done);
  /// The session is over for a reason outside.
  void end(const Error& error);
  /// Waits for nothing any more: the loop may be gone before this is.
  void retire() noexcept { pause_.stop(); }
  void heard(const DeviceObject& device);
  void forget(const DeviceObject& device) noexcept;
  [[nodiscard]] bool holds(const std::shared_ptr<Scan>& scan) const noexcept;

 private:
  enum class State { idle, starting, running, stopping };

  void begin();
  void start_filtered();
  void start();
  void started(const Reply& reply);
  void started_in_vain();
  void start_again_later();
  void clear();
  void cleared(const Reply& reply);
  void stop();
  void stopped();
  void update_filter();
  void set_filter(Bus::ReplyHandler handler);
  void report();
  [[nodiscard]] DiscoveryFilter merged() const;
  void settle_starts(const Result<void>& result);
  /// @param in_vain for a success that comes when it does not count any more
  Bus::ReplyHandler guarded(void (Discovery::*next)(const Reply&), void (Discovery::*in_vain)() = nullptr);

  Daemon& daemon_;
  std::weak_ptr<Daemon> pin_;
  std::string adapter_;
  State state_ = State::idle;
  unsigned generation_ = 0;
  std::vector<std::shared_ptr<Scan>> scans_;
  std::vector<backend::Done<void>> stopping_;
  DiscoveryFilter sent_;
  // While BlueZ is busy: how long until the next attempt.
  Timer pause_;
  Duration next_pause_{};
  bool is_filtered_ = false;  // BlueZ took the filter
  // Heard since the last report, each once.
  std::vector<const DeviceObject*> fresh_;
  bool report_due_ = false;
};

/// All discoveries, by adapter.
class Discoveries final : public Anchored<Discoveries>, private ObjectsObserver, private DaemonObserver {
 public:
  Discoveries(Daemon& daemon, Adapters& adapters);
  ~Discoveries();

  void start(const std::shared_ptr<Scan>& scan, const backend::ScanRequest& request);
  void stop(const std::shared_ptr<Scan>& scan, backend::Done<void> done);

 private:
  void start_on(const std::shared_ptr<Scan>& scan, const std::string& adapter);
  void adapter_changed(const AdapterObject& adapter) override;
  void adapter_removed(const AdapterObject& adapter) override;
  void device_changed(const DeviceObject& device, DeviceChange change) override;
  void device_removed(const DeviceObject& device) override;
  void daemon_lost(const std::string& native) override;
  [[nodiscard]] std::shared_ptr<Discovery> of_adapter(std::string_view path) const;

  Daemon& daemon_;
  Adapters& adapters_;
  std::map<std::string, std::shared_ptr<Discovery>, std::less<>> discoveries_;
};

/// The contract's scanner.
class Scanner final : public backend::ScannerPort {
 public:
  Scanner(std::weak_ptr<System> system, backend::ScannerEvents& events);
  ~Scanner() override;
  void start(const backend::ScanRequest& request, backend::Done<void> done) override;
  void stop(backend::Done<void> done) override;

 private:
  static void stop(System& system, const std::shared_ptr<Scan>& scan, backend::Done<void> done);

  std::weak_ptr<System> system_;
  std::shared_ptr<Scan> scan_;
};

}  // namespace blau::detail::bluez
