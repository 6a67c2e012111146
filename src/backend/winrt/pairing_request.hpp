#pragma once

#include "async.hpp"

#include <blau/backend.hpp>

#include <winrt/Windows.Devices.Enumeration.h>

#include <cstdint>
#include <memory>
#include <optional>

namespace blau::detail::windows {

namespace enumeration = ::winrt::Windows::Devices::Enumeration;

/// A PairingRequested event, which waits for the user's answer. Destroying it refuses. Its answer is given on the apartment: completed in an STA it hangs the pairing of the whole system.
class PairingRequest {
 public:
  /// In the event's handler. @throws hresult_error
  PairingRequest(std::weak_ptr<System> system, const enumeration::DevicePairingRequestedEventArgs& args);
  ~PairingRequest() { complete(false, std::nullopt); }
  PairingRequest(const PairingRequest&) = delete;
  PairingRequest& operator=(const PairingRequest&) = delete;

  /// Empty for a ceremony that Bluetooth Low Energy does not have.
  [[nodiscard]] const std::optional<backend::PairingQuestion>& question() const noexcept { return question_; }
  void accept(const backend::PairingAnswer& answer);
  void refuse() { complete(false, std::nullopt); }

 private:
  void complete(bool accepted, std::optional<std::uint32_t> passkey) noexcept;

  std::weak_ptr<System> system_;
  enumeration::DevicePairingRequestedEventArgs args_;
  ::winrt::Windows::Foundation::Deferral deferral_;
  std::optional<backend::PairingQuestion> question_;
};

}  // namespace blau::detail::windows
