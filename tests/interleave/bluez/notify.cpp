// Subscriptions, by signals and by sockets, and what a link's beginning and end does to them.

#include "gatt.hpp"

#include "backend/bluez/interfaces.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace blau::interleave::imitation {

using namespace detail::bluez;

namespace {

constexpr Refusal notify_acquired{"org.bluez.Error.NotPermitted", "Notify acquired"};
constexpr Refusal not_registered{"org.bluez.Error.Failed", "Failed to register notify session"};
constexpr Refusal no_session{"org.bluez.Error.Failed", "No notify session started"};
constexpr Refusal stopped{"org.bluez.Error.Failed", "Operation was cancelled"};

}  // namespace

Gatt::~Gatt() {
  for (const auto& [handle, session] : sessions_)
    if (session.socket >= 0) ::close(session.socket);
}

void Gatt::link_up() { linked_ = true; }

void Gatt::arm() {
  for (const auto& [handle, session] : std::map(sessions_))
    if (!session.call) enlist(handle);
}

void Gatt::link_down() {
  if (!std::exchange(linked_, false)) return;
  ++epoch_;
  for (const auto& [handle, calls] : std::exchange(reads_, {}))
    for (const Message& call : calls) host_.refuse(call, refusals::unlikely);
  for (const auto& [handle, call] : std::exchange(writes_, {})) host_.refuse(call, refusals::unlikely);
  for (const auto& [handle, session] : std::map(sessions_)) {
    if (session.call) host_.refuse(session.call, refusals::unlikely);
    if (session.call || session.by_socket) end_session(handle);
  }
}

Gatt::Session& Gatt::make_session(std::uint16_t handle, const Message& call) {
  Session& session = sessions_[handle];
  session.number = ++last_session_;
  session.call = call;
  return session;
}

void Gatt::start_notify(const Message& call, std::uint16_t handle) {
  if (const auto known = sessions_.find(handle); known != sessions_.end()) {
    if (known->second.by_socket) return host_.refuse(call, notify_acquired);
    if (known->second.call) return host_.refuse(call, refusals::in_progress);
    return host_.answer(call);
  }
  if (const auto refusal = host_.mishap({not_registered, refusals::in_progress})) return host_.refuse(call, *refusal);
  Session& session = make_session(handle, call);
  if (linked_) return enlist(handle);
  session.call = {};
  host_.answer(call);  // it is subscribed to with the next link
}

void Gatt::acquire_notify(const Message& call, std::uint16_t handle) {
  if (!linked_) return host_.refuse(call, refusals::not_connected);
  if (const auto known = sessions_.find(handle); known != sessions_.end())
    return host_.refuse(call, known->second.by_socket ? notify_acquired : refusals::in_progress);
  if (host_.roll(4) == 0) return host_.refuse(call, refusals::not_supported);
  make_session(handle, call).by_socket = true;
  enlist(handle);
}

void Gatt::enlist(std::uint16_t handle) {
  if (!linked_) return;
  auto done = [this, handle, number = sessions_.at(handle).number, epoch = epoch_](const Result<void>& result) {
    host_.later(life_, [this, handle, number, epoch, result] {
      if (epoch == epoch_) configured(handle, number, result);
    });
  };
  port_.subscribe(handle, {backend::SubscribeKind::notify}, std::move(done));
}

void Gatt::configured(std::uint16_t handle, unsigned number, const Result<void>& result) {
  const auto found = sessions_.find(handle);
  if (found == sessions_.end() || found->second.number != number) return;
  Session& session = found->second;
  const Message call = std::exchange(session.call, {});
  if (!result) {
    // One whose subscription fails is never answered, where it is by a socket (up to 5.83).
    if (call && !session.by_socket) host_.refuse(call, refusals::unlikely);
    return end_session(handle);
  }
  if (!call) return;
  if (session.by_socket) return give_socket(session, call);
  host_.answer(call);
}

void Gatt::give_socket(Session& session, const Message& call) {
  std::array<int, 2> sockets{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets.data()) < 0)
    return host_.log().fault("no socket could be made: are there too many open?");
  session.socket = sockets[0];
  host_.answer(call, [&](Message& reply) { reply.append("hq", sockets[1], static_cast<int>(port_.mtu())); });
  ::close(sockets[1]);  // the message has one of its own
}

void Gatt::stop_notify(const Message& call, std::uint16_t handle) {
  const auto found = sessions_.find(handle);
  if (found == sessions_.end()) return host_.refuse(call, no_session);
  if (found->second.call) host_.refuse(found->second.call, stopped);
  end_session(handle);
  host_.answer(call);
}

void Gatt::end_session(std::uint16_t handle) {
  const auto session = sessions_.extract(handle);
  if (session.empty()) return;
  if (session.mapped().socket >= 0) ::close(session.mapped().socket);
  if (linked_) port_.unsubscribe(handle, [](const Result<void>&) {});
}

void Gatt::value_came(std::uint16_t handle, ByteView value) {
  const auto session = sessions_.find(handle);
  const auto path = paths_.find(handle);
  if (session == sessions_.end() || path == paths_.end()) return;
  if (session->second.by_socket) {
    const int socket = session->second.socket;
    if (socket < 0 || ::send(socket, value.data(), value.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return;
    if (errno == EPIPE || errno == ECONNRESET) end_session(handle);  // the program has closed its end
    return;
  }
  Message signal = host_.changed(path->second, characteristic_interface);
  signal.open('a', "{sv}").open('e', "sv").append("s", "Value").open('v', "ay").append_bytes(value);
  signal.close().close().close().append("as", 0);
  host_.send(signal);
}

void Gatt::check() {
  for (const auto& [handle, session] : sessions_)
    host_.log().fault("bluetoothd still has a subscription to " + attribute_path(device_, handle));
}

}  // namespace blau::interleave::imitation
