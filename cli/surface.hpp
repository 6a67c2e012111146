#pragma once

#include <map>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace blau::cli {

/// The words that an argument may be, for completion. One that ends in `FILE` stands for what is before that and the name of a file.
using Choices = std::map<const CLI::Option*, std::vector<std::string>>;

/// An option, or what stands in its place on the command line without a name.
struct ArgumentSurface {
  /// With their dashes, short ones first; of a positional its one name.
  std::vector<std::string> names;
  std::string what;
  /// What the help calls the value; empty where it has no name for it.
  std::string value;
  bool takes_value = false;
  bool required = false;
  bool repeated = false;
  std::vector<std::string> choices;
};

struct CommandSurface {
  std::string name;
  std::string what;
  /// The text below the help.
  std::string notes;
  std::vector<ArgumentSurface> options;
  std::vector<ArgumentSurface> positionals;
};

/// What can be written on the command line: all that `--help` shows, from the same source. Whatever documents the program is
/// made of this, so that nothing has to be written twice, or can be forgotten.
struct Surface {
  /// The program itself; its options go with every command.
  CommandSurface program;
  std::vector<CommandSurface> commands;
};

[[nodiscard]] Surface surface_of(const CLI::App& app, const Choices& choices);

/// The options that this command does not have in common with all.
[[nodiscard]] std::vector<ArgumentSurface> own_options(const Surface& surface, const CommandSurface& command);

}  // namespace blau::cli
