// The rest of the commands of the control socket.

#include "adapter.hpp"
#include "battery.hpp"
#include "commands.hpp"
#include "daemon.hpp"
#include "device.hpp"
#include "faults.hpp"
#include "world_faults.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace blau::fake {

namespace {

constexpr std::array<std::string_view, 3> securities{"none", "encrypted", "authenticated"};

/// A number, or null to take it away.
void read_error(const sim::Members& members, std::string_view name, std::optional<std::uint8_t>& error) {
  members.with(name, [&](const sim::Place& place) {
    error.reset();
    if (place.node().kind != sim::JsonNode::Kind::null) error = place.number<std::uint8_t>(1, 255);
  });
}

void read_security(const sim::Members& members, std::string_view name, sim::Security& security) {
  members.with(name, [&](const sim::Place& place) { security = static_cast<sim::Security>(place.one_of(securities)); });
}

void put_little_endian(Bytes& to, std::size_t at, std::size_t size, std::uint64_t number) {
  for (std::size_t i = 0; i < size; ++i) to[at + i] = static_cast<std::uint8_t>(number >> (8 * i));
}

}  // namespace

void Commands::set_value(const Place& request, const Answer& answer) {
  const Members members(request, {"command", "address", "handle", "uuid", "index", "value"});
  const auto handle = value_handle(request, members);
  peripheral(members).server().table().find(handle)->value = members.require("value").hex();
  answer({});
}

void Commands::get_value(const Place& request, const Answer& answer) {
  const Members members(request, {"command", "address", "handle", "uuid", "index"});
  const auto handle = value_handle(request, members);
  answer({{"value", to_hex(peripheral(members).server().table().find(handle)->value)}});
}

void Commands::set_attribute(const Place& request, const Answer& answer) {
  const Members members(request, {"command", "address", "handle", "read_error", "write_error", "read_delay_ms",
                                  "write_delay_ms", "read_security", "write_security"});
  Peripheral& owner = peripheral(members);
  const Place place = members.require("handle");
  const auto handle = place.number<std::uint16_t>(1, 0xffff);
  sim::Attribute* attribute = owner.server().table().find(handle);
  if (!attribute) place.fail("there is no such attribute");
  read_error(members, "read_error", attribute->read_error);
  read_error(members, "write_error", attribute->write_error);
  read_security(members, "read_security", attribute->read_security);
  read_security(members, "write_security", attribute->write_security);
  std::optional<nanoseconds> read_delay;
  std::optional<nanoseconds> write_delay;
  members.with("read_delay_ms", [&](const Place& p) { read_delay = p.milliseconds(); });
  members.with("write_delay_ms", [&](const Place& p) { write_delay = p.milliseconds(); });
  if (read_delay || write_delay) owner.set_delays(handle, read_delay, write_delay);
  answer({});
}

void Commands::drop_link(const Place& request, const Answer& answer) {
  const Members members(request, {"command", "address", "reason"});
  // 8 is a time-out (Core Vol 1 Part F 1.3); every other reason is the peripheral's own wish.
  std::int64_t reason = 0x13;
  members.with("reason", [&](const Place& p) { reason = p.integer(1, 255); });
  answer({{"links", peripheral(members).end_links(reason == 8 ? LinkEnd::timeout : LinkEnd::remote)}});
}

void Commands::vanish(const Place& request, const Answer& answer) {
  peripheral(Members(request, {"command", "address"})).set_present(false);
  answer({});
}

void Commands::come_back(const Place& request, const Answer& answer) {
  Peripheral& owner = peripheral(Members(request, {"command", "address"}));
  // The links of before are lost on its side, too.
  owner.end_links(LinkEnd::timeout);
  owner.set_present(true);
  answer({});
}

void Commands::stall(const Place& request, const Answer& answer) {
  peripheral(Members(request, {"command", "address"})).set_stalled(true);
  answer({});
}

void Commands::resume(const Place& request, const Answer& answer) {
  peripheral(Members(request, {"command", "address"})).set_stalled(false);
  answer({});
}

void Commands::remove_service(const Place& request, const Answer& answer) {
  const Members members(request, {"command", "address", "uuid"});
  Peripheral& owner = peripheral(members);
  const Place place = members.require("uuid");
  const auto handle = owner.service_handle(place.uuid());
  if (handle == 0) place.fail(owner.address() + " has no such service");
  owner.remove_service(handle);
  answer({});
}

void Commands::add_service(const Place& request, const Answer& answer) {
  const Members members(request, {"command", "address", "service"});
  Peripheral& owner = peripheral(members);
  const Place service = members.require("service");
  if (const auto refused = owner.add_service(sim::read_service(service))) service.fail(*refused);
  answer({});
}

void Commands::start_advertising(const Place& request, const Answer& answer) {
  const Members members(request, {"command", "address", "data", "scan_response"});
  Peripheral& owner = peripheral(members);
  std::optional<Bytes> data;
  std::optional<Bytes> scan_response;
  const auto encoded = [](const Place& place) {
    // As the member of the same name in a world's `advertising`.
    sim::JsonNode around;
    around.kind = sim::JsonNode::Kind::object;
    around.members.push_back(place.node());
    around.members.back().name = "data";
    return sim::encode(*sim::read_advertising(Place(around, place.path())).data);
  };
  members.with("data", [&](const Place& p) { data = encoded(p); });
  members.with("scan_response", [&](const Place& p) { scan_response = encoded(p); });
  owner.set_advertising(std::move(data), std::move(scan_response));
  owner.advertise(true);
  answer({});
}

