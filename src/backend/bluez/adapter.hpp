#pragma once

#include "daemon.hpp"

#include <blau/backend.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace blau::detail::bluez {

/// Why an adapter cannot be a central now; empty if it can.
[[nodiscard]] std::optional<UnavailableReason> unusable(const AdapterObject& adapter);

/// True if a radio switch blocks the adapter, by what the kernel tells of it in `sysfs`: BlueZ before 5.73 does not say.
[[nodiscard]] bool is_blocked(std::string_view adapter_id, const std::string& sysfs = "/sys/class/bluetooth");

/// The adapters: which there are, which is meant, and who wants to know.
class Adapters final : public Anchored<Adapters>, private ObjectsObserver, private DaemonObserver {
 public:
  explicit Adapters(Daemon& daemon);

  /// The adapter of that id, address or path, or the default one, if it can be used now. The pointer is for the moment.
  [[nodiscard]] Result<const AdapterObject*> choose(const std::string& wanted) const;
  /// The same whether it can be used or not.
  [[nodiscard]] Result<const AdapterObject*> find(const std::string& wanted) const;

  [[nodiscard]] std::vector<backend::AdapterState> states() const;
  [[nodiscard]] std::unique_ptr<backend::AdapterWatch> watch(backend::AdapterEvents& events);

 private:
  struct Watcher {
    backend::AdapterEvents* events;
  };
  class Watch;

  void adapter_changed(const AdapterObject&) override { tell_changes(); }
  void adapter_removed(const AdapterObject& adapter) override;
  void daemon_ready() override;
  void daemon_lost(const std::string& native) override;
  void daemon_absent() override;
  void look_again_later();

  [[nodiscard]] const AdapterObject* default_adapter() const;
  void tell_changes();
  void tell_removed(const std::string& id);
  void tell_changed(const backend::AdapterState& state);
  std::vector<std::shared_ptr<Watcher>> watchers();

  Daemon& daemon_;
  std::vector<std::shared_ptr<Watcher>> watchers_;
  std::map<std::string, backend::AdapterState> told_;
  // The first look is what `states` gives; only what differs from it is news.
  bool baseline_ = true;
  // Until the bus is looked for again, and how long it was the last time.
  Timer pause_;
  Duration last_pause_{};
};

}  // namespace blau::detail::bluez
