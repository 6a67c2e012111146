#pragma once

#include "async.hpp"
#include "pairing_request.hpp"

#include <blau/backend.hpp>

#include <winrt/Windows.Devices.Enumeration.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace blau::detail::windows {

/// Whom a pairing asks.
class PairingUser {
 public:
  virtual void ask(const backend::PairingQuestion& question, backend::Done<backend::PairingAnswer> done) = 0;

 protected:
  ~PairingUser() = default;
};

/// One pairing that the user began. PairAsync is never abandoned, since Windows pairs with nothing any more then: whoever calls it off waits for its end.
class PairingProcedure : public std::enable_shared_from_this<PairingProcedure> {
 public:
  using Then = unique_function<void(Result<void>)>;

  PairingProcedure(const std::shared_ptr<System>& system, std::weak_ptr<PairingUser> user,
                   const backend::PairRequest& request);
  ~PairingProcedure() {
    if (ceremony_) system_->bury(std::move(ceremony_));
  }

  /// @param device_id gives DeviceId, on the apartment
  void begin(unique_function<::winrt::hstring()> device_id, Then then);
  /// Ends it with `pairing_canceled`: at once, or when Windows has ended it.
  void cancel();

 private:
  using Level = enumeration::DevicePairingProtectionLevel;
  /// The system's objects; they are called on the apartment.
  struct Ceremony {
    enumeration::DeviceInformation information{nullptr};
    enumeration::DeviceInformationCustomPairing custom{nullptr};
    ::winrt::event_token requested{};
    ~Ceremony();
  };
  enum class Standing : std::uint8_t { can_pair, paired, cannot_pair };

  void got_information(Result<enumeration::DeviceInformation> information);
  [[nodiscard]] static Standing prepare(Ceremony& ceremony, const std::weak_ptr<System>& system,
                                        const std::weak_ptr<PairingProcedure>& pairing, const LoopHandle& loop);
  void prepared(const Result<Standing>& standing);
  void pair();
  void paired(const Result<enumeration::DevicePairingResultStatus>& status);
  void requested(const std::shared_ptr<PairingRequest>& request);
  void answered(const Result<backend::PairingAnswer>& answer);
  void refuse(const Error& why);
  void finish(const Result<void>& result);
  [[nodiscard]] enumeration::DevicePairingKinds kinds() const noexcept;

  std::shared_ptr<System> system_;
  std::weak_ptr<PairingUser> user_;
  backend::PairRequest request_;
  Then then_;
  std::shared_ptr<Ceremony> ceremony_ = std::make_shared<Ceremony>();
  // What is tried, one after the other; an empty one is the overload without a level.
  std::vector<std::optional<Level>> levels_;
  std::size_t level_ = 0;
  std::shared_ptr<PairingRequest> open_;
  std::optional<Error> refusal_;
  bool called_ = false;
  bool canceled_ = false;
  Asked asked_;
};

}  // namespace blau::detail::windows
