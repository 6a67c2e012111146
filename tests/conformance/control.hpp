#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace blau::conformance {

/// The control socket of the peripherals that Bumble plays (tests/rigs/bumble): one JSON object a line, request and reply in turn.
class Control {
 public:
  explicit Control(std::string path) : path_(std::move(path)) {}

  /// Blocks until the peripherals have done it, on a connection of its own. Any thread.
  /// @throws std::runtime_error with the reply's words where it was refused
  [[nodiscard]] nlohmann::json ask(const nlohmann::json& request) const;

 private:
  std::string path_;
};

}  // namespace blau::conformance
