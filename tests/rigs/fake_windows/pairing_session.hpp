#pragma once

#include "event.hpp"
#include "operation.hpp"
#include "platform.hpp"

#include <blau/backend.hpp>

#include <memory>
#include <optional>

namespace fake_windows {

class Remote;

/// Of a DeviceInformationCustomPairing.
struct CustomPairingState {
  using Handler = foundation::TypedEventHandler<enumeration::DeviceInformationCustomPairing,
                                                enumeration::DevicePairingRequestedEventArgs>;
  enumeration::DeviceInformationCustomPairing self = nullptr;  // as long as it pairs
  Event<Handler> requested;
};

/// What PairAsync was told.
struct PairingWish {
  enumeration::DevicePairingKinds kinds = enumeration::DevicePairingKinds::None;
  std::optional<enumeration::DevicePairingProtectionLevel> level;
  std::shared_ptr<CustomPairingState> custom;
  OperationRef<enumeration::DevicePairingResult> operation;
};

/// A device's pairing: one at a time. On the air.
class PairingSession {
 public:
  explicit PairingSession(Remote& remote) : remote_(remote) {}

  void begin(PairingWish wish);
  void unpair(const OperationRef<enumeration::DeviceUnpairingResult>& operation);

  /// The device asks.
  void ask(const blau::backend::PairingQuestion& question, blau::backend::Done<blau::backend::PairingAnswer> done);
  void withdraw() { answer_.reset(); }
  /// The program's handlers have said what they have to say. @param pin absent: not accepted
  void answered(unsigned question, bool accepted, std::uint32_t passkey);

 private:
  using Status = enumeration::DevicePairingResultStatus;
  void link_is_up();
  void end(Status status);
  void refuse(Status status);

  Remote& remote_;
  std::optional<PairingWish> wish_;
  std::optional<Status> refusal_;
  unsigned question_ = 0;
  blau::backend::Done<blau::backend::PairingAnswer> answer_;
};

}  // namespace fake_windows
