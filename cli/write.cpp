#include <blau/assigned.hpp>
#include <blau/error.hpp>

#include "commands.hpp"
#include "device.hpp"
#include "json_lines.hpp"
#include "progress.hpp"
#include "text.hpp"

namespace blau::cli {
namespace {

template <class Attribute>
void print(const Session& session, const Attribute& attribute, std::size_t size) {
  const auto& output = session.output;
  if (output.json()) return output.line(written_to_json(attribute.uuid(), attribute.handle(), size));
  output.line("wrote " + counted(size, "byte", "bytes") + " to " + to_text(attribute.handle()) + " " +
              full_name(attribute));
}

Task<void> write_descriptor(const Session& session, const WriteCommand& command, Client& client,
                            Characteristic characteristic) {
  const auto descriptor = find_descriptor(characteristic, *command.descriptor);
  if (descriptor.uuid() == assigned::descriptors::client_characteristic_configuration)
    throw Error(ErrorCode::not_permitted, "the descriptor 2902 turns notifications on and off: use `blau notify`");
  Progress progress("Writing " + full_name(descriptor), !session.options.verbose);
  co_await client.write_gatt_descriptor(descriptor, command.value);
  progress.end();
  print(session, descriptor, command.value.size());
}

Task<void> write_value(const Session& session, const WriteCommand& command, Client& client) {
  const auto characteristic = find_characteristic(client, command.characteristic);
  if (command.descriptor) {
    co_await write_descriptor(session, command, client, characteristic);
    co_return;
  }
  WriteOptions options;
  if (command.without_response) options.response = false;
  options.reliable = command.reliable;
  Progress progress("Writing " + full_name(characteristic), !session.options.verbose);
  co_await client.write_gatt_char(characteristic, command.value, options);
  progress.end();
  print(session, characteristic, command.value.size());
}

}  // namespace

Task<void> run_command(const Session& session, WriteCommand command) {
  UseDevice use = [&session, &command](Client& client) { return write_value(session, command, client); };
  auto options = client_options(session);
  co_await with_device(session, command.device, std::move(options), std::move(use));
}

}  // namespace blau::cli
