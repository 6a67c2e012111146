#include <blau/event_loop.hpp>

#include "commands.hpp"
#include "decoded.hpp"
#include "device.hpp"
#include "exit_status.hpp"
#include "json_lines.hpp"
#include "progress.hpp"
#include "text.hpp"

namespace blau::cli {
namespace {

/// What reading every readable value gave.
struct ReadValues {
  ValuesByHandle values;
  /// Why a value could not be read, by handle.
  std::map<Handle, std::string> failures;
};

bool ends_everything(ErrorCode code) {
  return code == ErrorCode::disconnected || code == ErrorCode::not_connected || code == ErrorCode::canceled ||
         code == ErrorCode::backend_lost;
}

Task<void> read_all(const Session& session, Client& client, ReadValues& read) {
  Progress progress("Reading values", !session.options.verbose);
  const auto characteristics = client.services().characteristics();
  for (const auto& characteristic : characteristics) {
    if (!has(characteristic.properties(), Property::read)) continue;
    progress.now("Reading " + full_name(characteristic));
    auto value = co_await client.read_gatt_char(characteristic).as_result();
    if (value) {
      read.values.emplace(characteristic.handle(), std::move(*value));
      continue;
    }
    const auto& error = value.error();
    if (ends_everything(error.code())) throw Error(error);
    read.failures.emplace(characteristic.handle(),
                          error.att() ? to_string(*error.att()) : std::string(to_string(error.code())));
  }
}

std::string properties_text(Property properties) {
  std::string text;
  for (const auto name : property_names(properties)) text.append(text.empty() ? "" : " ").append(name);
  return text;
}

Cell value_cell(const ReadValues& read, Handle handle) {
  if (const auto failure = read.failures.find(handle); failure != read.failures.end())
    return Cell(std::string("(").append(failure->second).append(")"), Style::yellow);
  const auto value = read.values.find(handle);
  if (value == read.values.end()) return Cell("");
  return Cell(to_hex(value->second), Style::green);
}

/// What the value means; in quotes where that is only a guess.
Cell decoded_cell(const ReadValues& read, const Characteristic& characteristic) {
  const auto value = read.values.find(characteristic.handle());
  if (value == read.values.end()) return Cell("");
  const auto meaning = decoded(characteristic.uuid(), value->second);
  return Cell(meaning ? *meaning : text_hint(value->second), Style::green);
}

class Tree {
 public:
  Tree(const ReadValues* read) : read_(read), table_(columns(read != nullptr)) {}

  void add(const Service& service) {
    add_row(service.handle(), "", full_name(service), Style::bold,
            service.is_primary() ? "service" : "secondary service");
    for (const auto& characteristic : service.characteristics()) add(characteristic);
  }
  [[nodiscard]] const Table& table() const noexcept { return table_; }

 private:
  static std::vector<Column> columns(bool with_values) {
    std::vector<Column> columns{
        {"HANDLE"}, {"ATTRIBUTE", Column::Align::left, 24}, {"PROPERTIES", Column::Align::left, 10}};
    if (with_values) {
      columns.push_back({"VALUE", Column::Align::left, 12});
      columns.push_back({"DECODED", Column::Align::left, 12});
    }
    return columns;
  }
  void add(const Characteristic& characteristic) {
    std::vector<Cell> values;
    if (read_) values = {value_cell(*read_, characteristic.handle()), decoded_cell(*read_, characteristic)};
    add_row(characteristic.handle(), "  ", full_name(characteristic), Style::plain,
            properties_text(characteristic.properties()), values);
    for (const auto& descriptor : characteristic.descriptors())
      add_row(descriptor.handle(), "    ", full_name(descriptor), Style::dim, "descriptor");
  }
  void add_row(Handle handle, std::string indent, const std::string& name, Style style, const std::string& properties,
               std::vector<Cell> values = std::vector<Cell>()) {
    std::vector<Cell> row{Cell(to_text(handle), Style::cyan), Cell(indent.append(name), style),
                          Cell(properties, Style::dim)};
    if (read_) values.resize(2, Cell(""));
    row.insert(row.end(), values.begin(), values.end());
    table_.add(std::move(row));
  }

  const ReadValues* read_;
  Table table_;
};

void print(const Session& session, const Client& client, const ReadValues* read) {
  const auto& output = session.output;
  if (output.json()) return output.line(to_json(client, read ? read->values : ValuesByHandle()));
  output.line(output.styled(client.name().value_or("(no name)"), Style::bold) + "  " + client.address().to_string() +
              "  MTU " + std::to_string(client.mtu_size()));
  Tree tree(read);
  for (const auto& service : client.services()) tree.add(service);
  output.table(tree.table());
}

Task<void> show(const Session& session, const InfoCommand& command, Client& client) {
  ReadValues read;
  if (command.values) co_await read_all(session, client, read);
  print(session, client, command.values ? &read : nullptr);
}

}  // namespace

Task<void> run_command(const Session& session, InfoCommand command) {
  UseDevice use = [&session, &command](Client& client) { return show(session, command, client); };
  auto options = client_options(session);
  co_await with_device(session, command.device, std::move(options), std::move(use));
}

}  // namespace blau::cli
