#pragma once

#include "bus.hpp"

#include <functional>

namespace blau::fake {

/// A call of a program's method. Its answer, maybe an error, comes once, unless this is destroyed before.
class OutgoingCall {
 public:
  using Answered = std::function<void(const Message&)>;

  OutgoingCall(Bus& bus, const Message& call, nanoseconds limit, Answered answered);
  OutgoingCall(const OutgoingCall&) = delete;
  OutgoingCall& operator=(const OutgoingCall&) = delete;
  ~OutgoingCall() { sd_bus_slot_unref(slot_); }

 private:
  static int on_answer(sd_bus_message* message, void* self, sd_bus_error*) noexcept;

  Answered answered_;
  sd_bus_slot* slot_ = nullptr;
};

}  // namespace blau::fake
