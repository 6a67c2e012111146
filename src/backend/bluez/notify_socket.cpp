#include "notify_socket.hpp"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace blau::detail::bluez {

NotifySocket::NotifySocket(Loop& loop, int descriptor, std::function<void(ByteView)> on_value,
                           std::function<void()> on_end)
    : descriptor_{descriptor},
      on_value_(std::move(on_value)),
      on_end_(std::move(on_end)),
      watch_(std::make_unique<FdWatch>(loop, descriptor)) {
  watch_->on_readable([this] { deliver_batches(most_a_turn); });
}

void NotifySocket::Descriptor::close() noexcept {
  if (const int open = std::exchange(number, -1); open >= 0) ::close(open);
}

void NotifySocket::close() noexcept {
  watch_.reset();
  descriptor_.close();
}

void NotifySocket::deliver_batches(int most) {
  const auto self = shared_from_this();
  if (std::exchange(draining_, true)) return;
  struct Drained {
    bool& draining;
    ~Drained() { draining = false; }
  } const drained{draining_};
  for (int batch = 0; batch < most; ++batch) {
    const int count = receive();
    if (count < 0) return end();
    if (count == 0 || !deliver(static_cast<std::size_t>(count))) return;
  }
}

/// @return how many values; 0: none has come yet; -1: none will come
int NotifySocket::receive() {
  std::array<mmsghdr, batch_size> messages{};
  std::array<iovec, batch_size> places;
  for (std::size_t i = 0; i < batch_size; ++i) {
    places[i] = {batch_->values[i].data(), value_limit};
    messages[i].msg_hdr.msg_iov = &places[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int count = ::recvmmsg(descriptor_.number, messages.data(), batch_size, MSG_DONTWAIT, nullptr);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) batch_->sizes[i] = messages[i].msg_len;
  return count;
}

/// A value that is not empty comes behind it in this batch.
bool NotifySocket::is_followed(std::size_t index, std::size_t count) const noexcept {
  const auto* sizes = batch_->sizes.data();
  return std::any_of(sizes + index, sizes + count, [](std::size_t size) { return size != 0; });
}

/// @return true if there may be more
bool NotifySocket::deliver(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t size = batch_->sizes[i];
    if (size == 0 && !is_followed(i, count) && is_at_end()) return end(), false;
    on_value_(ByteView(batch_->values[i].data(), size));
    if (descriptor_.number < 0) return false;
  }
  return count == batch_size;
}

/// An empty value reads like the end: what tells them apart is whether somebody holds the other end. Where nobody does, bytes
/// that are still to be read tell that it was a value.
bool NotifySocket::is_at_end() const noexcept {
  pollfd asked{descriptor_.number, POLLRDHUP, 0};
  if (::poll(&asked, 1, 0) < 1 || (asked.revents & (POLLHUP | POLLRDHUP | POLLERR)) == 0) return false;
  int unread = 0;
  return ::ioctl(descriptor_.number, SIOCINQ, &unread) < 0 || unread == 0;
}

void NotifySocket::end() {
  close();
  on_end_();
}

}  // namespace blau::detail::bluez
