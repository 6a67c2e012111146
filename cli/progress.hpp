#pragma once

#include <memory>
#include <stop_token>
#include <string>

namespace blau::cli {

/// Says on standard error what takes longer than a second, where that is a terminal, and wipes it away afterwards. On the
/// event loop only.
class Progress {
 public:
  /// @param what what is being done: `Connecting to …`. @param wanted false: say nothing
  Progress(std::string what, bool wanted);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { end(); }

  /// From here something else is being done.
  void now(std::string what);
  /// It is done. Must come before anything else is printed.
  void end() noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
  std::stop_source stop_;
};

}  // namespace blau::cli
