#include "control.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace blau::fake {

namespace {

/// A world as text is one line.
constexpr std::size_t longest_line = std::size_t{64} << 20;

int listen_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error("the path of the control socket is too long");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  ::unlink(path.c_str());
  const int made = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (made < 0 || ::bind(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ||
      ::listen(made, 64) < 0)
    throw std::runtime_error("the control socket " + path + ": " + std::strerror(errno));
  return made;
}

}  // namespace

/// One client: reads lines, and answers each before it looks at the next.
class Control::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Control& control, int fd) : control_(control), fd_(fd) {}
  ~Connection() { ::close(fd_); }

  void begin() {
    watch_ = std::make_unique<Watch>(control_.loop_, fd_, EPOLLIN, [this](std::uint32_t events) {
      if ((events & EPOLLOUT) != 0) write();
      if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 && watch_) read();
    });
  }

 private:
  void read() {
    std::array<char, 65536> buffer;
    const ssize_t size = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0 || in_.size() > longest_line) return end();
    in_.append(buffer.data(), static_cast<std::size_t>(size));
    next();
  }

  void next() {
    const auto line_end = in_.find('\n');
    if (busy_ || line_end == std::string::npos) return;
    busy_ = true;
    const std::string line = in_.substr(0, line_end);
    in_.erase(0, line_end + 1);
    control_.commands_.run(line, [self = weak_from_this()](const std::string& reply) {
      if (const auto connection = self.lock()) connection->answer(reply);
    });
  }

  void answer(const std::string& reply) {
    out_ += reply;
    out_ += '\n';
    write();
    busy_ = false;
    control_.loop_.post([self = weak_from_this()] {
      if (const auto connection = self.lock()) connection->next();
    });
  }

  void write() {
    if (!watch_) return;
    while (!out_.empty()) {
      const ssize_t sent = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && errno != EAGAIN) return end();
      if (sent < 0) break;
      out_.erase(0, static_cast<std::size_t>(sent));
    }
    watch_->set_events(out_.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
  }

  void end() {
    watch_.reset();
    control_.loop_.post([&control = control_, self = shared_from_this()] { control.connections_.remove(self); });
  }

  Control& control_;
  int fd_;
  std::unique_ptr<Watch> watch_;
  std::string in_;
  std::string out_;
  bool busy_ = false;
};

Control::Control(Loop& loop, Commands& commands, const std::string& path)
    : loop_(loop), commands_(commands), path_(path), socket_(listen_at(path)) {
  watch_ = std::make_unique<Watch>(loop, socket_, EPOLLIN, [this](std::uint32_t) { accept(); });
}

Control::~Control() {
  watch_.reset();
  connections_.clear();
  ::close(socket_);
  ::unlink(path_.c_str());
}

void Control::accept() {
  const int fd = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  connections_.push_back(std::make_shared<Connection>(*this, fd));
  connections_.back()->begin();
}

}  // namespace blau::fake
