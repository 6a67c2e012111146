#include "completion.hpp"

namespace blau::cli {
namespace {

constexpr const char* bash_beginning = R"(# bash completion for blau. Made by `blau completion bash`.

# The words up to the cursor, into `words`: bash has taken them apart at each : and =.
_blau_words() {
  local line=$COMP_LINE last=0 i word
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if ((i > 0)) && [[ $line != [[:blank:]]* ]]; then
      words[last]+=$word
    else
      ((i > 0)) && ((++last))
      words[last]=$word
    fi
    line=${line#"${line%%[![:blank:]]*}"}
    line=${line#"$word"}
  done
}

)";

constexpr const char* bash_end = R"(
# Offers one word; in place of FILE the files that there are.
_blau_offer() {
  local word=$1 current=$2 before file
  if [[ $word != *FILE ]]; then
    [[ $word == "$current"* ]] && COMPREPLY+=("$word")
    return 0
  fi
  before=${word%FILE}
  if [[ $current == "$before"* ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r file; do COMPREPLY+=("$before$file"); done < <(compgen -f -- "${current#"$before"}")
  elif [[ $before == "$current"* ]]; then
    COMPREPLY+=("$before")
    compopt -o nospace 2>/dev/null
  fi
}

_blau() {
  local -a words=()
  _blau_words
  local last=$((${#words[@]} - 1)) i
  local current=${words[last]} command='' option='' about='' led='' place=1 word offers=''
  for ((i = 1; i < last; i++)); do
    word=${words[i]}
    if [[ -n $option ]]; then
      option=''
    elif [[ $word == -* ]]; then
      if [[ $word != *=* ]] && _blau_values "$command" "$word" >/dev/null; then option=$word; fi
    elif [[ -z $command ]]; then
      command=$word
    else
      ((++place))
    fi
  done

  if [[ -n $option ]]; then
    about=$option
  elif [[ $current == --*=* ]]; then
    about=${current%%=*} led=${current%%=*}= current=${current#*=}
  elif [[ $current == -* ]]; then
    offers=$(_blau_options "$command")
  elif [[ -z $command ]]; then
    offers=$(_blau_commands)
  else
    about=$place
  fi
  if [[ -n $about ]]; then offers=$(_blau_values "$command" "$about"); fi

  COMPREPLY=()
  local IFS=$' \t\n'
  for word in $offers; do _blau_offer "$word" "$current"; done
  # bash puts the answer in place of what follows the last : or = alone, where it has taken the word apart there.
  if [[ $COMP_WORDBREAKS == *:* && $current == *:* ]]; then COMPREPLY=("${COMPREPLY[@]#"${current%:*}:"}"); fi
  if [[ -n $led && $COMP_WORDBREAKS != *=* ]]; then COMPREPLY=("${COMPREPLY[@]/#/$led}"); fi
}

complete -F _blau blau
)";

std::string names_in_line(const std::vector<ArgumentSurface>& options) {
  std::string line;
  for (const auto& option : options)
    for (const auto& name : option.names) line += " " + name;
  return line;
}

/// A case of what may follow: `'scan --seconds') ;;`.
std::string bash_case(const std::string& command, const std::string& about, const std::vector<std::string>& choices) {
  std::string line = "    " + (command.empty() ? "*' " + about + "'" : "'" + command + " " + about + "'") + ") ";
  if (!choices.empty()) line += "printf '%s\\n'";
  for (const auto& choice : choices) line += " " + shell_quoted(choice);
  return line + (choices.empty() ? ";;\n" : " ;;\n");
}

std::string bash_cases(const std::string& command, const std::vector<ArgumentSurface>& options) {
  std::string cases;
  for (const auto& option : options)
    for (const auto& name : option.names)
      if (option.takes_value) cases += bash_case(command, name, option.choices);
  return cases;
}

std::string bash_tables(const Surface& surface) {
  std::string commands, options, values = bash_cases("", surface.program.options);
  for (const auto& command : surface.commands) {
    const auto own = own_options(surface, command);
    commands += " " + command.name;
    options += "    " + command.name + ") echo" + names_in_line(own) + " ;;\n";
    values += bash_cases(command.name, own);
    for (std::size_t i = 0; i < command.positionals.size(); ++i)
      values += bash_case(command.name, std::to_string(i + 1), command.positionals[i].choices);
  }
  return "_blau_commands() { echo" + commands + "; }\n\n# The options of a command.\n_blau_options() {\n  echo" +
         names_in_line(surface.program.options) + "\n  case $1 in\n" + options + "  esac\n}\n\n" +
         "# What a command's option, or its argument at a place, may be. Fails for an option that takes no value.\n" +
         "_blau_values() {\n  case \"$1 $2\" in\n" + values + "    *) return 1 ;;\n  esac\n}\n";
}

}  // namespace

std::string bash_completion(const Surface& surface) { return bash_beginning + bash_tables(surface) + bash_end; }

}  // namespace blau::cli
