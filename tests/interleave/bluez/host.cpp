#include "host.hpp"

#include "backend/bluez/interfaces.hpp"

#include <utility>

namespace blau::interleave::imitation {

using detail::bluez::properties_interface;

namespace {

std::uint64_t cookie_of(const Message& call) {
  std::uint64_t cookie = 0;
  sd_bus_message_get_cookie(call.get(), &cookie);
  return cookie;
}

}  // namespace

Host::Host(sim::World& world, std::shared_ptr<Log> log, std::uint64_t seed, std::function<void(Message)> on_call)
    : world_(world),
      log_(std::move(log)),
      dice_(~seed),
      radio_(world.backend().factory()(world.loop())),
      on_call_(std::move(on_call)),
      bus_(*world.loop().loop(), [this](const Message& call) { take(call); }) {}

int Host::open(sd_bus** theirs) {
  owed_.clear();
  int result = bus_.open(theirs);
  while (result >= 0 && sd_bus_is_ready(*theirs) <= 0) {
    bus_.process();
    result = sd_bus_process(*theirs, nullptr);
  }
  return result;
}

void Host::hang_up() {
  owed_.clear();
  bus_.hang_up();
}

Message Host::changed(const std::string& path, const char* interface) const {
  Message message = signal(path, properties_interface, "PropertiesChanged");
  message.append("s", interface);
  return message;
}

void Host::take(const Message& call) {
  if (sd_bus_message_get_expect_reply(call.get()) > 0) owed_.emplace(cookie_of(call), call);
  on_call_(call);
}

bool Host::settle(const Message& call) {
  const auto owed = owed_.find(cookie_of(call));
  if (owed == owed_.end() || owed->second.get() != call.get()) return false;
  owed_.erase(owed);
  return true;
}

void Host::answer(const Message& call, const Fill& fill) {
  if (!settle(call)) return;
  Message reply = PeerBus::reply_to(call);
  if (fill) fill(reply);
  send(reply);
}

void Host::refuse(const Message& call, const Refusal& refusal) {
  if (settle(call)) send(PeerBus::error_to(call, refusal.name, refusal.text));
}

void Host::owe_nothing() {
  const auto owed = owed_;
  for (const auto& [cookie, call] : owed) refuse(call, refusals::no_reply);
}

void Host::later(const std::weak_ptr<void>& life, const std::function<void()>& call) {
  if (!slow_ || roll(3) == 0) return call();
  const auto delay = std::chrono::microseconds(roll(2) == 0 ? 0 : roll(20'000));
  world_.after(delay, [life, call] {
    if (!life.expired()) call();
  });
}

std::optional<Refusal> Host::mishap(std::initializer_list<Refusal> possible) {
  if (mishaps_ == 0 || roll(2) == 0) return std::nullopt;
  --mishaps_;
  return *(possible.begin() + static_cast<std::ptrdiff_t>(roll(possible.size())));
}

}  // namespace blau::interleave::imitation
