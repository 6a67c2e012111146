#pragma once

#include "async.hpp"

#include <blau/backend.hpp>

#include <winrt/Windows.Devices.Bluetooth.h>
#include <winrt/Windows.Devices.Radios.h>

#include <memory>
#include <optional>
#include <string>

namespace blau::detail::windows {

/// What one look at the adapter gave.
struct AdapterSight {
  backend::AdapterState state;
  /// Null where Windows does not give it: a 32-bit program on 64-bit Windows.
  ::winrt::Windows::Devices::Radios::Radio radio{nullptr};
};

// `done` of these two is called unless the system ends before; who may be gone then has to see to it.

/// Looks at the machine's default adapter, the only one that Windows lets a program use. Empty where there is none.
/// Errors: `bluetooth_not_available` (`no_service`, `denied`), `backend_lost`, `failed`.
void look_at_adapter(System& system, backend::Done<std::optional<AdapterSight>> done);

/// The adapter to use. @param wanted its id or address in text; empty: the default one
/// Errors: as above; `bluetooth_not_available` for any reason, `not_supported` for another one than the default.
void choose_adapter(System& system, const std::string& wanted, backend::Done<backend::AdapterState> done);

/// The same, whether it can be used or not. What lists devices needs no radio.
void find_adapter(System& system, const std::string& wanted, backend::Done<backend::AdapterState> done);

/// Tells of changes of the default adapter until it is destroyed.
[[nodiscard]] std::unique_ptr<backend::AdapterWatch> watch_adapter(const std::shared_ptr<System>& system,
                                                                   backend::AdapterEvents& events);

}  // namespace blau::detail::windows
