#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace blau::soak {

/// What a process and its connections hold at one moment.
struct Figures {
  std::size_t resident_kib = 0;  ///< VmRSS
  std::size_t in_use = 0;        ///< bytes that malloc has given out
  std::size_t descriptors = 0;
  /// Match rules and names of this process on the bus; absent where there is no bus.
  std::optional<std::size_t> match_rules;
  std::optional<std::size_t> names;
  /// Descriptors of the daemon at the other end: what it keeps open for this process.
  std::optional<std::size_t> daemon_descriptors;
};

/// Of this process: memory and descriptors. Free memory is given back to the system before.
[[nodiscard]] Figures measure();
/// How many descriptors a process has open.
[[nodiscard]] std::size_t count_descriptors(const std::string& process = "self");
[[nodiscard]] std::string to_string(const Figures& figures);

/// Compares figures that were taken at quiet moments: nothing may have grown since the first ones.
class Watch {
 public:
  explicit Watch(std::function<Figures()> look) : look_(std::move(look)) {}

  /// Everything that is made once has been made: what is there now is the measure of what comes.
  void begin();
  /// Compares, and prints one line. @param when words for it
  void check(const std::string& when);
  [[nodiscard]] const std::vector<std::string>& faults() const noexcept { return faults_; }
  [[nodiscard]] std::size_t checks() const noexcept { return checks_; }

 private:
  void compare(const char* what, std::size_t before, std::size_t now, std::size_t tolerance, const std::string& when);
  void compare(const char* what, const std::optional<std::size_t>& before, const std::optional<std::size_t>& now,
               const std::string& when);

  std::function<Figures()> look_;
  Figures first_;
  std::size_t checks_ = 0;
  std::vector<std::string> faults_;
};

}  // namespace blau::soak
