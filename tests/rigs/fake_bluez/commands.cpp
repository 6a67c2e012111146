// Commands of the control socket: those that tests/rigs/bumble has, too.

#include "commands.hpp"

#include "adapter.hpp"
#include "battery.hpp"
#include "daemon.hpp"
#include "device.hpp"
#include "faults.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace blau::fake {

namespace {

constexpr std::chrono::milliseconds default_timeout(10000);

std::string refusal(const std::string& text) { return nlohmann::json{{"ok", false}, {"error", text}}.dump(); }

std::vector<Bytes> values_of(const sim::Place& list) {
  std::vector<Bytes> values;
  list.each([&](const sim::Place& place) { values.push_back(place.hex()); });
  return values;
}

}  // namespace

void Commands::run(const std::string& line, Reply reply) {
  sim::JsonNode root;
  sim::JsonFault fault;
  if (!sim::parse_json(line, root, fault)) return reply(refusal(fault.message));
  try {
    dispatch(Place(root, ""), [reply](Json answer) {
      if (answer.is_null()) answer = Json::object();
      answer["ok"] = !answer.contains("error");
      reply(answer.dump());
    });
  } catch (const sim::WorldFault& refused) {
    reply(refusal((refused.path.empty() ? std::string() : refused.path + ": ") + refused.message));
  } catch (const std::exception& error) {
    reply(refusal(error.what()));
  }
}

void Commands::dispatch(const Place& request, const Answer& answer) {
  using Do = void (Commands::*)(const Place&, const Answer&);
  struct Command {
    std::string_view name;
    Do run;
  };
  using C = Commands;
  static constexpr std::array commands{
      Command{"load", &C::load},
      Command{"peripherals", &C::peripherals},
      Command{"power", &C::power},
      Command{"connections", &C::connections},
      Command{"subscriptions", &C::subscriptions},
      Command{"writes", &C::writes},
      Command{"notify", &C::notify},
      Command{"indicate", &C::indicate},
      Command{"set_value", &C::set_value},
      Command{"get_value", &C::get_value},
      Command{"set_attribute", &C::set_attribute},
      Command{"drop_link", &C::drop_link},
      Command{"vanish", &C::vanish},
      Command{"return", &C::come_back},
      Command{"stall", &C::stall},
      Command{"resume", &C::resume},
      Command{"remove_service", &C::remove_service},
      Command{"add_service", &C::add_service},
      Command{"forget_bonds", &C::forget_bonds},
      Command{"set_pairing", &C::set_pairing},
      Command{"shown_passkey", &C::shown_passkey},
      Command{"type_passkey", &C::type_passkey},
      Command{"request_security", &C::request_security},
      Command{"start_advertising", &C::start_advertising},
      Command{"stop_advertising", &C::stop_advertising},
      Command{"quit", &C::quit},
      Command{"faults", &C::faults},
      Command{"clear_faults", &C::clear_faults},
      Command{"registered", &C::registered},
      Command{"stream", &C::stream},
  };
  std::array<std::string_view, commands.size()> names;
  std::ranges::transform(commands, names.begin(), &Command::name);
  request.expect(sim::JsonNode::Kind::object);
  const sim::JsonNode* command = request.node().find("command");
  if (!command) request.fail("the member 'command' is missing");
  (this->*commands[Place(*command, "command").one_of(names)].run)(request, answer);
}

Peripheral& Commands::peripheral(const Members& members) const {
  const Place place = members.require("address");
  const auto address = Address::parse(place.text());
  if (!address) place.fail("this is not an address");
  Peripheral* found = daemon_.radio().find(*address);
  if (!found) place.fail("no peripheral " + address->to_string() + " in this world");
  return *found;
}

std::uint16_t Commands::value_handle(const Place& request, const Members& members) const {
  Peripheral& owner = peripheral(members);
  std::uint16_t handle = 0;
  std::size_t index = 0;
  members.with("index", [&](const Place& p) { index = p.number<std::size_t>(0, 1000); });
  members.with("uuid", [&](const Place& p) { handle = owner.value_handle(p.uuid(), index); });
  members.with("handle", [&](const Place& p) { handle = owner.value_handle(p.number<std::uint16_t>(1, 0xffff)); });
  if (handle == 0) request.fail(owner.address() + " has no such characteristic");
  return handle;
}

void Commands::wait(const Place&, const Members& members, std::function<bool()> holds, std::function<Json()> found,
                    const Answer& answer) {
  auto limit = default_timeout;
  members.with("timeout_ms", [&](const Place& p) { limit = p.milliseconds(); });
  const std::string command = members.require("command").text();
  daemon_.radio().wait_until(std::move(holds), limit, [found = std::move(found), answer, command](bool reached) {
    if (reached) return answer(found());
    answer({{"error", command + ": not reached within the time"}});
  });
}

