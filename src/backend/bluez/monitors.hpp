#pragma once

#include "adapter.hpp"
#include "daemon.hpp"
#include "scanner.hpp"

#include <blau/backend.hpp>

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace blau::detail::bluez {

/// One passive scan: objects of this program's (org.bluez.AdvertisementMonitor1) that bluetoothd reads when it is told of them, and calls from then on. Used for one start; the next one has another.
///
/// The kernel scans passively as long as it has a monitor. bluetoothd keeps Device1 up to date by what matches any monitor of any program, and calls DeviceFound of those monitors that match.
class Monitor : public std::enable_shared_from_this<Monitor> {
 public:
  Monitor(Daemon& daemon, std::weak_ptr<Daemon> pin, std::string adapter, std::string path,
          std::vector<OrPattern> patterns, std::shared_ptr<Scan> scan);

  void begin();
  /// Takes everything back. @param done called when bluetoothd has answered, or at once where it knows of nothing
  void withdraw(backend::Done<void> done);
  /// Over for a reason outside; the scan is told.
  void end(const Error& error);
  [[nodiscard]] bool ended() const noexcept { return state_ == State::ended; }
  [[nodiscard]] bool is_for(const std::shared_ptr<Scan>& scan) const noexcept { return !ended() && scan_ == scan; }
  [[nodiscard]] const std::string& adapter() const noexcept { return adapter_; }
  void device_changed(const DeviceObject& device);
  void forget(const DeviceObject& device) noexcept { found_.erase(device.path); }

 private:
  enum class State {
    asking,       ///< what the adapter can do
    registering,  ///< until bluetoothd has answered, and the kernel taken all patterns
    running,
    ended,
  };

  void asked(const Reply& reply);
  void read_manager(const Message& reply, bool& takes_patterns);
  void enlist();
  void serve();
  void registered(const Reply& reply);
  void append_objects(Message& reply) const;
  void append_patterns(Message& reply, std::size_t number) const;
  [[nodiscard]] std::string object_path(std::size_t number) const;
  [[nodiscard]] std::size_t count() const noexcept;
  void called(std::size_t number, const Message& call);
  void begin_if_ready();
  void released();
  void found(std::string_view path);
  void heard(std::string_view path);
  void report();
  Bus::ReplyHandler guarded(void (Monitor::*next)(const Reply&));

  Daemon& daemon_;
  std::weak_ptr<Daemon> pin_;
  std::string adapter_;
  std::string path_;
  std::vector<OrPattern> patterns_;
  std::shared_ptr<Scan> scan_;
  State state_ = State::asking;
  std::vector<std::unique_ptr<Subscription>> objects_;
  bool answered_ = false;         ///< RegisterMonitor
  std::set<std::size_t> active_;  ///< those that the kernel has taken
  bool released_ = false;         ///< bluetoothd gave it up; why, is being asked
  bool offloaded_ = false;  ///< the controller matches: DeviceFound comes once a device, not once an advertisement
  std::set<std::string, std::less<>> found_;  ///< where offloaded: devices that match now
  std::vector<std::string> fresh_;            ///< heard since the last report, each once
  bool report_due_ = false;
};

/// All passive scans.
class Monitors final : public Anchored<Monitors>, private ObjectsObserver, private DaemonObserver {
 public:
  Monitors(Daemon& daemon, Adapters& adapters);

  void start(const std::shared_ptr<Scan>& scan, const backend::ScanRequest& request);
  void stop(const std::shared_ptr<Scan>& scan, backend::Done<void> done);
  [[nodiscard]] bool holds(const std::shared_ptr<Scan>& scan) const noexcept;

 private:
  void forget_ended() noexcept;
  void start_on(const std::shared_ptr<Scan>& scan, const std::string& adapter, std::vector<OrPattern> patterns);
  void end_on(const std::string& adapter, const Error& error);
  void adapter_changed(const AdapterObject& adapter) override;
  void adapter_removed(const AdapterObject& adapter) override;
  void device_changed(const DeviceObject& device, DeviceChange change) override;
  void device_removed(const DeviceObject& device) override;
  void daemon_lost(const std::string& native) override;

  Daemon& daemon_;
  Adapters& adapters_;
  std::vector<std::shared_ptr<Monitor>> monitors_;
  unsigned last_ = 0;  ///< the number in the last monitor's path
};

}  // namespace blau::detail::bluez
