#pragma once

#include "commands.hpp"
#include "loop.hpp"

#include <list>
#include <memory>
#include <string>

namespace blau::fake {

/// The control socket: one JSON object a line, request and reply in turn; connections are served side by side. What tests/rigs/bumble's takes, and more.
class Control {
 public:
  /// @throws std::runtime_error where it cannot listen
  Control(Loop& loop, Commands& commands, const std::string& path);
  ~Control();

 private:
  class Connection;
  void accept();

  Loop& loop_;
  Commands& commands_;
  std::string path_;
  int socket_;
  std::unique_ptr<Watch> watch_;
  std::list<std::shared_ptr<Connection>> connections_;
};

}  // namespace blau::fake
