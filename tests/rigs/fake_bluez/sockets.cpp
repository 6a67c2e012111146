// AcquireNotify and AcquireWrite: values by sockets.

#include "adapter.hpp"
#include "daemon.hpp"
#include "device.hpp"
#include "gatt.hpp"
#include "notify.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace blau::fake {

Socket::Socket(Loop& loop, int fd, std::function<void(ByteView)> came, std::function<void()> hung_up)
    : loop_(loop), fd_(fd), came_(std::move(came)), hung_up_(std::move(hung_up)) {
  watch_ = std::make_unique<Watch>(loop, fd, EPOLLIN, [this](std::uint32_t events) { ready(events); });
}

Socket::~Socket() {
  watch_.reset();
  ::close(fd_);
  // Whoever waits for room that never comes.
  if (room_) loop_.post(std::move(room_));
}

bool Socket::send(ByteView value) {
  if (!full_ && ::send(fd_, value.data(), value.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return true;
  ++dropped_;
  return false;
}

void Socket::shut_one_way() noexcept { ::shutdown(fd_, SHUT_RD); }

void Socket::when_writable(std::function<void()> done) {
  room_ = std::move(done);
  watch_->set_events(EPOLLIN | EPOLLOUT);
}

void Socket::ready(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0 && room_) {
    watch_->set_events(EPOLLIN);
    std::exchange(room_, nullptr)();
  }
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0) return;
  std::array<std::uint8_t, 512> buffer;
  const ssize_t size = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR) && (events & (EPOLLHUP | EPOLLERR)) == 0) return;
  if (size < 0 || (size == 0 && (events & EPOLLHUP) != 0)) return hung_up_();
  // An empty message ends the daemon's reading, though not the socket.
  if (size == 0) return watch_->set_events(0);
  came_(ByteView(buffer.data(), static_cast<std::size_t>(size)));
}

int Notifier::make_socket(std::unique_ptr<Socket>& socket, std::function<void(ByteView)> came,
                          std::function<void()> hung_up) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0) return -errno;
  socket = std::make_unique<Socket>(owner_.device().daemon().loop(), ends[0], std::move(came), std::move(hung_up));
  return ends[1];
}

void Notifier::acquire(const Call& call) {
  const auto& habits = owner_.device().daemon().habits();
  if (!owner_.device().link()) return call.error(errors::failed("Not connected"));
  if (notify_acquired()) return call.error(errors::not_permitted("Notify acquired"));
  if (!clients_.empty()) return call.error(errors::in_progress());
  const std::uint16_t needed =
      habits.acquire_needs_notify ? sim::property::notify : sim::property::notify | sim::property::indicate;
  if (!owner_.has(needed)) return call.error(errors::not_supported());
  if (owner_.device().gatt().is_changing(owner_.handle())) return call.error(errors::failed("Failed to subscribe"));
  Client& client = clients_.emplace_back();
  client.owner = call.sender();
  client.call = call;
  client.by_socket = true;
  acquiring_ = true;
  enlist(client);
}

void Notifier::give_notify_socket(Client& client) {
  const auto call = std::exchange(client.call, std::nullopt);
  if (!call) return;
  acquiring_ = false;
  const int theirs = make_socket(notify_socket_, [](ByteView) {}, [this] { close_notify(); });
  if (theirs < 0) return call->error(errors::failed(std::strerror(-theirs)));
  const std::uint16_t mtu = owner_.device().link()->mtu();
  call->reply([&](Message& to) { to.append("hq", theirs, mtu); });
  ::close(theirs);
  owner_.tell("NotifyAcquired");
}

void Notifier::close_notify() {
  if (!notify_socket_) return;
  // Not inside its own call.
  owner_.device().daemon().loop().post([old = std::shared_ptr<Socket>(std::move(notify_socket_))] {});
  notify_socket_.reset();
  for (auto client = clients_.begin(); client != clients_.end(); ++client) {
    if (!client->by_socket) continue;
    release(client);
    break;
  }
  owner_.tell("NotifyAcquired");
}

void Notifier::acquire_write(const Call& call) {
  if (!owner_.device().link()) return call.error(errors::failed("Not connected"));
  if (owner_.service().is_claimed()) return call.error(errors::not_authorized());
  if (write_socket_) return call.error(errors::not_permitted("Write acquired"));
  if (!owner_.has(sim::property::write_without_response)) return call.error(errors::not_supported());
  const auto came = [this](ByteView value) {
    Link* link = owner_.device().link();
    // What does not fit is dropped without a word.
    if (link) link->start(std::make_unique<sim::WriteCommand>(owner_.handle(), Bytes(value.begin(), value.end())));
  };
  const int theirs = make_socket(write_socket_, came, [this] { close_write(); });
  if (theirs < 0) return call.error(errors::failed(std::strerror(-theirs)));
  const std::uint16_t mtu = owner_.device().link()->mtu();
  call.reply([&](Message& to) { to.append("hq", theirs, mtu); });
  ::close(theirs);
  owner_.tell("WriteAcquired");
}

void Notifier::close_write() {
  if (!write_socket_) return;
  owner_.device().daemon().loop().post([old = std::shared_ptr<Socket>(std::move(write_socket_))] {});
  write_socket_.reset();
  owner_.tell("WriteAcquired");
}

}  // namespace blau::fake
