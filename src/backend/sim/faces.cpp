// The public objects of a peripheral and its attributes.

#include "core.hpp"
#include "link.hpp"
#include "options.hpp"

#include <algorithm>
#include <utility>

namespace blau::sim {

using detail::Attribute;

namespace {

Error not_there(const std::string& what, const Uuid& uuid) {
  return {ErrorCode::attribute_not_found, "there is no " + what + " " + uuid.to_string() + " here: add it first"};
}

template <class Nodes>
auto& first_of(const Nodes& nodes, const UuidArgument& uuid, const std::string& what) {
  for (const auto& node : nodes)
    if (node->spec.uuid == uuid.get()) return node->face;
  throw not_there(what, uuid.get());
}

void expect_unfixed(const detail::ServiceNode& service) {
  if (service.placed())
    throw Error(ErrorCode::invalid_argument,
                "this service has its handles already: add all of it first, or add another service");
}

void expect_length(const Bytes& value) {
  if (value.size() > detail::max_value_length)
    throw Error(ErrorCode::invalid_argument, "a value has 512 bytes at most");
}

template <class Node>
Bytes value_of(const Node& node) {
  const Attribute* attribute = node.attribute();
  return attribute ? attribute->value : node.spec.value;
}

template <class Node>
void set_value_of(Node& node, Bytes value) {
  expect_length(value);
  Attribute* attribute = node.attribute();
  (attribute ? attribute->value : node.spec.value) = std::move(value);
}

template <class Node>
void set_error(Node& node, std::optional<std::uint8_t> detail::Attribute::* in_table,
               std::optional<std::uint8_t>& in_spec, const std::optional<AttError>& error) {
  std::optional<std::uint8_t> code;
  if (error) code = static_cast<std::uint8_t>(*error);
  in_spec = code;
  if (Attribute* attribute = node.attribute()) attribute->*in_table = code;
}

}  // namespace

// Descriptor

const Uuid& Descriptor::uuid() const noexcept { return node_.spec.uuid; }
Handle Descriptor::handle() const {
  node_.owner.peripheral().fix_table();
  return Handle(node_.handle);
}
Bytes Descriptor::value() const { return value_of(node_); }
void Descriptor::set_value(Bytes value) { set_value_of(node_, std::move(value)); }
void Descriptor::set_read_error(std::optional<AttError> error) {
  set_error(node_, &Attribute::read_error, node_.spec.read_error, error);
}
void Descriptor::set_write_error(std::optional<AttError> error) {
  set_error(node_, &Attribute::write_error, node_.spec.write_error, error);
}
const std::vector<ReceivedWrite>& Descriptor::writes() const noexcept { return node_.log.writes; }

// Characteristic

const Uuid& Characteristic::uuid() const noexcept { return node_.spec.uuid; }
Property Characteristic::properties() const noexcept { return static_cast<Property>(node_.spec.properties); }
Handle Characteristic::handle() const {
  node_.peripheral().fix_table();
  return Handle(node_.handle);
}

Descriptor& Characteristic::add_descriptor(const DescriptorOptions& options) {
  expect_unfixed(node_.service);
  node_.descriptors.push_back(std::make_unique<detail::DescriptorNode>(node_, detail::spec_of(options)));
  try {
    node_.peripheral().check();
  } catch (...) {
    node_.descriptors.pop_back();
    throw;
  }
  return node_.descriptors.back()->face;
}

Descriptor& Characteristic::descriptor(const UuidArgument& uuid) {
  return first_of(node_.descriptors, uuid, "descriptor");
}

Bytes Characteristic::value() const { return value_of(node_); }
void Characteristic::set_value(Bytes value) { set_value_of(node_, std::move(value)); }

std::size_t Characteristic::notify(ByteView value) { return node_.peripheral().send(node_, value, false); }
std::size_t Characteristic::indicate(ByteView value) { return node_.peripheral().send(node_, value, true); }

void Characteristic::notify_every(std::chrono::nanoseconds interval, std::function<Bytes()> make) {
  if (interval <= std::chrono::nanoseconds(0) || !make)
    throw Error(ErrorCode::invalid_argument, "notify_every needs an interval above zero and a function");
  if (!node_.can_notify())
    throw Error(ErrorCode::invalid_argument,
                "this characteristic neither notifies nor indicates: give it the property");
  stop_notifying();
  node_.notify_interval = interval;
  node_.make = [make = std::move(make)](std::size_t) { return make(); };
  if (node_.value_handle == 0) return;
  for (const auto& link : node_.peripheral().links)
    if (node_.peripheral().server->subscription(link->bearer(), node_.value_handle) != 0) link->start_schedule(node_);
}

void Characteristic::stop_notifying() {
  node_.notify_interval = std::chrono::nanoseconds(0);
  for (const auto& link : node_.peripheral().links) link->stop_schedule(node_.value_handle);
}

std::size_t Characteristic::subscribers() const {
  std::size_t count = 0;
  for (const auto& link : node_.peripheral().links)
    if (node_.peripheral().server->subscription(link->bearer(), node_.value_handle) != 0) ++count;
  return count;
}

void Characteristic::on_read(std::function<ReadAnswer()> answer) { node_.on_read = std::move(answer); }
void Characteristic::set_on_write(std::function<WriteAnswer(ByteView)> take) { node_.on_write = std::move(take); }

void Characteristic::set_read_error(std::optional<AttError> error) {
  set_error(node_, &Attribute::read_error, node_.spec.read_error, error);
}
void Characteristic::set_write_error(std::optional<AttError> error) {
  set_error(node_, &Attribute::write_error, node_.spec.write_error, error);
}
void Characteristic::set_read_delay(std::chrono::nanoseconds delay) { node_.read_delay = delay; }
void Characteristic::set_write_delay(std::chrono::nanoseconds delay) { node_.write_delay = delay; }

const std::vector<ReceivedWrite>& Characteristic::writes() const noexcept { return node_.log.writes; }
void Characteristic::clear_writes() noexcept { node_.log.writes.clear(); }

// Service

const Uuid& Service::uuid() const noexcept { return node_.spec.uuid; }
Handle Service::handle() const {
  node_.peripheral.fix_table();
  return Handle(node_.handle);
}

Characteristic& Service::add_characteristic(const CharacteristicOptions& options) {
  expect_unfixed(node_);
  auto& added = node_.add(detail::spec_of(options));
  try {
    node_.peripheral.check();
  } catch (...) {
    node_.characteristics.pop_back();
    throw;
  }
  added.read_delay = options.read_delay;
  added.write_delay = options.write_delay;
  return added.face;
}

Characteristic& Service::characteristic(const UuidArgument& uuid) {
  return first_of(node_.characteristics, uuid, "characteristic");
}

Service& Service::include(const Service& other) {
  expect_unfixed(node_);
  if (&other.node_.peripheral != &node_.peripheral || other.node_.placed() || &other == this)
    throw Error(ErrorCode::invalid_argument,
                "a service includes other services of its own peripheral, before they have their handles");
  node_.includes.push_back(&other.node_);
  return *this;
}

// Peripheral

const Address& Peripheral::address() const noexcept { return node_.spec.address; }
const std::string& Peripheral::name() const noexcept { return node_.spec.name; }

Service& Peripheral::add_service(const UuidArgument& uuid, const ServiceOptions& options) {
  detail::ServiceSpec spec;
  spec.uuid = uuid.get();
  spec.handle = options.handle;
  spec.primary = options.primary;
  return node_.add(std::move(spec)).face;
}

void Peripheral::remove_service(Service& service) {
  for (const auto& own : node_.services)
    if (&own->face == &service) return node_.remove(*own);
  throw Error(ErrorCode::invalid_argument, "this service belongs to another peripheral");
}

Service& Peripheral::service(const UuidArgument& uuid) {
  for (const auto& service : node_.services)
    if (!service->removed && service->spec.uuid == uuid.get()) return service->face;
  throw not_there("service", uuid.get());
}

Characteristic& Peripheral::characteristic(const UuidArgument& uuid) {
  for (const auto& service : node_.services)
    for (const auto& characteristic : service->characteristics)
      if (!service->removed && characteristic->spec.uuid == uuid.get()) return characteristic->face;
  throw not_there("characteristic", uuid.get());
}

void Peripheral::set_advertising(const AdvertisingOptions& options) {
  detail::WorldSpec alone;
  alone.peripherals.push_back(node_.spec);
  alone.peripherals.back().advertising = detail::spec_of(options);
  if (const auto fault = detail::find_fault(alone))
    throw Error(ErrorCode::invalid_argument, fault->path + ": " + fault->message);
  node_.spec.advertising = alone.peripherals.back().advertising;
  node_.advertising_changed();
}

void Peripheral::set_private_address(const AddressArgument& address) {
  const Address& given = address.get();
  if (given.is_opaque() || given.number() == 0 || given.type() == AddressType::public_)
    throw Error(ErrorCode::invalid_argument,
                "a private address is a random one: write six pairs of hexadecimal digits");
  const Address random(given.number(), AddressType::random);
  const auto* other = node_.world.find_peripheral(random);
  if (other && other != &node_)
    throw Error(ErrorCode::invalid_argument, random.to_string() + " is the address of another peripheral");
  node_.private_address = random;
  node_.advertising_changed();
}

void Peripheral::hold_link(Adapter& adapter) {
  for (const auto& node : node_.world.adapters())
    if (&node->face == &adapter) return node_.hold_link(*node);
  throw Error(ErrorCode::invalid_argument, "this adapter belongs to another world");
}

void Peripheral::end_held_link() {
  const auto links = node_.links;
  for (const auto& link : links)
    if (link->held()) link->end(DisconnectReason::other_program, "connection terminated by local host (0x16)");
}

void Peripheral::advertise(bool enabled) {
  node_.spec.advertising.enabled = enabled;
  node_.advertising_changed();
}

void Peripheral::set_rssi(int rssi, int noise) {
  if (rssi < -127 || rssi > 20 || noise < 0 || noise > 30)
    throw Error(ErrorCode::invalid_argument, "an RSSI is −127 to 20 dBm, its noise 0 to 30 dB");
  node_.spec.rssi = rssi;
  node_.spec.rssi_noise = noise;
}

void Peripheral::set_connect_time(std::chrono::milliseconds time) { node_.spec.connect_time = time; }
void Peripheral::set_latency(std::chrono::milliseconds latency) { node_.spec.latency = latency; }

void Peripheral::drop_link(DisconnectReason reason) {
  const std::string native = reason == DisconnectReason::remote ? detail::ended_by_remote : std::string();
  for (const auto& link : node_.links) node_.world.post([link, reason, native] { link->end(reason, native); });
}

void Peripheral::drop_link_after(std::optional<std::chrono::milliseconds> time) {
  node_.spec.drop_link_after = time;
  for (const auto& link : node_.links) link->drop_after(time);
}

void Peripheral::vanish() {
  node_.present = false;
  node_.kick_links();
}

void Peripheral::appear() {
  node_.present = true;
  node_.kick_links();
}

void Peripheral::set_pairing(const PairingOptions& options) {
  detail::WorldSpec alone;
  alone.peripherals.push_back(node_.spec);
  alone.peripherals.back().pairing = options;
  if (const auto fault = detail::find_fault(alone))
    throw Error(ErrorCode::invalid_argument, fault->path + ": " + fault->message);
  node_.spec.pairing = options;
}

std::optional<std::uint32_t> Peripheral::shown_passkey() const noexcept {
  for (const auto& link : node_.links)
    if (const auto shown = link->passkey_shown_by_peripheral()) return shown;
  return std::nullopt;
}

void Peripheral::request_security() {
  for (const auto& link : node_.links) node_.world.post([link] { link->security_requested(); });
}

void Peripheral::forget_bonds() { node_.bonds.clear(); }

void Peripheral::refuse_connections(bool refuse) { node_.refuses = refuse; }

void Peripheral::stall() {
  node_.stalled = true;
  node_.kick_links();
}

void Peripheral::resume() {
  node_.stalled = false;
  node_.kick_links();
}

bool Peripheral::connected() const noexcept { return !node_.links.empty(); }
std::size_t Peripheral::connection_count() const noexcept { return node_.link_count; }
void Peripheral::on_connected(std::function<void()> call) { node_.on_connected = std::move(call); }
void Peripheral::on_disconnected(std::function<void(DisconnectReason)> call) {
  node_.on_disconnected = std::move(call);
}

}  // namespace blau::sim
