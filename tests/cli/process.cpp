#include "process.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace blau::cli::test {
namespace {

using Clock = std::chrono::steady_clock;

/// Far more than anything here takes, with sanitizers and a busy machine.
constexpr auto longest_run = std::chrono::seconds(40);

void check(bool good, const char* what) {
  if (!good) throw std::system_error(errno, std::generic_category(), what);
}

/// Both ends of a pipe or of a terminal; neither is handed on by accident.
struct Ends {
  int ours = -1;
  int theirs = -1;
};

Ends make_pipe() {
  std::array<int, 2> ends{};
  check(pipe2(ends.data(), O_CLOEXEC) == 0, "pipe2");
  return {ends[0], ends[1]};
}

Ends make_terminal(unsigned short columns, unsigned short rows) {
  Ends ends;
  ends.ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  check(ends.ours >= 0 && grantpt(ends.ours) == 0 && unlockpt(ends.ours) == 0, "posix_openpt");
  ends.theirs = open(ptsname(ends.ours), O_RDWR | O_NOCTTY | O_CLOEXEC);
  check(ends.theirs >= 0, "open a terminal");
  winsize size{};
  size.ws_col = columns;
  size.ws_row = rows;
  check(ioctl(ends.theirs, TIOCSWINSZ, &size) == 0, "TIOCSWINSZ");
  termios modes{};
  check(tcgetattr(ends.theirs, &modes) == 0, "tcgetattr");
  modes.c_oflag &= ~static_cast<tcflag_t>(OPOST);  // what the program writes, as it writes it
  check(tcsetattr(ends.theirs, TCSANOW, &modes) == 0, "tcsetattr");
  return ends;
}

Ends make_output(const Setting& setting) {
  if (setting.terminal_columns) return make_terminal(*setting.terminal_columns, setting.terminal_rows);
  if (setting.output_file.empty()) return make_pipe();
  const int file = open(setting.output_file.c_str(), O_WRONLY | O_CLOEXEC);
  check(file >= 0, "open the output file");
  return {-1, file};
}

Ends make_errors(const Setting& setting, const Ends& output) {
  if (setting.errors_too) return {-1, output.theirs};
  return setting.at_terminal ? make_terminal(80, 24) : make_pipe();
}

std::vector<std::string> environment(const Setting& setting) {
  auto variables = setting.environment;  // first, since the first of a name counts
  variables.insert(variables.end(), {"TERM=xterm-256color", "TZ=UTC"});
  for (const char* const name : {"PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LLVM_PROFILE_FILE"})
    if (const char* const value = std::getenv(name)) variables.push_back(std::string(name) + "=" + value);
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

/// @param terminal of standard input, which then sends signals; empty: there is none
pid_t spawn(std::vector<std::string> arguments, std::vector<std::string> variables, int output, int errors,
            const std::string& terminal) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  // The first terminal that the leader of a session opens is the session's.
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, terminal.empty() ? "/dev/null" : terminal.c_str(), O_RDWR,
                                   0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  if (!terminal.empty()) posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  pid_t process = -1;
  const int fault = posix_spawn(&process, arguments.front().c_str(), &actions, &attributes, pointers(arguments).data(),
                                pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (fault != 0) throw std::system_error(fault, std::generic_category(), arguments.front());
  return process;
}

}  // namespace

Program::Program(const std::vector<std::string>& arguments, const Setting& setting)
    : deadline_(Clock::now() + longest_run) {
  const auto output = make_output(setting);
  const auto errors = make_errors(setting, output);
  std::vector<std::string> command{BLAU_PROGRAM};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const std::string terminal = setting.at_terminal ? ptsname(errors.ours) : "";
  process_ = spawn(std::move(command), environment(setting), output.theirs, errors.theirs, terminal);
  close(output.theirs);
  if (errors.theirs != output.theirs) close(errors.theirs);
  output_ = output.ours;
  errors_ = errors.ours;
}

Program::~Program() {
  if (process_ > 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  for (const int descriptor : {output_, errors_})
    if (descriptor >= 0) close(descriptor);
}

bool Program::drain(int& descriptor, std::string& text) const {
  std::array<char, 4096> buffer{};
  const auto count = read(descriptor, buffer.data(), buffer.size());
  if (count > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
    return true;
  }
  close(std::exchange(descriptor, -1));  // its end; a terminal says so by an error
  return false;
}

bool Program::read_more() {
  for (;;) {
    std::array<pollfd, 2> waited{{{output_, POLLIN, 0}, {errors_, POLLIN, 0}}};
    if (output_ < 0 && errors_ < 0) return false;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    const int ready = poll(waited.data(), waited.size(), static_cast<int>(std::max<long>(left, 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      ADD_FAILURE() << "blau did not end in time; output:\n" << outcome_.output << "\nerrors:\n" << outcome_.errors;
      timed_out_ = true;
      return false;
    }
    bool more = false;
    if (waited[0].revents != 0) more |= drain(output_, outcome_.output);
    if (waited[1].revents != 0) more |= drain(errors_, outcome_.errors);
    if (more) return true;
  }
}

bool Program::wait_for_output(std::string_view text) {
  while (outcome_.output.find(text) == std::string::npos)
    if (!read_more()) return false;
  return true;
}

bool Program::wait_for_lines(std::size_t count) {
  while (static_cast<std::size_t>(std::ranges::count(outcome_.output, '\n')) < count)
    if (!read_more()) return false;
  return true;
}

bool Program::wait_for_errors(std::string_view text) {
  while (outcome_.errors.find(text) == std::string::npos)
    if (!read_more()) return false;
  return true;
}

void Program::type(std::string_view keys) const {
  check(write(errors_, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()), "write to a terminal");
}

void Program::signal(int number) const { check(kill(process_, number) == 0, "kill"); }

void Program::close_output() { close(std::exchange(output_, -1)); }

Outcome Program::finish() {
  while (read_more()) {
  }
  if (timed_out_) kill(process_, SIGKILL);
  int status = 0;
  waitpid(std::exchange(process_, -1), &status, 0);
  outcome_.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome_;
}

std::vector<std::string> with_world(std::vector<std::string> arguments, std::string_view world) {
  arguments.insert(arguments.begin(), {"--backend", std::string("sim:" BLAU_CLI_TESTS "/").append(world)});
  return arguments;
}

Outcome blau(std::vector<std::string> arguments, const Setting& setting) {
  return Program(with_world(std::move(arguments)), setting).finish();
}

Outcome blau_alone(const std::vector<std::string>& arguments, const Setting& setting) {
  return Program(arguments, setting).finish();
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

}  // namespace blau::cli::test
