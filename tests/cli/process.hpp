#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace blau::cli::test {

// Of world.json: a peripheral, and its characteristic that takes its time.
inline constexpr const char* strap = "C0:00:00:00:00:01";
inline constexpr const char* slow = "b1a00003-0000-4000-8000-00b1a0b1a0b1";

/// How the program under test is started.
struct Setting {
  /// Its standard output is a terminal of this many columns rather than a pipe.
  std::optional<unsigned short> terminal_columns = std::nullopt;
  unsigned short terminal_rows = 24;
  /// Its standard error is the same terminal.
  bool errors_too = false;
  /// A person sits before it: its standard input and standard error are a terminal, the one that sends it signals. What that
  /// shows, what was typed included, are the errors.
  bool at_terminal = false;
  /// Its standard output is this file.
  std::string output_file = {};
  /// Added to its environment, as `NAME=value`. Of this program's own only PATH and what the sanitizers need is handed on.
  std::vector<std::string> environment = {};
};

/// What a program did until it ended.
struct Outcome {
  /// The exit status; 128 and the number of a signal that ended it.
  int status = -1;
  std::string output;
  std::string errors;
};

/// The `blau` program while it runs. Waits are limited; what takes longer is killed and fails the test.
class Program {
 public:
  explicit Program(const std::vector<std::string>& arguments, const Setting& setting = Setting());
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  /// Reads until standard output has this text; false if the program ended or the time is up before.
  [[nodiscard]] bool wait_for_output(std::string_view text);
  /// The same for so many lines.
  [[nodiscard]] bool wait_for_lines(std::size_t count);
  /// The same for standard error.
  [[nodiscard]] bool wait_for_errors(std::string_view text);
  /// Types on the terminal. For Setting::at_terminal.
  void type(std::string_view keys) const;
  void signal(int number) const;
  /// From here nobody reads its standard output any more.
  void close_output();
  /// Reads everything until the program ends.
  [[nodiscard]] Outcome finish();

  /// What it has written so far.
  [[nodiscard]] const std::string& output() const noexcept { return outcome_.output; }
  [[nodiscard]] const std::string& errors() const noexcept { return outcome_.errors; }

 private:
  /// Waits for more of either stream; false at the end of both or when the time is up.
  bool read_more();
  bool drain(int& descriptor, std::string& text) const;

  pid_t process_ = -1;
  int output_ = -1;
  int errors_ = -1;
  std::chrono::steady_clock::time_point deadline_;
  bool timed_out_ = false;
  Outcome outcome_;
};

/// Runs `blau --backend sim:(the tests' world)` with these arguments until it ends.
[[nodiscard]] Outcome blau(std::vector<std::string> arguments, const Setting& setting = Setting());
/// The arguments that make a Program use a world of this folder.
[[nodiscard]] std::vector<std::string> with_world(std::vector<std::string> arguments,
                                                  std::string_view world = "world.json");
/// Runs the program with these arguments alone.
[[nodiscard]] Outcome blau_alone(const std::vector<std::string>& arguments, const Setting& setting = Setting());

/// The lines of a text, without their ends.
[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);

}  // namespace blau::cli::test
