#include "pairing_session.hpp"

#include "device_information.hpp"
#include "pairing_request.hpp"
#include "remote.hpp"

#include <string>
#include <utility>

namespace fake_windows {
namespace {

using namespace enumeration;
using Question = blau::backend::PairingQuestion::Kind;

class PairingResult : public winrt::implements<PairingResult, IDevicePairingResult> {
 public:
  PairingResult(DevicePairingResultStatus status, DevicePairingProtectionLevel level)
      : status_(status), level_(level) {}
  DevicePairingResultStatus Status() const noexcept { return status_; }
  DevicePairingProtectionLevel ProtectionLevelUsed() const noexcept { return level_; }

 private:
  const DevicePairingResultStatus status_;
  const DevicePairingProtectionLevel level_;
};

class UnpairingResult : public winrt::implements<UnpairingResult, IDeviceUnpairingResult> {
 public:
  explicit UnpairingResult(DeviceUnpairingResultStatus status) : status_(status) {}
  DeviceUnpairingResultStatus Status() const noexcept { return status_; }

 private:
  const DeviceUnpairingResultStatus status_;
};

DevicePairingKinds kind_of(Question question) {
  switch (question) {
    case Question::display_passkey: return DevicePairingKinds::DisplayPin;
    case Question::request_passkey: return DevicePairingKinds::ProvidePin;
    case Question::confirm_passkey: return DevicePairingKinds::ConfirmPinMatch;
    default: return DevicePairingKinds::ConfirmOnly;
  }
}

bool holds(DevicePairingKinds kinds, DevicePairingKinds kind) {
  return (static_cast<std::uint32_t>(kinds) & static_cast<std::uint32_t>(kind)) != 0;
}

/// Windows agrees to Just Works itself where it may, but asks whoever began the pairing.
std::vector<Question> answers_of(DevicePairingKinds kinds) {
  std::vector<Question> answers{Question::confirm};
  for (const Question question : {Question::display_passkey, Question::request_passkey, Question::confirm_passkey})
    if (holds(kinds, kind_of(question))) answers.push_back(question);
  return answers;
}

DevicePairingResultStatus status_of(const blau::Error& error) {
  using Status = DevicePairingResultStatus;
  switch (error.code()) {
    case blau::ErrorCode::pairing_rejected: return Status::ConnectionRejected;
    case blau::ErrorCode::pairing_canceled: return Status::PairingCanceled;
    case blau::ErrorCode::pairing_timed_out: return Status::AuthenticationTimeout;
    case blau::ErrorCode::pairing_failed: return Status::AuthenticationFailure;
    case blau::ErrorCode::busy: return Status::OperationAlreadyInProgress;
    case blau::ErrorCode::too_many_connections: return Status::TooManyConnections;
    case blau::ErrorCode::access_denied: return Status::AccessDenied;
    default: return Status::Failed;
  }
}

DevicePairingResult result_of(DevicePairingResultStatus status, DevicePairingProtectionLevel level) {
  return winrt::make<PairingResult>(status, level).as<DevicePairingResult>();
}

}  // namespace

void PairingSession::begin(PairingWish wish) {
  const auto none = DevicePairingProtectionLevel::None;
  if (wish_) return wish.operation->succeed(result_of(Status::OperationAlreadyInProgress, none));
  if (remote_.facts().paired) return wish.operation->succeed(result_of(Status::AlreadyPaired, none));
  wish_ = std::move(wish);
  refusal_.reset();
  wish_->operation->on_cancel = [weak = remote_.weak_from_this()] {
    const auto remote = weak.lock();
    if (remote && remote->is_up()) remote->port().cancel_pair();
  };
  remote_.await_link([weak = remote_.weak_from_this()](const std::optional<blau::Error>& error) {
    const auto remote = weak.lock();
    if (!remote || !remote->pairing().wish_) return;
    error ? remote->pairing().end(Status::Failed) : remote->pairing().link_is_up();
  });
}

void PairingSession::link_is_up() {
  remote_.use();
  blau::backend::PairRequest request;
  request.answers = answers_of(wish_->kinds);
  remote_.port().pair(request, [weak = remote_.weak_from_this()](const blau::Result<void>& result) {
    const auto remote = weak.lock();
    if (!remote) return;
    auto& self = remote->pairing();
    self.answer_.reset();
    self.end(result ? Status::Paired : self.refusal_.value_or(status_of(result.error())));
    remote->unuse();
  });
}

void PairingSession::end(Status status) {
  const auto wish = std::exchange(wish_, std::nullopt);
  if (wish->custom) wish->custom->self = nullptr;
  const auto used = wish->level.value_or(DevicePairingProtectionLevel::Default);
  wish->operation->succeed(result_of(status, used));
}

void PairingSession::refuse(Status status) {
  refusal_ = status;
  auto answer = std::move(answer_);
  answer(blau::backend::PairingAnswer{});
}

void PairingSession::ask(const blau::backend::PairingQuestion& question,
                         blau::backend::Done<blau::backend::PairingAnswer> done) {
  answer_ = std::move(done);
  if (!wish_) return refuse(Status::RequiredHandlerNotRegistered);
  const auto kind = kind_of(question.kind);
  const bool protects = kind != DevicePairingKinds::ConfirmOnly;
  if (!protects && wish_->level == DevicePairingProtectionLevel::EncryptionAndAuthentication)
    return refuse(Status::ProtectionLevelCouldNotBeMet);
  if (!wish_->custom || wish_->custom->requested.empty() || !holds(wish_->kinds, kind))
    return refuse(Status::RequiredHandlerNotRegistered);
  const bool shows = kind == DevicePairingKinds::DisplayPin || kind == DevicePairingKinds::ConfirmPinMatch;
  request_pairing(remote_, wish_->custom, kind, shows ? std::optional(question.passkey) : std::nullopt, ++question_);
}

void PairingSession::answered(unsigned question, bool accepted, std::uint32_t passkey) {
  if (question != question_ || !answer_) return;
  if (!accepted) return refuse(Status::RejectedByHandler);
  blau::backend::PairingAnswer given;
  given.accepted = true;
  given.passkey = passkey;
  auto answer = std::move(answer_);
  answer(given);
}

void PairingSession::unpair(const OperationRef<DeviceUnpairingResult>& operation) {
  using Unpairing = DeviceUnpairingResultStatus;
  auto give = [operation](Unpairing status) {
    operation->succeed(winrt::make<UnpairingResult>(status).template as<DeviceUnpairingResult>());
  };
  if (!remote_.facts().paired) return give(Unpairing::AlreadyUnpaired);
  remote_.port().unpair([give, weak = remote_.weak_from_this()](const blau::Result<void>& result) {
    if (const auto remote = weak.lock(); remote && result) remote->forget_bond();
    give(result ? Unpairing::Unpaired : Unpairing::Failed);
  });
}

}  // namespace fake_windows
