#include "bus.hpp"

#include <cstring>
#include <iostream>
#include <stdexcept>
#include <utility>

namespace blau::fake {

namespace {

constexpr const char* daemon_name = "org.bluez";

void check(int result, const std::string& what) {
  if (result < 0) throw std::runtime_error(what + ": " + std::strerror(-result));
}

std::string_view view(const char* text) noexcept { return text ? std::string_view(text) : std::string_view(); }

}  // namespace

void complain(const std::string& what) { std::cerr << "fake bluetoothd: " << what << '\n'; }

struct Call::State {
  Bus* bus;
  Message message;
  bool answered = false;
  ReplyPlan plan;
};

Call::Call(Bus& bus, Message message) : state_(std::make_shared<State>()) {
  state_->bus = &bus;
  state_->message = std::move(message);
}

const Message& Call::message() const noexcept { return state_->message; }
Reader Call::reader() const {
  sd_bus_message_rewind(state_->message.get(), 1);
  return Reader(state_->message);
}
std::string Call::sender() const { return std::string(view(sd_bus_message_get_sender(state_->message.get()))); }
std::string_view Call::path() const noexcept { return state_->message.path(); }
std::string_view Call::interface() const noexcept { return view(sd_bus_message_get_interface(state_->message.get())); }
std::string_view Call::member() const noexcept { return view(sd_bus_message_get_member(state_->message.get())); }
std::string_view Call::signature() const noexcept {
  return view(sd_bus_message_get_signature(state_->message.get(), 1));
}
bool Call::answered() const noexcept { return state_->answered; }
void Call::abandon() const noexcept { state_->answered = true; }
void Call::plan(ReplyPlan plan) const { state_->plan = std::move(plan); }

void Call::reply(const Fill& fill) const {
  if (state_->plan.error) return error(*state_->plan.error);
  sd_bus_message* made = nullptr;
  if (sd_bus_message_new_method_return(state_->message.get(), &made) < 0) return abandon();
  Message answer = Message::adopt(made);
  if (fill) fill(answer);
  if (!answer) {
    complain("an answer to " + std::string(member()) + " of " + std::string(path()) + " could not be made");
    return error({SD_BUS_ERROR_FAILED, "the fake could not make its answer"});
  }
  send(std::move(answer));
}

void Call::error(const DbusError& error) const {
  const DbusError& told = state_->plan.error ? *state_->plan.error : error;
  const sd_bus_error native{told.name.c_str(), told.text.c_str(), 0};
  sd_bus_message* made = nullptr;
  if (sd_bus_message_new_method_error(state_->message.get(), &made, &native) < 0) return abandon();
  send(Message::adopt(made));
}

void Call::send(Message answer) const {
  if (std::exchange(state_->answered, true)) return complain("a second answer to " + std::string(member()));
  if (state_->plan.never || sd_bus_message_get_expect_reply(state_->message.get()) == 0) return;
  if (state_->plan.delay > nanoseconds(0)) return state_->bus->send_later(std::move(answer), state_->plan.delay);
  state_->bus->send(answer);
}

Bus::Bus(Loop& loop) : loop_(loop) {}

Bus::~Bus() { close(); }

void Bus::open() {
  check(sd_bus_open_system_with_description(&bus_, "fake-bluetoothd"), "no bus (DBUS_SYSTEM_BUS_ADDRESS)");
  sd_bus_set_exit_on_disconnect(bus_, 1);
  check(sd_bus_attach_event(bus_, loop_.get(), SD_EVENT_PRIORITY_NORMAL), "no loop for the bus");
  check(sd_bus_add_filter(bus_, nullptr, &Bus::on_message, this), "no filter");
  check(sd_bus_match_signal(bus_, nullptr, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                            "NameOwnerChanged", &Bus::on_owner_changed, this),
        "no match");
}

void Bus::close() noexcept {
  delayed_.clear();
  if (sd_bus* bus = std::exchange(bus_, nullptr)) {
    sd_bus_set_exit_on_disconnect(bus, 0);
    sd_bus_detach_event(bus);
    sd_bus_flush_close_unref(bus);
  }
}

void Bus::own_name() { check(sd_bus_request_name(bus_, daemon_name, 0), "the name org.bluez"); }

void Bus::release_name() {
  if (bus_) sd_bus_release_name(bus_, daemon_name);
}

Message Bus::signal(const std::string& path, const char* interface, const char* member) {
  sd_bus_message* made = nullptr;
  if (!bus_ || sd_bus_message_new_signal(bus_, &made, path.c_str(), interface, member) < 0) return {};
  return Message::adopt(made);
}

Message Bus::method(const std::string& program, const std::string& path, const char* interface, const char* member) {
  sd_bus_message* made = nullptr;
  if (!bus_ || sd_bus_message_new_method_call(bus_, &made, program.c_str(), path.c_str(), interface, member) < 0)
    return {};
  return Message::adopt(made);
}

sd_bus_slot* Bus::ask(const Message& call, nanoseconds limit, sd_bus_message_handler_t answered, void* data) {
  if (!bus_ || !call) return nullptr;
  if (before_send_) before_send_();
  const auto microseconds = static_cast<std::uint64_t>(limit.count() / 1000);
  sd_bus_slot* slot = nullptr;
  const int result = sd_bus_call_async(bus_, &slot, call.get(), answered, data, microseconds);
  if (result < 0) complain(std::string("asking: ") + std::strerror(-result));
  return slot;
}

void Bus::send(const Message& message) {
  if (before_send_) before_send_();
  send_now(message);
}

void Bus::send_now(const Message& message) {
  if (!message || !bus_ || sd_bus_message_get_bus(message.get()) != bus_) return;
  const int result = sd_bus_send(bus_, message.get(), nullptr);
  if (result < 0) complain(std::string("sending: ") + std::strerror(-result));
}

void Bus::send_later(Message message, nanoseconds delay) {
  auto& delayed = delayed_.emplace_back();
  const auto place = std::prev(delayed_.end());
  delayed.message = std::move(message);
  delayed.timer.start(loop_, delay, [this, place] {
    const Message due = place->message;
    delayed_.erase(place);
    send(due);
  });
}

void Bus::when_read_by(const std::string& name, std::function<void()> done) {
  auto* handler = new std::function<void()>(std::move(done));
  const auto on_answer = [](sd_bus_message*, void* userdata, sd_bus_error*) noexcept {
    const std::unique_ptr<std::function<void()>> owned(static_cast<std::function<void()>*>(userdata));
    (*owned)();
    return 0;
  };
  if (bus_ && sd_bus_call_method_async(bus_, nullptr, name.c_str(), "/", "org.freedesktop.DBus.Peer", "Ping", on_answer,
                                       handler, "") >= 0)
    return;
  loop_.post([handler] {
    const std::unique_ptr<std::function<void()>> owned(handler);
    (*owned)();
  });
}

int Bus::on_message(sd_bus_message* message, void* self, sd_bus_error*) noexcept {
  auto& bus = *static_cast<Bus*>(self);
  std::uint8_t type = 0;
  sd_bus_message_get_type(message, &type);
  if (type != SD_BUS_MESSAGE_METHOD_CALL || !bus.on_call_) return 0;
  if (view(sd_bus_message_get_interface(message)) == "org.freedesktop.DBus.Peer") return 0;
  try {
    bus.on_call_(Call(bus, Message::share(message)));
  } catch (const std::exception& error) {
    complain(std::string("a call ended in ") + error.what());
  }
  return 1;
}

int Bus::on_owner_changed(sd_bus_message* message, void* self, sd_bus_error*) noexcept {
  auto& bus = *static_cast<Bus*>(self);
  const char* name = nullptr;
  const char* before = nullptr;
  const char* after = nullptr;
  if (sd_bus_message_read(message, "sss", &name, &before, &after) < 0) return 0;
  if (name[0] == ':' && after[0] == '\0' && bus.on_gone_) bus.on_gone_(name);
  return 0;
}

}  // namespace blau::fake
