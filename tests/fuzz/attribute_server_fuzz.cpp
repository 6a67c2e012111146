#include "../../src/backend/sim/attribute_server.hpp"
#include "../../src/backend/sim/gatt_client.hpp"
#include "../../src/backend/sim/gatt_client_discovery.hpp"

#include "input.hpp"

#include <blau/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

/// Any bytes to the attribute server, from two clients at once, with hooks that refuse, defer, close bearers and
/// change the table; and any bytes to the GATT client.

namespace {

using namespace blau::sim::detail;
using blau::AttError;
using blau::Bytes;
using blau::ByteView;
using blau::Uuid;
using blau::fuzz::Input;
using blau::fuzz::require;

CharacteristicSpec characteristic(const Uuid& uuid, std::uint16_t properties, std::size_t size) {
  CharacteristicSpec spec;
  spec.uuid = uuid;
  spec.properties = properties;
  spec.value.assign(size, 0x5a);
  return spec;
}

AttributeTable make_table() {
  const Uuid own("6e400002-b5a3-f393-e0a9-e50e24dcca9e");
  std::vector<ServiceSpec> services(3);
  services[0].uuid = Uuid(0x180d);
  services[0].includes = {1, 2};
  services[0].characteristics = {
      characteristic(Uuid(0x2a37), property::read | property::notify | property::indicate, 3),
      characteristic(Uuid(0x2a38), property::read | property::write, 512),
      characteristic(own, property::write | property::write_without_response, 0)};
  services[0].characteristics[2].max_length = 7;
  services[1].uuid = own;
  services[1].primary = false;
  services[1].characteristics = {characteristic(Uuid(0x2a39), property::read | property::indicate, 20)};
  services[1].characteristics[0].security = Security::encrypted;
  services[2].uuid = Uuid(0x180f);
  services[2].handle = 0xfff0;
  services[2].characteristics = {characteristic(Uuid(0x2a19), property::read | property::reliable_write, 1)};
  AttributeTable table;
  require(table.append_generic_services("fuzz", 0).has_value() && table.append(services).has_value());
  return table;
}

/// A server whose owner does whatever the input says.
class Rig {
 public:
  explicit Rig(Input& input) : input_(input), server_(make_table(), hooks()) {
    clients_[0] = server_.open_bearer();
    clients_[1] = server_.open_bearer({true, false, true});
  }

  void step() {
    const std::uint8_t what = input_.byte();
    BearerId& client = clients_[what >> 7];
    switch (what & 0x0f) {
      case 0: tickets_.empty() ? void() : finish(); break;
      case 1: check(client, server_.indicate(client, handle(), input_.piece()).pdu, 0x1d); break;
      case 2: check(client, server_.notify(client, handle(), input_.piece()), 0x1b); break;
      case 3: server_.set_security(client, {(what & 0x10) != 0, (what & 0x20) != 0, (what & 0x40) != 0}); break;
      case 4:
        server_.close_bearer(client);
        client = server_.open_bearer();
        break;
      default: request(client); break;
    }
  }

 private:
  std::uint16_t handle() { return input_.byte(); }

  void request(BearerId client) {
    const Bytes pdu = input_.piece();
    const std::uint16_t mtu = server_.mtu(client);
    const ServerOutput output = server_.handle_pdu(client, pdu);
    check(client, output.indication, 0x1d);
    if (!output.response) return;
    require(!pdu.empty() && (pdu[0] & 0x40) == 0 && output.response->size() <= mtu);
    const bool is_error = output.response->at(0) == 0x01;
    require(is_error ? output.response->size() == 5 && output.response->at(1) == pdu[0] && output.response->at(4) != 0
                     : output.response->at(0) == pdu[0] + 1);
  }

  void check(BearerId client, const std::optional<Bytes>& pdu, std::uint8_t opcode) {
    if (!pdu) return;
    require(pdu->size() >= 3 && pdu->size() <= server_.mtu(client) && pdu->at(0) == opcode);
  }

