// DevicePairingRequestedEventArgs and its deferrals.

#include "pairing_request.hpp"

#include "device_information.hpp"
#include "remote.hpp"

#include <charconv>
#include <functional>
#include <string>
#include <utility>

namespace fake_windows {
namespace {

using namespace enumeration;

class Deferral : public winrt::implements<Deferral, foundation::IDeferral, foundation::IClosable> {
 public:
  explicit Deferral(std::function<void()> completed) : completed_(std::move(completed)) {}
  void Complete() {
    if (const auto completed = std::exchange(completed_, nullptr)) completed();
  }
  void Close() { Complete(); }

 private:
  std::function<void()> completed_;
};

class PairingRequest : public winrt::implements<PairingRequest, IDevicePairingRequestedEventArgs> {
 public:
  PairingRequest(std::shared_ptr<Remote> remote, DevicePairingKinds kind, std::optional<std::uint32_t> pin,
                 unsigned question)
      : remote_(std::move(remote)), kind_(kind), question_(question) {
    if (pin) pin_ = std::string(6 - std::to_string(*pin).size(), '0') + std::to_string(*pin);
  }

  enumeration::DeviceInformation DeviceInformation() const { return information_of(remote_); }
  DevicePairingKinds PairingKind() const noexcept { return kind_; }
  winrt::hstring Pin() const { return winrt::to_hstring(pin_); }
  void Accept() { accept({}); }
  void Accept(const winrt::hstring& pin) { accept(winrt::to_string(pin)); }
  foundation::Deferral GetDeferral() {
    const std::lock_guard lock(mutex_);
    ++waits_;
    auto completed = [self = get_strong()] { self->step(); };
    return winrt::make<Deferral>(completed).as<foundation::Deferral>();
  }

  /// The handlers have returned, or a deferral is over.
  void step() {
    const std::lock_guard lock(mutex_);
    if (--waits_ != 0) return;
    remote_->host().on_air([remote = remote_, question = question_, accepted = accepted_, passkey = passkey_] {
      remote->pairing().answered(question, accepted, passkey);
    });
  }

 private:
  void accept(const std::string& pin) {
    const std::lock_guard lock(mutex_);
    const bool needs_pin = kind_ == DevicePairingKinds::ProvidePin;
    // What the other side shows has six digits, and so has what is typed.
    if (needs_pin && pin.size() != 6) throw winrt::hresult_invalid_argument();
    if (needs_pin) std::from_chars(pin.data(), pin.data() + pin.size(), passkey_);
    accepted_ = true;
  }

  const std::shared_ptr<Remote> remote_;
  const DevicePairingKinds kind_;
  const unsigned question_;
  std::string pin_;
  std::mutex mutex_;
  int waits_ = 1;
  bool accepted_ = false;
  std::uint32_t passkey_ = 0;
};

}  // namespace

void request_pairing(Remote& remote, const std::shared_ptr<CustomPairingState>& custom, DevicePairingKinds kind,
                     std::optional<std::uint32_t> pin, unsigned question) {
  const auto request = winrt::make_self<PairingRequest>(remote.shared_from_this(), kind, pin, question);
  remote.host().elsewhere([custom, self = custom->self, request] {
    custom->requested.raise_here(self, request.as<DevicePairingRequestedEventArgs>());
    request->step();
  });
}

}  // namespace fake_windows
