#include "outgoing.hpp"

#include <utility>

namespace blau::fake {

OutgoingCall::OutgoingCall(Bus& bus, const Message& call, nanoseconds limit, Answered answered)
    : answered_(std::move(answered)), slot_(bus.ask(call, limit, &OutgoingCall::on_answer, this)) {}

int OutgoingCall::on_answer(sd_bus_message* message, void* self, sd_bus_error*) noexcept {
  // Whoever takes the answer may destroy this call.
  const Answered answered = std::move(static_cast<OutgoingCall*>(self)->answered_);
  if (answered) answered(Message::share(message));
  return 0;
}

}  // namespace blau::fake
