#include "man_page.hpp"

#include <cctype>
#include <string_view>

namespace blau::cli {
namespace {

/// Nobody could copy a path with a hyphen in it. Set before the title; `.nh` would hold until the next heading alone.
constexpr const char* no_hyphens = ".nr HY 0\n";

constexpr std::string_view exit_status_label = "Exit status: ";

/// The text as it stands: what someone copies must not turn into typographic quotes and dashes.
std::string literal(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '\\': result += "\\e"; break;
      case '-': result += "\\-"; break;
      case '\'': result += "\\(aq"; break;
      case '`': result += "\\(ga"; break;
      case '^': result += "\\(ha"; break;
      case '~': result += "\\(ti"; break;
      case '"': result += "\\(dq"; break;
      default: result += c;
    }
  }
  return result;
}

std::string bold(std::string_view text) { return "\\fB" + literal(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + literal(text) + "\\fR"; }

/// A line of sentences: what is between ` stands out, and options begin with a dash rather than a hyphen.
std::string prose(std::string_view line) {
  std::string result = line.starts_with('.') || line.starts_with('\'') ? "\\&" : "";
  bool code = false;
  char previous = ' ';
  for (const char c : line) {
    const bool begins = previous == ' ' || previous == '(' || previous == '-';
    if (c == '`') {
      code = !code;
      result += code ? "\\fB" : "\\fR";
    } else {
      result += code || c == '\\' || (c == '-' && begins) ? literal(std::string_view(&c, 1)) : std::string(1, c);
    }
    previous = c;
  }
  return result + "\n";
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  for (auto end = text.find(separator); end != std::string_view::npos; end = text.find(separator)) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + separator.size());
  }
  parts.push_back(text);
  return parts;
}

/// A paragraph as the help has it: its indented lines are examples.
std::string paragraph(std::string_view text) {
  constexpr std::string_view indent = "  ";
  const std::string paragraph_start = ".PP\n";
  std::string result = paragraph_start;
  bool example = false;
  for (auto line : split(text, "\n")) {
    const bool is_example = line.starts_with(indent);
    if (is_example && !example) result += result == paragraph_start ? ".EX\n" : paragraph_start + ".EX\n";
    if (!is_example && example) result += ".EE\n";
    example = is_example;
    result += is_example ? literal(line.substr(indent.size())) + "\n" : prose(line);
  }
  return example ? result + ".EE\n" : result;
}

std::string paragraphs(std::string_view text) {
  std::string result;
  if (text.empty()) return result;
  for (const auto part : split(text, "\n\n")) result += paragraph(part);
  return result;
}

std::string argument_entry(const ArgumentSurface& argument, bool positional) {
  std::string head;
  for (const auto& name : argument.names) head += (head.empty() ? "" : ", ") + (positional ? italic(name) : bold(name));
  if (!argument.value.empty()) head += " " + italic(argument.value);
  return ".TP\n" + head + "\n" + prose(argument.what);
}

std::string argument_entries(const std::vector<ArgumentSurface>& arguments, bool positional) {
  std::string result;
  for (const auto& argument : arguments) result += argument_entry(argument, positional);
  return result;
}

/// `blau read [OPTIONS] DEVICE CHAR`, as the help has it.
std::string usage_line(const Surface& surface, const CommandSurface& command) {
  auto line = bold(surface.program.name + " " + command.name) + " [" + italic("OPTIONS") + "]";
  for (const auto& argument : command.positionals) {
    const auto name = italic(argument.names.front()) + (argument.repeated ? "..." : "");
    line += argument.required ? " " + name : " [" + name + "]";
  }
  return line + "\n";
}

/// `Exit status: 0 done, 1 failed.` as a list.
std::string statuses(std::string_view text) {
  text.remove_prefix(exit_status_label.size());
  if (text.ends_with('.')) text.remove_suffix(1);
  std::string flat(text);
  for (char& c : flat)
    if (c == '\n') c = ' ';
  std::string result;
  for (const auto entry : split(flat, ", ")) {
    const auto blank = entry.find(' ');
    result += ".TP\n" + bold(entry.substr(0, blank)) + "\n" + prose(entry.substr(blank + 1));
  }
  return result;
}

/// The text below the program's help, by sections of the manual.
struct Notes {
  std::string description, statuses, examples;
  explicit Notes(std::string_view text) {
    for (const auto part : split(text, "\n\n")) {
      if (part.starts_with(exit_status_label)) {
        statuses += cli::statuses(part);
      } else {
        (part.find("\n  ") == std::string_view::npos ? description : examples) += paragraph(part);
      }
    }
  }
};

std::string section(std::string_view title, const std::string& content) {
  return content.empty() ? content : ".SH " + std::string(title) + "\n" + content;
}

std::string in_a_sentence(std::string text) {
  if (!text.empty()) text.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(text.front())));
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

std::string man_page(const Surface& surface) {
  const auto& program = surface.program;
  std::string synopsis, commands;
  for (const auto& command : surface.commands) {
    synopsis += (synopsis.empty() ? "" : ".br\n") + usage_line(surface, command);
    commands += ".SS " + literal(command.name) + "\n" + usage_line(surface, command) + ".PP\n" +
                prose(command.what + ".") + argument_entries(command.positionals, true) +
                argument_entries(own_options(surface, command), false) + paragraphs(command.notes);
  }
  const Notes notes(program.notes);
  return std::string(".\\\" Made by `blau manual`.\n") + no_hyphens +
         ".TH BLAU 1 \"\" \"blau " BLAU_VERSION "\" \"User Commands\"\n.ad l\n" +
         section("NAME", "blau \\- " + prose(in_a_sentence(program.what))) + section("SYNOPSIS", synopsis) +
         section("DESCRIPTION", notes.description) +
         section("OPTIONS", paragraph("These go with every command.") + argument_entries(program.options, false)) +
         section("COMMANDS", commands) + section("EXIT STATUS", notes.statuses) + section("EXAMPLES", notes.examples) +
         section("SEE ALSO", ".BR bluetoothctl (1),\n.BR bluetoothd (8)\n");
}

}  // namespace blau::cli