  void finish() {
    const Ticket ticket = tickets_.back();
    tickets_.pop_back();
    const std::uint8_t how = input_.byte();
    ServerOutput output;
    if ((how & 1) != 0)
      output = server_.finish_read(ticket, (how & 2) != 0 ? ReadAnswer(input_.piece()) : ReadAnswer(Stored{}));
    else
      output = server_.finish_write(ticket,
                                    (how & 2) != 0 ? WriteAnswer(AttError::unlikely_error) : WriteAnswer(Accepted{}));
    if (output.response) require(output.response->size() <= server_.mtu(output.bearer));
  }

  ServerHooks hooks() {
    ServerHooks made;
    made.on_read = [this](const ReadAttempt& attempt) { return read(attempt); };
    made.on_write = [this](const WriteAttempt& attempt) { return write(attempt); };
    made.on_subscription_changed = [this](BearerId bearer, std::uint16_t value_handle, std::uint16_t bits) {
      require(bits <= 3);
      if (input_.byte() == 0xee) (void)server_.notify(bearer, value_handle, {});
    };
    return made;
  }

  ReadAnswer read(const ReadAttempt& attempt) {
    const std::uint8_t how = input_.byte();
    if (how == 0xf0) server_.table().remove_service(10);
    if (how == 0xf1) server_.close_bearer(attempt.bearer);
    switch (how & 7) {
      case 1: return input_.piece();
      case 2: return AttError::unlikely_error;
      case 3: tickets_.push_back(attempt.ticket); return Deferred{};
      default: return Stored{};
    }
  }

  WriteAnswer write(const WriteAttempt& attempt) {
    require(attempt.value.size() <= max_value_length);
    const std::uint8_t how = input_.byte();
    if (how == 0xf0) server_.table().remove_service(10);
    if (how == 0xf1) server_.close_bearer(attempt.bearer);
    switch (how & 7) {
      case 2: return AttError::value_not_allowed;
      case 3: tickets_.push_back(attempt.ticket); return Deferred{};
      default: return Accepted{};
    }
  }

  Input& input_;
  AttributeServer server_;
  BearerId clients_[2] = {};
  std::vector<Ticket> tickets_;
};

std::unique_ptr<Procedure> make_procedure(std::uint8_t which) {
  const auto handle = static_cast<std::uint16_t>(which >> 3);
  switch (which & 7) {
    case 0: return std::make_unique<ExchangeMtu>();
    case 1: return std::make_unique<ReadValue>(handle);
    case 2: return std::make_unique<ReadByType>(Uuid(0x2a00), handle, std::uint16_t{0xffff});
    case 3: return std::make_unique<WriteValue>(handle, Bytes(which * 2u));
    case 4: return std::make_unique<WriteCommand>(handle, Bytes(which));
    case 5: return std::make_unique<DiscoverServicesByUuid>(Uuid(0x180d));
    default: return std::make_unique<DiscoverDatabase>();
  }
}

void talk_to_client(Input& input) {
  GattClient client;
  int started = 0;
  int ended = 0;
  while (!input.empty()) {
    const std::uint8_t what = input.byte();
    if ((what & 3) == 0) {
      ++started;
      client.start(make_procedure(input.byte()), [&](Procedure&) { ++ended; });
    }
    if (what == 0xff) client.fail(blau::Error(blau::ErrorCode::disconnected, "gone"));
    client.receive(input.piece());
    while (const auto pdu = client.next_pdu()) require(!pdu->empty() && pdu->size() <= client.mtu());
  }
  client.fail(blau::Error(blau::ErrorCode::disconnected, "gone"));
  require(started == ended);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  if (input.byte() == 'c') {
    talk_to_client(input);
    return 0;
  }
  Rig rig(input);
  while (!input.empty()) rig.step();
  return 0;
}
