// Every method that gives an operation, as data.

#include "acts.hpp"

#include <stdexcept>
#include <string>

namespace blau::conformance {
namespace {

const Uuid written_value = own(0x0203);

void ignore(const Characteristic&, ByteView) {}
bool nothing_wanted(const Device&, const AdvertisementData&) { return false; }

constexpr auto soon = 300ms;

Call connect(Objects& with) { return with.client->connect(); }
Call unpair(Objects& with) { return with.client->unpair(); }
Call start_quiet(Objects& with) { return with.client->start_notify(quiet, ignore); }
Call stop_quiet(Objects& with) { return with.client->stop_notify(quiet); }

std::vector<Act> client_acts() {
  return {
      {.type = "Client",
       .method = "connect",
       .stage = Stage::client,
       .flight = Flight::long_,
       .call = connect,
       .second = ErrorCode::busy},
      {.type = "Client",
       .method = "disconnect",
       .stage = Stage::linked,
       .flight = Flight::long_,
       .call = [](Objects& with) -> Call { return with.client->disconnect(); },
       .ready = connect,
       .lost = std::nullopt},
      {.type = "Client",
       .method = "get_services",
       .stage = Stage::linked,
       .call = [](Objects& with) -> Call { return with.client->get_services(); },
       .destroyed = std::nullopt},
      {.type = "Client",
       .method = "get_services",
       .overload = 1,
       .stage = Stage::linked,
       .flight = Flight::client,
       .call = [](Objects& with) -> Call { return with.client->get_services(DiscoveryOptions()); }},
      {.type = "Client",
       .method = "pair",
       .stage = Stage::linked,
       .flight = Flight::device,
       .call = [](Objects& with) -> Call { return with.client->pair(); },
       .ready = unpair,
       .ready_then = connect,
       .needs = Ability::pairing},
      {.type = "Client",
       .method = "unpair",
       .stage = Stage::linked,
       .flight = Flight::long_,
       .call = unpair,
       .ready = connect,
       .lost = std::nullopt,
       .needs = Ability::pairing},
  };
}

std::vector<Act> gatt_acts() {
  return {
      {.type = "Client",
       .method = "read_gatt_char",
       .stage = Stage::linked,
       .flight = Flight::device,
       .call = [](Objects& with) -> Call { return with.client->read_gatt_char(written_value); },
       .named = [](Objects& with, const CharacteristicRef& name) -> Call { return with.client->read_gatt_char(name); },
       .service = own(0x0200)},
      {.type = "Client",
       .method = "write_gatt_char",
       .stage = Stage::linked,
       .flight = Flight::device,
       .call = [](Objects& with) -> Call { return with.client->write_gatt_char(written_value, bytes(1)); },
       .named = [](Objects& with, const CharacteristicRef& name) -> Call {
         return with.client->write_gatt_char(name, bytes(1));
       },
       .service = own(0x0200)},
      {.type = "Client",
       .method = "start_notify",
       .stage = Stage::linked,
       .flight = Flight::device,
       .call = start_quiet,
       .ready = stop_quiet,
       .named = [](Objects& with, const CharacteristicRef& name) -> Call {
         return with.client->start_notify(name, ignore);
       },
       .service = own(0x0300),
       .second = ErrorCode::already_subscribed},
      {.type = "Client",
       .method = "stop_notify",
       .stage = Stage::linked,
       .flight = Flight::client,
       .call = stop_quiet,
       .ready = start_quiet,
       .named = [](Objects& with, const CharacteristicRef& name) -> Call { return with.client->stop_notify(name); },
       .service = own(0x0300),
       .second = ErrorCode::not_subscribed},
      {.type = "Client",
       .method = "subscribe",
       .stage = Stage::linked,
       .flight = Flight::device,
       .call = [](Objects& with) -> Call { return with.client->subscribe(quiet); },
       .ready = stop_quiet,
       .named = [](Objects& with, const CharacteristicRef& name) -> Call { return with.client->subscribe(name); },
       .service = own(0x0300),
       .second = ErrorCode::already_subscribed},
      {.type = "Client",
       .method = "read_gatt_descriptor",
       .stage = Stage::linked,
       .flight = Flight::device,
       .call = [](Objects& with) -> Call { return with.client->read_gatt_descriptor(with.descriptor); },
       .service = own(0x0500)},
      {.type = "Client",
       .method = "write_gatt_descriptor",
       .stage = Stage::linked,
       .flight = Flight::device,
       .call = [](Objects& with) -> Call { return with.client->write_gatt_descriptor(with.descriptor, bytes(1)); },
       .service = own(0x0500)},
  };
}

std::vector<Act> scanner_acts() {
  return {
      {.type = "Scanner",
       .method = "start",
       .stage = Stage::scanner,
       .flight = Flight::daemon,
       .call = [](Objects& with) -> Call { return with.scanner->start(); },
       .ready = [](Objects& with) -> Call { return with.scanner->stop(); }},
      {.type = "Scanner",
       .method = "stop",
       .stage = Stage::scanner,
       .flight = Flight::daemon,
       .call = [](Objects& with) -> Call { return with.scanner->stop(); },
       .ready = [](Objects& with) -> Call { return with.scanner->start(); }},
      {.type = "Scanner",
       .method = "discover",
       .flight = Flight::long_,
       .call = [](Objects& with) -> Call { return Scanner::discover(soon, with.scanner_options()); }},
      {.type = "Scanner",
       .method = "find_device_by_address",
       .flight = Flight::long_,
       .call = [](Objects& with) -> Call {
         return Scanner::find_device_by_address(nobody, soon, with.scanner_options());
       }},
      {.type = "Scanner",
       .method = "find_device_by_name",
       .flight = Flight::long_,
       .call = [](Objects& with) -> Call {
         return Scanner::find_device_by_name("Blau Nobody", soon, with.scanner_options());
       }},
      {.type = "Scanner",
       .method = "find_device_by_filter",
       .flight = Flight::long_,
       .call = [](Objects& with) -> Call {
         return Scanner::find_device_by_filter(nothing_wanted, soon, with.scanner_options());
       }},
  };
}

std::vector<Act> adapter_acts() {
  return {
      {.type = "Adapter",
       .method = "all",
       .flight = Flight::daemon,
       .call = [](Objects& with) -> Call { return Adapter::all(with.adapter_options()); }},
      {.type = "Adapter",
       .method = "get_default",
       .flight = Flight::daemon,
       .call = [](Objects& with) -> Call { return Adapter::get_default(with.adapter_options()); }},
      {.type = "Adapter",
       .method = "connected_devices",
       .stage = Stage::adapter,
       .call = [](Objects& with) -> Call { return with.adapter->connected_devices(); },
       .destroyed = std::nullopt},
      {.type = "Adapter",
       .method = "bonded_devices",
       .stage = Stage::adapter,
       .call = [](Objects& with) -> Call { return with.adapter->bonded_devices(); },
       .destroyed = std::nullopt},
  };
}

const std::vector<Act>& acts() {
  static const auto all = [] {
    std::vector<Act> made;
    for (const auto& part : {client_acts(), gatt_acts(), scanner_acts(), adapter_acts()})
      made.insert(made.end(), part.begin(), part.end());
    return made;
  }();
  return all;
}

}  // namespace

ClientOptions Objects::client_options() const {
  ClientOptions options;
  options.backend = backend;
  options.loop = loop;
  return options;
}

ScannerOptions Objects::scanner_options() const {
  ScannerOptions options;
  options.backend = backend;
  options.loop = loop;
  return options;
}

AdapterOptions Objects::adapter_options() const {
  AdapterOptions options;
  options.backend = backend;
  options.loop = loop;
  return options;
}

const Act& act_of(std::string_view type, std::string_view method, int overload) {
  for (const auto& act : acts())
    if (act.type == type && act.method == method && act.overload == overload) return act;
  throw std::logic_error("acts.cpp does not know how to call " + std::string(type) + "::" + std::string(method));
}

Task<> arrange_unlinked(Objects& objects, const Act& act) {
  const auto& address = act.stage == Stage::linked ? gatt : spare;
  if (act.stage == Stage::linked || act.stage == Stage::client)
    objects.client.emplace(address, objects.client_options());
  if (act.stage == Stage::scanner) objects.scanner.emplace(objects.scanner_options());
  if (act.stage != Stage::adapter) co_return;
  auto adapter = co_await Adapter::get_default(objects.adapter_options());
  objects.adapter.emplace(std::move(adapter));
}

Task<> arrange(Objects& objects, const Act& act) {
  co_await arrange_unlinked(objects, act);
  if (act.stage != Stage::linked) co_return;
  co_await objects.client->connect();
  const auto owner = objects.client->services().get_characteristic(own(0x0501));
  const auto descriptor = owner ? owner->descriptor(own(0x05d1)) : std::nullopt;
  if (!descriptor) throw Error(ErrorCode::attribute_not_found, "the world has no descriptor to write");
  objects.descriptor = descriptor->handle();
}

Task<> make_ready(Objects& objects, const Act& act) {
  Inbox<Result<void>> ended;
  std::size_t count = 0;
  for (const auto call : {act.ready, act.ready_then}) {
    if (!call) continue;
    call(objects).start(ended);
    co_await ended.reach(++count);
  }
}

}  // namespace blau::conformance
