#include "pairing.hpp"

#include "core/pairing_answers.hpp"
#include "errors.hpp"
#include "gatt.hpp"

#include <utility>

namespace blau::detail::windows {
namespace {

using Kind = backend::PairingQuestion::Kind;
using Kinds = enumeration::DevicePairingKinds;
using Status = enumeration::DevicePairingResultStatus;

Error called_off() { return {ErrorCode::pairing_canceled, "the pairing was called off"}; }

}  // namespace

PairingProcedure::Ceremony::~Ceremony() {
  if (custom) custom.PairingRequested(requested);
}

PairingProcedure::PairingProcedure(const std::shared_ptr<System>& system, std::weak_ptr<PairingUser> user,
                                   const backend::PairRequest& request)
    : system_(system), user_(std::move(user)), request_(request) {
  if (request.level) {
    levels_ = {static_cast<Level>(*request.level)};  // the numbers are Windows'
  } else {
    levels_ = {Level::EncryptionAndAuthentication, Level::Encryption, std::nullopt};
  }
}

/// What the agent can answer. Without any, the user agrees to Just Works by having called `pair`.
Kinds PairingProcedure::kinds() const noexcept {
  auto kinds = Kinds::None;
  if (!request_.implied || answers(request_.answers, Kind::confirm)) kinds |= Kinds::ConfirmOnly;
  if (answers(request_.answers, Kind::display_passkey)) kinds |= Kinds::DisplayPin;
  if (answers(request_.answers, Kind::request_passkey)) kinds |= Kinds::ProvidePin;
  if (answers(request_.answers, Kind::confirm_passkey)) kinds |= Kinds::ConfirmPinMatch;
  return kinds;
}

void PairingProcedure::begin(unique_function<::winrt::hstring()> device_id, Then then) {
  then_ = std::move(then);
  if (kinds() == Kinds::None) return finish(nobody_answers(Kind::confirm));
  auto start = [device_id = std::move(device_id)]() mutable {
    return enumeration::DeviceInformation::CreateFromIdAsync(device_id());
  };
  auto got = [weak = weak_from_this()](Result<enumeration::DeviceInformation> information) {
    if (const auto self = weak.lock()) self->got_information(std::move(information));
  };
  asked_ = system_->ask<enumeration::DeviceInformation>(std::move(start), std::move(got));
}

void PairingProcedure::got_information(Result<enumeration::DeviceInformation> information) {
  if (!information) return finish(information.error());
  auto work = [ceremony = ceremony_, found = std::move(*information), system = std::weak_ptr<System>(system_),
               weak = weak_from_this(), loop = system_->handle()] {
    ceremony->information = found;
    return prepare(*ceremony, system, weak, loop);
  };
  auto then = [weak = weak_from_this()](const Result<Standing>& standing) {
    if (const auto self = weak.lock()) self->prepared(standing);
  };
  system_->call<Standing>(std::move(work), std::move(then));
}

PairingProcedure::Standing PairingProcedure::prepare(Ceremony& ceremony, const std::weak_ptr<System>& system,
                                                     const std::weak_ptr<PairingProcedure>& pairing,
                                                     const LoopHandle& loop) {
  const auto state = ceremony.information.Pairing();
  if (state.IsPaired()) return Standing::paired;
  if (!state.CanPair()) return Standing::cannot_pair;
  const auto custom = state.Custom();
  ceremony.requested = custom.PairingRequested([system, pairing, loop](const auto&, const auto& args) {
    try {
      const auto request = std::make_shared<PairingRequest>(system, args);
      loop.post([pairing, request] {
        if (const auto self = pairing.lock()) self->requested(request);
      });
    } catch (...) {  // NOLINT: the pairing is over
    }
  });
  ceremony.custom = custom;
  return Standing::can_pair;
}

void PairingProcedure::prepared(const Result<Standing>& standing) {
  if (!then_) return;  // called off
  if (!standing) return finish(standing.error());
  if (*standing == Standing::paired) return finish(Result<void>());
  if (*standing == Standing::can_pair) return pair();
  finish(Error(ErrorCode::not_supported, "Windows says that this device cannot be paired with: make it pairable"));
}

/// Keeps this object until PairAsync has ended, whoever has lost interest.
void PairingProcedure::pair() {
  called_ = true;
  auto start = [ceremony = ceremony_, kinds = kinds(), level = levels_[level_]] {
    return level ? ceremony->custom.PairAsync(kinds, *level) : ceremony->custom.PairAsync(kinds);
  };
  auto read = [](const enumeration::DevicePairingResult& result) { return result.Status(); };
  auto then = [self = shared_from_this()](const Result<Status>& status) { self->paired(status); };
  asked_ =
      ask_for<Status, enumeration::DevicePairingResult>(system_, std::move(start), std::move(read), std::move(then));
}

void PairingProcedure::paired(const Result<Status>& status) {
  open_.reset();
  const bool is_over = canceled_ || refusal_ || !status || level_ + 1 == levels_.size();
  if (!is_over && *status == Status::ProtectionLevelCouldNotBeMet) {
    ++level_;
    return pair();
  }
  if (canceled_) return finish(called_off());
  if (!status) return finish(status.error());
  const auto result = result_of(*status);
  if (!result && refusal_) return finish(*refusal_);
  finish(result);
}

void PairingProcedure::requested(const std::shared_ptr<PairingRequest>& request) {
  const auto user = user_.lock();
  const auto& question = request->question();
  if (canceled_ || !user || !question) return request->refuse();
  open_ = request;
  if (!answers(request_.answers, question->kind)) {
    const bool agreed_already = question->kind == Kind::confirm && !request_.implied;
    if (!agreed_already) return refuse(nobody_answers(question->kind));
    std::exchange(open_, nullptr)->accept({});
    return;
  }
  user->ask(*question, [weak = weak_from_this(), request](const Result<backend::PairingAnswer>& answer) {
    const auto self = weak.lock();
    if (self && self->open_ == request) self->answered(answer);
  });
}

void PairingProcedure::answered(const Result<backend::PairingAnswer>& answer) {
  if (!answer || !answer->accepted) return refuse(refusal_of(answer));
  std::exchange(open_, nullptr)->accept(*answer);
}

void PairingProcedure::refuse(const Error& why) {
  refusal_ = why;
  std::exchange(open_, nullptr)->refuse();
}

void PairingProcedure::cancel() {
  if (std::exchange(canceled_, true) || !then_) return;
  // The question that is open is refused, and PairAsync ends by that.
  if (const auto open = std::exchange(open_, nullptr)) open->refuse();
  if (!called_) finish(called_off());
}

void PairingProcedure::finish(const Result<void>& result) {
  const auto self = shared_from_this();
  system_->bury(std::exchange(ceremony_, nullptr));
  auto then = std::exchange(then_, nullptr);
  if (then) then(result);
}

}  // namespace blau::detail::windows