void Commands::load(const Place& request, const Answer& answer) {
  const Members members(request, {"command", "world", "text", "name"});
  std::string name = "world";
  members.with("name", [&](const Place& p) { name = p.text(); });
  const auto text = members.find("text");
  const auto world = text ? sim::parse_world(text->text(), name) : sim::load_world(members.require("world").text());
  if (!world) request.fail(world.error().what());
  daemon_.faults().clear();
  daemon_.become(*world);
  answer({});
}

void Commands::peripherals(const Place& request, const Answer& answer) {
  const Members members(request, {"command"});
  Json list = Json::array();
  for (const auto& [number, peripheral] : daemon_.radio().peripherals()) list.push_back(peripheral->address());
  answer({{"peripherals", list}});
}

void Commands::power(const Place& request, const Answer& answer) {
  const Members members(request, {"command", "adapter", "powered"});
  const Place name = members.require("adapter");
  Adapter* adapter = daemon_.adapter(name.text());
  if (!adapter) name.fail("there is no such adapter");
  adapter->set_powered(members.require("powered").boolean());
  answer({});
}

void Commands::connections(const Place& request, const Answer& answer) {
  const Members members(request, {"command", "address", "count", "timeout_ms"});
  const Address address = peripheral(members).spec().address;
  const auto links = [this, address] {
    const Peripheral* owner = daemon_.radio().find(address);
    return owner ? owner->links() : std::vector<Link*>();
  };
  const auto found = [links]() -> Json {
    Json list = Json::array();
    for (const Link* link : links())
      list.push_back({{"central", link->central()}, {"mtu", link->mtu()}, {"encrypted", false}});
    return {{"connections", list}};
  };
  const auto count = members.find("count");
  if (!count) return answer(found());
  const auto wanted = count->number<std::size_t>(0, 1000);
  wait(request, members, [links, wanted] { return links().size() == wanted; }, found, answer);
}

void Commands::subscriptions(const Place& request, const Answer& answer) {
  const Members members(request, {"command", "address", "handle", "uuid", "index", "count", "timeout_ms"});
  const Address address = peripheral(members).spec().address;
  const auto handle = value_handle(request, members);
  const auto all = [this, address, handle] {
    Peripheral* owner = daemon_.radio().find(address);
    return owner ? owner->subscriptions(handle) : std::vector<std::uint16_t>();
  };
  const auto found = [all]() -> Json { return {{"subscriptions", all()}}; };
  const auto count = members.find("count");
  if (!count) return answer(found());
  const auto wanted = count->number<std::size_t>(0, 1000);
  wait(request, members, [all, wanted] { return all().size() == wanted; }, found, answer);
}

void Commands::writes(const Place& request, const Answer& answer) {
  const Members members(request, {"command", "address", "handle", "uuid", "index", "count", "clear", "timeout_ms"});
  const Address address = peripheral(members).spec().address;
  const bool any = !members.find("handle") && !members.find("uuid");
  const std::uint16_t handle = any ? std::uint16_t{0} : value_handle(request, members);
  const auto is_meant = [any, handle](const Write& write) { return any || write.handle == handle; };
  bool clear = false;
  members.with("clear", [&](const Place& p) { clear = p.boolean(); });
  const auto number = [this, address, is_meant]() -> std::size_t {
    Peripheral* owner = daemon_.radio().find(address);
    return owner ? static_cast<std::size_t>(std::ranges::count_if(owner->writes(), is_meant)) : 0;
  };
  const auto found = [this, address, is_meant, clear]() -> Json {
    Json list = Json::array();
    Peripheral* owner = daemon_.radio().find(address);
    if (!owner) return {{"writes", list}};
    for (const Write& write : owner->writes())
      if (is_meant(write))
        list.push_back({{"handle", write.handle}, {"value", to_hex(write.value)}, {"command", write.command}});
    if (clear) std::erase_if(owner->writes(), is_meant);
    return {{"writes", list}};
  };
  const auto count = members.find("count");
  if (!count) return answer(found());
  const auto wanted = count->number<std::size_t>(0, 1000000);
  wait(request, members, [number, wanted] { return number() >= wanted; }, found, answer);
}

void Commands::notify(const Place& request, const Answer& answer) {
  const Members members(request, {"command", "address", "handle", "uuid", "index", "values"});
  Peripheral& owner = peripheral(members);
  const auto handle = value_handle(request, members);
  std::size_t reached = owner.subscriptions(handle).size();
  for (const Bytes& value : values_of(members.require("values"))) reached = owner.send(handle, value, false);
  answer({{"subscribers", reached}});
}

void Commands::indicate(const Place& request, const Answer& answer) {
  const Members members(request, {"command", "address", "handle", "uuid", "index", "values", "timeout_ms"});
  Peripheral& owner = peripheral(members);
  const auto handle = value_handle(request, members);
  std::size_t reached = 0;
  for (const Bytes& value : values_of(members.require("values"))) reached = owner.send(handle, value, true);
  const auto confirmed = [this, address = owner.spec().address] {
    const Peripheral* found = daemon_.radio().find(address);
    return !found || found->unconfirmed() == 0;
  };
  wait(request, members, confirmed, [reached]() -> Json { return {{"subscribers", reached}}; }, answer);
}

}  // namespace blau::fake
