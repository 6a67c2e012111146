#include "bus.hpp"

#include "core/fd_watch.hpp"

#include <poll.h>

#include <list>
#include <optional>
#include <utility>

namespace blau::detail::bluez {

namespace {

// So many messages are handled in one turn of the loop; a flood of advertisements must not keep others waiting.
constexpr int messages_per_turn = 64;

class SdBus;

struct Call {
  SdBus* bus = nullptr;
  Bus::ReplyHandler handler;
  sd_bus_slot* slot = nullptr;
  std::list<Call>::iterator self;
};

// Shared with a handler that runs, so that it may destroy its own subscription.
struct Match : std::enable_shared_from_this<Match> {
  Loop* loop = nullptr;
  Bus::MessageHandler handler;
  std::string interface;  // of an object
  sd_bus_slot* slot = nullptr;
};

class MatchSubscription final : public Subscription {
 public:
  explicit MatchSubscription(std::shared_ptr<Match> match) : match_(std::move(match)) {}
  ~MatchSubscription() override { match_->slot = sd_bus_slot_unref(match_->slot); }

 private:
  std::shared_ptr<Match> match_;
};

template <class Work>
void run_guarded(Loop& loop, Work&& work) noexcept {
  try {
    work();
  } catch (...) {
    // Not through sd-bus's C frames.
    loop.unhandled(std::current_exception());
  }
}

class SdBus final : public Bus, public std::enable_shared_from_this<SdBus> {
 public:
  SdBus(Loop& loop, sd_bus* bus) noexcept : loop_(loop), bus_(bus), timer_(loop) {}
  ~SdBus() override { close(); }

  [[nodiscard]] Message new_call(const Target& target) override;
  void call(Message message, ReplyHandler handler) override;
  void send(Message message) noexcept override;
  [[nodiscard]] std::unique_ptr<Subscription> subscribe(const std::string& rule, MessageHandler handler) override;
  [[nodiscard]] std::unique_ptr<Subscription> serve(const std::string& path, const std::string& interface,
                                                    MessageHandler handler) override;
  void flush() noexcept override;
  void close() noexcept override;
  void on_lost(unique_function<void()> handler) override { on_lost_ = std::move(handler); }

  void arm();

 private:
  static int on_reply(sd_bus_message* message, void* userdata, sd_bus_error*) noexcept;
  static int on_signal(sd_bus_message* message, void* userdata, sd_bus_error*) noexcept;
  static int on_call(sd_bus_message* message, void* userdata, sd_bus_error*) noexcept;
  [[nodiscard]] std::shared_ptr<Match> make_match(MessageHandler handler);
  void process();
  void process_soon();
  void lose();
  void fail_soon(ReplyHandler handler, std::string_view name);
  void forget(Call& call) noexcept;

