#include "surface.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <utility>

namespace blau::cli {
namespace {

ArgumentSurface argument_surface(const CLI::Option& option, const Choices& choices) {
  ArgumentSurface argument;
  if (option.get_positional()) argument.names.push_back(option.get_name(true));
  if (!option.get_positional()) {
    for (const auto& name : option.get_snames()) argument.names.push_back("-" + name);
    for (const auto& name : option.get_lnames()) argument.names.push_back("--" + name);
  }
  argument.what = option.get_description();
  argument.value = option.get_type_name();
  argument.takes_value = option.get_items_expected_max() > 0;
  argument.required = option.get_required();
  argument.repeated = option.get_expected_max() > 1;
  if (const auto found = choices.find(&option); found != choices.end()) argument.choices = found->second;
  return argument;
}

CommandSurface command_surface(const CLI::App& app, const Choices& choices) {
  CommandSurface command{app.get_name(), app.get_description(), app.get_footer(), {}, {}};
  for (const auto* const option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    auto& list = option->get_positional() ? command.positionals : command.options;
    list.push_back(argument_surface(*option, choices));
  }
  return command;
}

}  // namespace

Surface surface_of(const CLI::App& app, const Choices& choices) {
  Surface surface{command_surface(app, choices), {}};
  const auto all = [](const CLI::App*) { return true; };
  for (const auto* const command : app.get_subcommands(all)) {
    if (command->get_group().empty()) continue;  // hidden
    auto& added = surface.commands.emplace_back(command_surface(*command, choices));
    if (added.notes == surface.program.notes) added.notes.clear();  // a command without its own inherits them
  }
  return surface;
}

std::vector<ArgumentSurface> own_options(const Surface& surface, const CommandSurface& command) {
  const auto everywhere = [&surface](const ArgumentSurface& option) {
    return std::ranges::any_of(surface.program.options, [&](const auto& other) { return other.names == option.names; });
  };
  auto own = command.options;
  std::erase_if(own, everywhere);
  return own;
}

}  // namespace blau::cli