void Commands::stop_advertising(const Place& request, const Answer& answer) {
  peripheral(Members(request, {"command", "address"})).advertise(false);
  answer({});
}

void Commands::quit(const Place& request, const Answer& answer) {
  const Members members(request, {"command"});
  answer({});
  daemon_.loop().post([this] { daemon_.loop().quit(); });
}

void Commands::faults(const Place& request, const Answer& answer) {
  const Members members(request, {"command", "faults"});
  daemon_.faults().add(members.require("faults"));
  answer({{"armed", daemon_.faults().size() + daemon_.world_faults().size()}});
}

void Commands::clear_faults(const Place& request, const Answer& answer) {
  const Members members(request, {"command"});
  daemon_.faults().clear();
  daemon_.world_faults().clear();
  daemon_.deny_access(false);
  answer({});
}

/// Values at a rate, or as fast as they are read.
struct Commands::Stream {
  Peripheral* owner;
  std::uint16_t handle;
  std::uint64_t count;
  std::uint64_t rate;
  std::uint32_t first = 0;
  bool stamped = false;
  Bytes value;
  Answer answer;
  std::chrono::steady_clock::time_point begin;
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;  ///< nobody was subscribed
  Timer timer;
};

void Commands::stream(const Place& request, const Answer& answer) {
  const Members members(request,
                        {"command", "address", "handle", "uuid", "index", "count", "size", "rate", "first", "stamp"});
  auto stream = std::make_shared<Stream>();
  stream->owner = &peripheral(members);
  stream->handle = value_handle(request, members);
  stream->count = members.require("count").number<std::uint64_t>(1, 1000000000);
  stream->rate = 0;
  members.with("rate", [&](const Place& p) { stream->rate = p.number<std::uint64_t>(0, 1000000); });
  stream->value.resize(20);
  members.with("first", [&](const Place& p) { stream->first = p.number<std::uint32_t>(0, 0xffffffff); });
  members.with("stamp", [&](const Place& p) { stream->stamped = p.boolean(); });
  const std::size_t least = stream->stamped ? 12 : 4;
  members.with("size", [&](const Place& p) { stream->value.resize(p.number<std::size_t>(least, 512)); });
  stream->answer = answer;
  stream->begin = std::chrono::steady_clock::now();
  go_on(stream);
}

void Commands::send_next(const std::shared_ptr<Stream>& stream) {
  // Each value begins with its number, and then the time; the least significant byte first.
  put_little_endian(stream->value, 0, 4, stream->first + stream->sent);
  // std::chrono::steady_clock is CLOCK_MONOTONIC, which the reader has as well.
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  if (stream->stamped) put_little_endian(stream->value, 4, 8, static_cast<std::uint64_t>(nanoseconds(now).count()));
  ++stream->sent;
  if (stream->owner->send(stream->handle, stream->value, false) == 0) ++stream->lost;
}

void Commands::go_on(const std::shared_ptr<Stream>& stream) {
  constexpr std::uint64_t at_once = 64;
  const auto elapsed = std::chrono::steady_clock::now() - stream->begin;
  if (stream->sent == stream->count) {
    stream->answer(
        {{"sent", stream->sent}, {"lost", stream->lost}, {"seconds", std::chrono::duration<double>(elapsed).count()}});
    return stream->timer.stop();
  }
  if (stream->rate == 0) {
    for (std::uint64_t i = 0; i < at_once && stream->sent < stream->count; ++i) send_next(stream);
    return await_readers(stream);
  }
  const auto due_after = [&](std::uint64_t number) { return nanoseconds(number * 1000000000 / stream->rate); };
  while (stream->sent < stream->count && due_after(stream->sent) <= elapsed) send_next(stream);
  stream->timer.start(daemon_.loop(), due_after(stream->sent) - elapsed, [this, stream] { go_on(stream); });
}

/// So that nothing piles up in the bus, or is dropped at a full socket.
void Commands::await_readers(const std::shared_ptr<Stream>& stream) {
  const auto latency = stream->owner->spec().latency / 4;
  stream->timer.start(daemon_.loop(), latency, [this, stream] {
    const auto left = std::make_shared<std::size_t>(1);
    const auto done = [this, stream, left] {
      if (--*left == 0) go_on(stream);
    };
    for (Device* device : daemon_.devices(stream->owner->spec().address)) {
      const Characteristic* found = device->gatt().find(stream->handle);
      if (!found) continue;
      Socket* socket = found->notifier().notify_socket();
      if (socket) ++*left, socket->when_writable(done);
      for (const std::string& name : socket ? std::vector<std::string>() : found->notifier().owners())
        if (name.starts_with(':') && name != ":0.0") ++*left, daemon_.bus().when_read_by(name, done);
    }
    done();
  });
}

}  // namespace blau::fake