  Loop& loop_;
  sd_bus* bus_;
  std::list<Call> calls_;
  std::unique_ptr<FdWatch> watch_;
  int watched_fd_ = -1;
  bool waits_for_room_ = false;
  bool processing_ = false;
  Timer timer_;
  unique_function<void()> on_lost_;
};

Message SdBus::new_call(const Target& target) {
  sd_bus_message* message = nullptr;
  if (!bus_ || sd_bus_message_new_method_call(bus_, &message, target.destination, target.path, target.interface,
                                              target.member) < 0)
    return {};
  // A service that has ended is not to be started again by a late StopNotify.
  if (!target.activates) sd_bus_message_set_auto_start(message, 0);
  return Message::adopt(message);
}

void SdBus::call(Message message, ReplyHandler handler) {
  if (!bus_) return fail_soon(std::move(handler), SD_BUS_ERROR_DISCONNECTED);
  if (!message) return fail_soon(std::move(handler), SD_BUS_ERROR_INVALID_ARGS);
  calls_.emplace_front();
  Call& call = calls_.front();
  call.bus = this;
  call.handler = std::move(handler);
  call.self = calls_.begin();
  // UINT64_MAX: no limit. The deadlines are the core's.
  const int result = sd_bus_call_async(bus_, &call.slot, message.get(), &on_reply, &call, UINT64_MAX);
  if (result < 0) {
    fail_soon(std::move(call.handler), SD_BUS_ERROR_DISCONNECTED);
    forget(call);
  }
  if (!processing_) arm();
}

void SdBus::send(Message message) noexcept {
  if (!bus_ || !message) return;
  sd_bus_message_set_expect_reply(message.get(), 0);
  sd_bus_send(bus_, message.get(), nullptr);
  run_guarded(loop_, [this] {
    if (!processing_) arm();
  });
}

std::shared_ptr<Match> SdBus::make_match(MessageHandler handler) {
  auto match = std::make_shared<Match>();
  match->loop = &loop_;
  match->handler = std::move(handler);
  return match;
}

std::unique_ptr<Subscription> SdBus::subscribe(const std::string& rule, MessageHandler handler) {
  auto match = make_match(std::move(handler));
  // Without an own install callback sd-bus ends the connection where the bus refuses the rule: better than silence.
  if (bus_) sd_bus_add_match_async(bus_, &match->slot, rule.c_str(), &on_signal, nullptr, match.get());
  if (bus_ && !processing_) arm();
  return std::make_unique<MatchSubscription>(std::move(match));
}

std::unique_ptr<Subscription> SdBus::serve(const std::string& path, const std::string& interface,
                                           MessageHandler handler) {
  auto match = make_match(std::move(handler));
  match->interface = interface;
  if (bus_) sd_bus_add_object(bus_, &match->slot, path.c_str(), &on_call, match.get());
  return std::make_unique<MatchSubscription>(std::move(match));
}

void SdBus::flush() noexcept {
  std::uint64_t queued = 0;
  // Usually everything has gone straight to the socket. Before the bus has said hello there is nothing worth waiting for.
  if (!bus_ || sd_bus_is_ready(bus_) <= 0 || sd_bus_get_n_queued_write(bus_, &queued) < 0 || queued == 0) return;
  sd_bus_flush(bus_);
}

void SdBus::close() noexcept {
  timer_.stop();
  watch_.reset();
  flush();
  on_lost_.reset();
  for (Call& call : calls_) sd_bus_slot_unref(call.slot);
  calls_.clear();
  if (sd_bus* bus = std::exchange(bus_, nullptr)) sd_bus_close_unref(bus);
}

void SdBus::forget(Call& call) noexcept {
  sd_bus_slot_unref(call.slot);
  calls_.erase(call.self);
}

int SdBus::on_reply(sd_bus_message* message, void* userdata, sd_bus_error*) noexcept {
  Call& call = *static_cast<Call*>(userdata);
  SdBus& self = *call.bus;
  ReplyHandler handler = std::move(call.handler);
  self.forget(call);
  run_guarded(self.loop_, [&] { handler(Reply(Message::share(message))); });
  return 0;
}

int SdBus::on_signal(sd_bus_message* message, void* userdata, sd_bus_error*) noexcept {
  const auto match = static_cast<Match*>(userdata)->shared_from_this();
  run_guarded(*match->loop, [&] { match->handler(Message::share(message)); });
  return 0;
}

int SdBus::on_call(sd_bus_message* message, void* userdata, sd_bus_error*) noexcept {
  const auto match = static_cast<Match*>(userdata)->shared_from_this();
  if (sd_bus_message_is_method_call(message, match->interface.c_str(), nullptr) <= 0) return 0;
  run_guarded(*match->loop, [&] { match->handler(Message::share(message)); });
  return 1;
}

void SdBus::fail_soon(ReplyHandler handler, std::string_view name) {
  auto self = weak_from_this();
  loop_.post([self, name, handler = std::move(handler)]() mutable {
    if (!self.expired()) handler(Reply::unsent(name));
  });
}

void SdBus::process() {
  if (!bus_ || processing_) return;
  const auto alive = shared_from_this();
  processing_ = true;
  int result = 1;
  // Once it is no longer open sd-bus would answer every pending call by itself, before anybody knows why.
  for (int handled = 0; result > 0 && handled < messages_per_turn && bus_ && sd_bus_is_open(bus_) > 0; ++handled)
    result = sd_bus_process(bus_, nullptr);
  processing_ = false;
  if (!bus_) return;
  if (result < 0 || sd_bus_is_open(bus_) <= 0) return lose();
  if (result > 0) process_soon();
  arm();
}

void SdBus::process_soon() {
  auto self = weak_from_this();
  loop_.post([self] {
    if (const auto bus = self.lock()) bus->process();
  });
}

void SdBus::arm() {
  if (!bus_) return;
  const int fd = sd_bus_get_fd(bus_);
  if (fd < 0) return process_soon();
  if (fd != watched_fd_) {
    watch_ = std::make_unique<FdWatch>(loop_, fd);
    watched_fd_ = fd;
    waits_for_room_ = false;
    watch_->on_readable([this] { process(); });
  }
  const int events = sd_bus_get_events(bus_);
  if (events > 0 && (events & POLLOUT) != 0 && !std::exchange(waits_for_room_, true)) {
    watch_->once_writable([this] {
      waits_for_room_ = false;
      process();
    });
  }
  std::uint64_t deadline = UINT64_MAX;
  if (sd_bus_get_timeout(bus_, &deadline) < 0 || deadline == UINT64_MAX) return timer_.stop();
  // CLOCK_MONOTONIC, which is what std::chrono::steady_clock reads.
  timer_.start_at(loop_, TimePoint(std::chrono::microseconds(deadline)), [this] { process(); });
}

void SdBus::lose() {
  const auto alive = shared_from_this();
  timer_.stop();
  watch_.reset();
  if (sd_bus* bus = std::exchange(bus_, nullptr)) {
    for (Call& call : calls_) call.slot = sd_bus_slot_unref(call.slot);
    sd_bus_close_unref(bus);
  }
  std::list<Call> calls = std::move(calls_);
  calls_.clear();
  if (auto handler = std::move(on_lost_)) run_guarded(loop_, [&] { handler(); });
  for (Call& call : calls) run_guarded(loop_, [&] { call.handler(Reply::lost()); });
}

}  // namespace

Reply::Reply() noexcept : error_name_(SD_BUS_ERROR_DISCONNECTED) {}

Reply::Reply(Message message) noexcept : message_(std::move(message)) {
  const sd_bus_error* error = sd_bus_message_get_error(message_.get());
  if (!error) return;
  error_name_ = error->name ? error->name : SD_BUS_ERROR_FAILED;
  if (error->message) error_text_ = error->message;
}

Reply Reply::unsent(std::string_view name) noexcept {
  Reply reply;
  reply.error_name_ = name;
  return reply;
}

BusOpener system_bus() {
  return [](sd_bus** bus) { return sd_bus_open_system_with_description(bus, "blau"); };
}

BusOpener peer(int fd) {
  return [fd](sd_bus** out) {
    sd_bus* bus = nullptr;
    int result = sd_bus_new(&bus);
    if (result >= 0) result = sd_bus_set_fd(bus, fd, fd);
    if (result >= 0) result = sd_bus_start(bus);
    if (result < 0)
      sd_bus_unref(bus);
    else
      *out = bus;
    return result;
  };
}

std::shared_ptr<Bus> open_sd_bus(Loop& loop, const BusOpener& opener, int& error) {
  sd_bus* bus = nullptr;
  error = opener(&bus);
  if (error < 0) return nullptr;
  auto made = std::make_shared<SdBus>(loop, bus);
  made->arm();
  return made;
}

}  // namespace blau::detail::bluez
