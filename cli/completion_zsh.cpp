#include "completion.hpp"

namespace blau::cli {
namespace {

constexpr const char* zsh_beginning = R"(#compdef blau
# zsh completion for blau. Made by `blau completion zsh`.

# Offers words; in place of FILE the files that there are.
_blau_choose() {
  local word status_=1
  local -a whole before
  for word; do
    if [[ $word != *FILE ]]; then
      whole+=($word)
    elif compset -P ${word%FILE}; then
      _files
      return
    else
      before+=(${word%FILE})
    fi
  done
  compadd -a whole && status_=0
  compadd -S '' -a before && status_=0
  return status_
}

)";

constexpr const char* zsh_middle =
    R"(  _arguments -C -S "$everywhere[@]" '1:command:_blau_commands' '*::argument:->arguments' && status_=0
  [[ $state == arguments ]] || return status_
  case $words[1] in
)";

constexpr const char* zsh_end = R"(  esac
  return status_
}

if [[ $funcstack[1] == _blau ]]; then
  _blau "$@"
else
  compdef _blau blau
fi
)";

/// What follows the name of an option, or the number of a place: `:NAME: _blau_choose bluez sim`.
std::string zsh_value(const std::string& name, const std::vector<std::string>& choices) {
  std::string value = ":" + with_before_each(name, ":\\", "\\") + ": ";
  if (!choices.empty()) value += "_blau_choose";
  for (const auto& choice : choices) value += " " + with_before_each(choice, ":\\", "\\");
  return value;
}

std::string zsh_option(const ArgumentSurface& option) {
  std::string together;
  for (const auto& name : option.names) together += (together.empty() ? "" : " ") + name;
  const std::string before = option.repeated ? "*" : "(" + together + ")";
  auto after = "[" + with_before_each(option.what, "[]:\\", "\\") + "]";
  if (option.takes_value) after += zsh_value(option.value.empty() ? "value" : option.value, option.choices);
  std::string lines;
  for (const auto& name : option.names) {
    const char* const joined = !option.takes_value ? "" : name.starts_with("--") ? "=" : "+";
    lines += "    " + shell_quoted(before + name + joined + after) + "\n";
  }
  return lines;
}

std::string zsh_options(const std::vector<ArgumentSurface>& options) {
  std::string lines;
  for (const auto& option : options) lines += zsh_option(option);
  return lines;
}

std::string zsh_command(const Surface& surface, const CommandSurface& command) {
  std::string lines = zsh_options(own_options(surface, command));
  for (std::size_t i = 0; i < command.positionals.size(); ++i) {
    const auto& argument = command.positionals[i];
    const auto place = argument.repeated ? std::string("*") : std::to_string(i + 1);
    lines += "    " + shell_quoted(place + zsh_value(argument.names.front(), argument.choices)) + "\n";
  }
  return "  " + command.name + ")\n    own=(\n" + lines +
         "    )\n    _arguments -S \"$everywhere[@]\" \"$own[@]\" && status_=0\n    ;;\n";
}

}  // namespace

std::string zsh_completion(const Surface& surface) {
  std::string script = zsh_beginning;
  script += "_blau_commands() {\n  local -a commands=(\n";
  for (const auto& command : surface.commands)
    script += "    " + shell_quoted(command.name + ":" + command.what) + "\n";
  script += "  )\n  _describe -t commands command commands\n}\n\n";
  script +=
      "_blau() {\n  local curcontext=$curcontext state line status_=1\n  local -A opt_args\n  local -a own "
      "everywhere=(\n";
  script += zsh_options(surface.program.options) + "  )\n" + zsh_middle;
  for (const auto& command : surface.commands) script += zsh_command(surface, command);
  return script + zsh_end;
}

}  // namespace blau::cli
