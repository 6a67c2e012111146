#include "control.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace blau::conformance {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

class Connection {
 public:
  explicit Connection(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (socket_ < 0) fail("socket");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) throw std::runtime_error("the path of the control socket is too long");
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
    const int error = errno;
    ::close(socket_);
    errno = error;
    fail("the control socket " + path);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { ::close(socket_); }

  void send(const std::string& text) const {
    for (std::size_t sent = 0; sent < text.size();) {
      const auto count = ::send(socket_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (count < 0 && errno != EINTR) fail("control: send");
      if (count > 0) sent += static_cast<std::size_t>(count);
    }
  }

  [[nodiscard]] std::string line() const {
    std::string text;
    char part[4096];
    while (text.find('\n') == std::string::npos) {
      const auto count = ::recv(socket_, part, sizeof part, 0);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail("control: receive");
      if (count == 0) throw std::runtime_error("the peripherals ended");
      text.append(part, static_cast<std::size_t>(count));
    }
    return text;
  }

 private:
  int socket_;
};

}  // namespace

nlohmann::json Control::ask(const nlohmann::json& request) const {
  const Connection connection(path_);
  connection.send(request.dump() + "\n");
  auto reply = nlohmann::json::parse(connection.line());
  if (!reply.at("ok").get<bool>())
    throw std::runtime_error("the peripherals refuse " + request.dump() + ": " + reply.at("error").get<std::string>());
  return reply;
}

}  // namespace blau::conformance
