#include "commands.hpp"
#include "device.hpp"
#include "json_lines.hpp"
#include "progress.hpp"

namespace blau::cli {
namespace {

void print(const Session& session, const Uuid& uuid, Handle handle, const Bytes& value, const Format& format) {
  const auto& output = session.output;
  if (output.json()) return output.line(value_to_json(uuid, handle, value));
  auto line = format_value(value, format);
  const auto hint = text_hint(value);
  const bool wants_hint = output.on_terminal() && format.kind() == Format::Kind::hex && !hint.empty();
  if (wants_hint) line.append("  ").append(output.styled(hint, Style::dim));
  output.line(line);
}

Task<void> read_descriptor(const Session& session, const ReadCommand& command, Client& client,
                           Characteristic characteristic) {
  const auto descriptor = find_descriptor(characteristic, *command.descriptor);
  Progress progress("Reading " + full_name(descriptor), !session.options.verbose);
  const auto value = co_await client.read_gatt_descriptor(descriptor);
  progress.end();
  print(session, descriptor.uuid(), descriptor.handle(), value, command.format);
}

Task<void> read_value(const Session& session, const ReadCommand& command, Client& client) {
  const auto characteristic = find_characteristic(client, command.characteristic);
  if (command.descriptor) {
    co_await read_descriptor(session, command, client, characteristic);
    co_return;
  }
  Progress progress("Reading " + full_name(characteristic), !session.options.verbose);
  const auto value = co_await client.read_gatt_char(characteristic);
  progress.end();
  print(session, characteristic.uuid(), characteristic.handle(), value, command.format);
}

}  // namespace

Task<void> run_command(const Session& session, ReadCommand command) {
  UseDevice use = [&session, &command](Client& client) { return read_value(session, command, client); };
  auto options = client_options(session);
  co_await with_device(session, command.device, std::move(options), std::move(use));
}

}  // namespace blau::cli
