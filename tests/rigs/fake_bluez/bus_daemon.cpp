#include "bus_daemon.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace blau::fake {

namespace {

constexpr int patience_ms = 10000;
constexpr int address_fd = 3;

/// True when the other end has written something.
bool says_something(int fd) {
  pollfd waits{fd, POLLIN, 0};
  while (::poll(&waits, 1, patience_ms) < 0)
    if (errno != EINTR) return false;
  std::array<char, 256> line;
  return (waits.revents & POLLIN) != 0 && ::read(fd, line.data(), line.size()) > 0;
}

}  // namespace

/// In the child: only what is safe after a fork.
void BusDaemon::become_daemon(int ready) const noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (ready == address_fd)
    ::fcntl(ready, F_SETFD, 0);
  else
    ::dup2(ready, address_fd);
  const int log = ::open((config_ + ".log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log >= 0) ::dup2(log, STDERR_FILENO);
  ::execlp("dbus-daemon", "dbus-daemon", ("--config-file=" + config_).c_str(), "--nofork", "--nopidfile",
           "--print-address=3", nullptr);
  ::_exit(127);
}

void BusDaemon::start() {
  if (runs()) return;
  std::array<int, 2> ready;
  if (::pipe2(ready.data(), O_CLOEXEC) < 0) throw std::runtime_error(std::string("a pipe: ") + std::strerror(errno));
  process_ = ::fork();
  if (process_ == 0) become_daemon(ready[1]);
  ::close(ready[1]);
  const bool is_up = process_ > 0 && says_something(ready[0]);
  ::close(ready[0]);
  if (is_up) return;
  stop();
  throw std::runtime_error("dbus-daemon did not start: see " + config_ + ".log");
}

void BusDaemon::stop() noexcept {
  if (!runs()) return;
  ::kill(process_, SIGTERM);
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
}

}  // namespace blau::fake
