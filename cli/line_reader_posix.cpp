#include "line_reader.hpp"

#include <blau/error.hpp>
#include <blau/event_loop.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

namespace blau::cli {
namespace {

/// What the thread has read, for the loop.
struct Reading {
  std::optional<std::string> line;
  bool ended = false;
  std::stop_source stop;  // asked when `ended`: wakes who waits
};

void close_if_open(int descriptor) noexcept {
  if (descriptor >= 0) close(descriptor);
}

/// A descriptor of the terminal that nobody else has: only it can be made non-blocking without doing so for the shell, too.
int open_terminal() noexcept {
  const char* const name = ttyname(STDIN_FILENO);
  return name ? open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
}

/// Reads a line in a thread, until destroyed.
class LineThread {
 public:
  explicit LineThread(const std::shared_ptr<Reading>& reading);
  ~LineThread() {
    close(std::exchange(wake_[1], -1));  // the other end hangs up
    thread_.join();
    close_all();
  }
  LineThread(const LineThread&) = delete;
  LineThread& operator=(const LineThread&) = delete;

 private:
  void close_all() noexcept {
    for (const int descriptor : {wake_[0], wake_[1], terminal_}) close_if_open(descriptor);
  }
  /// False where the thread is to end.
  [[nodiscard]] bool wait_for_input(int input) const noexcept;
  [[nodiscard]] std::optional<std::string> read_text() const;

  std::array<int, 2> wake_{-1, -1};
  int terminal_ = open_terminal();
  std::thread thread_;
};

LineThread::LineThread(const std::shared_ptr<Reading>& reading) {
  const auto loop = EventLoop::current()->handle();
  auto work = [this, loop, reading] {
    auto told = [reading, text = read_text()]() mutable {
      reading->line = std::move(text);
      reading->ended = true;
      reading->stop.request_stop();
    };
    loop.post(std::move(told));
  };
  try {
    if (pipe2(wake_.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category());
    thread_ = std::thread(std::move(work));
  } catch (const std::system_error& error) {
    close_all();
    throw Error(ErrorCode::failed, std::string("the terminal cannot be read: ") + error.what());
  }
}

bool LineThread::wait_for_input(int input) const noexcept {
  std::array<pollfd, 2> waited{{{wake_[0], 0, 0}, {input, POLLIN, 0}}};
  while (poll(waited.data(), waited.size(), -1) < 0)
    if (errno != EINTR) return false;
  return waited[0].revents == 0;
}

/// The end of input, an error and the end of the thread are all the same: there is no line.
std::optional<std::string> LineThread::read_text() const {
  const int input = terminal_ >= 0 ? terminal_ : STDIN_FILENO;
  std::string text;
  std::array<char, 256> buffer{};
  while (wait_for_input(input)) {
    const auto count = read(input, buffer.data(), buffer.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count <= 0) return std::nullopt;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (const auto end = text.find('\n'); end != std::string::npos) return text.substr(0, end);
  }
  return std::nullopt;
}

}  // namespace

Task<std::optional<std::string>> read_line() {
  constexpr auto for_ever = std::chrono::hours(24 * 365);
  const auto reading = std::make_shared<Reading>();
  const LineThread thread(reading);
  const auto token = reading->stop.get_token();
  const auto waited = co_await sleep_for(for_ever).cancel_with(token).as_result();
  if (!waited && !reading->ended) throw Error(waited.error());
  co_return std::move(reading->line);
}

void forget_what_was_typed() noexcept { tcflush(STDIN_FILENO, TCIFLUSH); }

}  // namespace blau::cli
