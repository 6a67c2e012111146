#include "adapter_return.hpp"

#include <utility>

namespace blau::detail {

bool waits_for_adapter(const Error& error, const std::string& named) noexcept {
  // Unknown, although it was known before: it was unplugged.
  if (error.code() == ErrorCode::invalid_argument) return !named.empty();
  if (error.code() == ErrorCode::backend_lost) return true;
  if (error.code() != ErrorCode::bluetooth_not_available) return false;
  const auto reason = error.unavailable_reason();
  return reason != UnavailableReason::denied && reason != UnavailableReason::no_central_role;
}

AdapterReturn::AdapterReturn(Loop& loop, const std::shared_ptr<backend::Backend>& backend, std::string wanted,
                             unique_function<void()> on_usable)
    : loop_(loop),
      backend_(backend),
      wanted_(std::move(wanted)),
      on_usable_(std::move(on_usable)),
      self_(std::make_shared<AdapterReturn*>(this)),
      watch_(backend_->watch_adapters(*this)) {
  look_around();
}

AdapterReturn::~AdapterReturn() { *self_ = nullptr; }

// It may be back before the error that told of its end was here. Where it never was away, the pause keeps a fault that stays
// from being a busy loop.
void AdapterReturn::look_around() {
  static constexpr std::chrono::seconds calm{1};
  backend_->list_adapters([self = self_](const Result<std::vector<backend::AdapterState>>& states) {
    if (!*self || !states) return;
    for (const auto& state : *states)
      if (*self) (*self)->consider(state, calm);
  });
}

bool AdapterReturn::is_wanted(const backend::AdapterState& state) const {
  if (wanted_.empty() || wanted_ == state.id) return true;
  const auto address = Address::parse(wanted_);
  return address && *address == state.address;
}

void AdapterReturn::consider(const backend::AdapterState& state, Duration pause) {
  if (state.unusable || soon_.running() || !is_wanted(state)) return;
  returning_ = state.id;
  soon_.start_after(loop_, pause, [this] {
    auto on_usable = std::move(on_usable_);
    on_usable();  // may destroy this
  });
}

void AdapterReturn::on_adapter_changed(const backend::AdapterState& state) {
  if (state.id == returning_) soon_.stop();  // off again, or better than a guess
  consider(state, Duration::zero());
}

}  // namespace blau::detail
