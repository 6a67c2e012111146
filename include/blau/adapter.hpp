#pragma once

#include <blau/backend.hpp>
#include <blau/operation.hpp>
#include <blau/stream.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace blau {

namespace detail {
struct AdapterAccess;
}

/// What an adapter is like at a moment.
using AdapterState = backend::AdapterState;

/// Which Bluetooth system, on which loop.
struct AdapterOptions {
  /// The Bluetooth system; empty: the default.
  BackendRef backend;
  /// The loop; null: the one that starts the operation.
  EventLoop* loop = nullptr;
};

/// A Bluetooth radio of this machine, as it was when it was asked for. A value.
class BLAU_API Adapter {
 public:
  /// All adapters of the machine; none is an empty list.
  /// Errors: `bluetooth_not_available` (no Bluetooth service), `access_denied`, `not_supported` (this build lacks the backend), `invalid_argument` (a faulty `$BLAU_BACKEND` or world file),
  /// `timed_out` (10 s), `backend_lost`, `failed`.
  [[nodiscard]] static Operation<std::vector<Adapter>> all(AdapterOptions options = AdapterOptions());

  /// The adapter that is used where none is chosen: on Linux the first that is powered and can be a central.
  /// Errors: as `all`; `bluetooth_not_available` with its reason where no adapter can be used.
  [[nodiscard]] static Operation<Adapter> get_default(AdapterOptions options = AdapterOptions());

  /// What options select it by: `hci0`.
  [[nodiscard]] const std::string& id() const noexcept { return state_.id; }
  /// The name that people gave it.
  [[nodiscard]] const std::string& name() const noexcept { return state_.name; }
  /// The Bluetooth address of the adapter itself.
  [[nodiscard]] const Address& address() const noexcept { return state_.address; }
  /// Whether it was switched on.
  [[nodiscard]] bool powered() const noexcept { return state_.powered; }
  /// Whether it is the one that is used where none is chosen.
  [[nodiscard]] bool is_default() const noexcept { return state_.is_default; }
  /// Why it cannot be used; empty if it can.
  [[nodiscard]] std::optional<UnavailableReason> unusable() const noexcept { return state_.unusable; }

  /// Its state at each change, from the start of the reading on. Ends with `bluetooth_not_available` when the adapter is removed, with `loop_closed` when its loop ends.
  [[nodiscard]] Stream<AdapterState> state_changes() const;

  /// Devices that the system holds a link to, also those of other programs. @param services only devices with one of these; empty: all.
  /// Errors: `bluetooth_not_available` (also if this adapter is gone), `access_denied`, `timed_out` (10 s), `backend_lost`, `failed`.
  [[nodiscard]] Operation<std::vector<Device>> connected_devices(
      std::vector<Uuid> services = std::vector<Uuid>()) const;

  /// Devices that the system has a bond with. Errors: as `connected_devices`.
  [[nodiscard]] Operation<std::vector<Device>> bonded_devices() const;

 private:
  friend struct detail::AdapterAccess;
  Adapter(AdapterState state, std::shared_ptr<detail::AdapterAccess> access) noexcept;
  AdapterState state_;
  std::shared_ptr<detail::AdapterAccess> access_;
};

}  // namespace blau
