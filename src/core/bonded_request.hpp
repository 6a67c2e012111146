#pragma once

#include "client_core.hpp"

#include <blau/backend.hpp>

#include <cstdint>
#include <memory>
#include <utility>

namespace blau::detail {

/// Whether the peripheral refused for lack of a key (Core Vol 3 Part C 10.3.1), so that pairing may help.
[[nodiscard]] bool wants_bond(const Error& error) noexcept;

/// Whether a request may have to be made once more.
enum class Asked : std::uint8_t { may_ask_again, for_the_last_time };

/// A request to an attribute that a peripheral may refuse before there is a bond: then the user's agent pairs, and the request is made once more.
template <class T, class Call>
class BondedRequest : public std::enable_shared_from_this<BondedRequest<T, Call>> {
 public:
  BondedRequest(std::shared_ptr<ClientCore> core, RequestQueues::Key attribute, Call call,
                backend::Done<T> done) noexcept
      : core_(std::move(core)), attribute_(attribute), call_(std::move(call)), done_(std::move(done)) {}

  void issue() {
    auto answered = [self = this->shared_from_this()](Result<T> result) {
      if (result || !wants_bond(result.error())) return self->done_(std::move(result));
      self->pair(std::move(result));
    };
    call_(core_->require_port(), std::move(answered), Asked::may_ask_again);
  }

 private:
  void pair(Result<T> refused) {
    const auto version = core_->tree_version();
    core_->pair_for(attribute_, [self = this->shared_from_this(), version,
                                 refused = std::move(refused)](const Result<void>& paired) mutable {
      if (!paired && paired.error().code() == ErrorCode::not_supported) return self->done_(std::move(refused));
      if (!paired) return self->done_(paired.error());
      self->repeat(version);
    });
  }

  void repeat(std::uint32_t version) {
    if (!core_->is_connected()) return done_(not_connected_error());
    if (version != core_->tree_version()) {
      const auto* words = "the device's services changed with the bond; look the attribute up again";
      return done_(Error(ErrorCode::attribute_gone, words));
    }
    call_(core_->require_port(), std::move(done_), Asked::for_the_last_time);
  }

  std::shared_ptr<ClientCore> core_;
  RequestQueues::Key attribute_;
  Call call_;
  backend::Done<T> done_;
};

/// Lets `call(port, done, asked)` make a request to an attribute; where an agent is there, by way of a bond. Leaves `done` alone where it throws. @throws Error `not_connected`
template <class T, class Call>
void request_bonded(ClientCore& core, RequestQueues::Key attribute, Call call, backend::Done<T>& done) {
  auto& port = core.require_port();
  if (!core.has_agent()) return call(port, std::move(done), Asked::for_the_last_time);
  using Request = BondedRequest<T, Call>;
  std::make_shared<Request>(core.shared_from_this(), attribute, std::move(call), std::move(done))->issue();
}

}  // namespace blau::detail
