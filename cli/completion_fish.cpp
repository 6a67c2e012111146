#include "completion.hpp"

namespace blau::cli {
namespace {

constexpr const char* fish_functions = R"(
# The words before the cursor that are neither options nor their values: the command, and what stands behind it.
function __blau_arguments
    set -l words (commandline -opc)
    set -l is_value no
    for word in $words[2..]
        if test $is_value = yes
            set is_value no
        else if contains -- $word $__blau_with_value
            set is_value yes
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

# Whether no command stands there yet.
function __blau_needs_command
    set -l arguments (__blau_arguments)
    test (count $arguments) -eq 0
end

# Whether the command is this one, and the cursor at this of its places if one is given.
function __blau_is
    set -l arguments (__blau_arguments)
    test "$arguments[1]" = $argv[1]; or return
    set -q argv[2]; or return 0
    test (count $arguments) -eq $argv[2]
end

# The files whose names follow what is given.
function __blau_files
    set -l token (string replace -r -- '^--[^=]*=' '' (commandline -ct))
    string match -q -- "$argv[1]*" $token; or begin
        echo $argv[1]
        return
    end
    __fish_complete_path (string sub -s (math (string length -- $argv[1]) + 1) -- $token) | string replace -r -- '^' $argv[1]
end

complete -c blau -f
)";

/// Only \ and ' mean something between fish's single quotes.
std::string fish_quoted(std::string_view text) { return "'" + with_before_each(text, "\\'", "\\") + "'"; }

/// `-a` and what may be chosen: words, and files by a function.
std::string fish_choices(const std::vector<std::string>& choices) {
  std::string words;
  for (const auto& choice : choices) {
    const std::string_view file = "FILE";
    const bool is_file = choice.ends_with(file);
    const auto word = is_file ? "(__blau_files " + choice.substr(0, choice.size() - file.size()) + ")" : choice;
    words += (words.empty() ? "" : " ") + word;
  }
  return words.empty() ? words : " -a " + fish_quoted(words);
}

std::string fish_option(const ArgumentSurface& option, const std::string& condition) {
  std::string line = "complete -c blau" + condition;
  for (const auto& name : option.names)
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (option.takes_value) line += " -x" + fish_choices(option.choices);
  return line + " -d " + fish_quoted(option.what) + "\n";
}

/// The names of all options that are followed by a value.
std::string fish_with_value(const Surface& surface) {
  std::string names;
  const auto add = [&names](const std::vector<ArgumentSurface>& options) {
    for (const auto& option : options)
      for (const auto& name : option.names)
        if (option.takes_value) names += " " + name;
  };
  add(surface.program.options);
  for (const auto& command : surface.commands) add(command.options);
  return "set -g __blau_with_value" + names + "\n";
}

std::string fish_command(const Surface& surface, const CommandSurface& command) {
  std::string lines =
      "\ncomplete -c blau -n __blau_needs_command -a " + command.name + " -d " + fish_quoted(command.what) + "\n";
  for (const auto& option : own_options(surface, command))
    lines += fish_option(option, " -n '__blau_is " + command.name + "'");
  for (std::size_t i = 0; i < command.positionals.size(); ++i) {
    const auto& argument = command.positionals[i];
    if (argument.choices.empty()) continue;
    lines += "complete -c blau -n '__blau_is " + command.name + " " + std::to_string(i + 1) + "'" +
             fish_choices(argument.choices) + " -d " + fish_quoted(argument.what) + "\n";
  }
  return lines;
}

}  // namespace

std::string fish_completion(const Surface& surface) {
  auto script = "# fish completion for blau. Made by `blau completion fish`.\n\n" + fish_with_value(surface);
  script += fish_functions;
  for (const auto& option : surface.program.options) script += fish_option(option, "");
  for (const auto& command : surface.commands) script += fish_command(surface, command);
  return script;
}

}  // namespace blau::cli
