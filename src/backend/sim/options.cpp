#include "options.hpp"

#include "core.hpp"

#include <string>
#include <utility>

namespace blau::sim {

Uuid UuidArgument::from_number(std::int64_t number) {
  if (number < 0 || number > 0xffff'ffff)
    throw Error(ErrorCode::invalid_argument,
                std::to_string(number) + " is no UUID: write a number of 16 or 32 bits, or text of 36 characters");
  return Uuid(static_cast<std::uint32_t>(number));
}

namespace detail {

namespace {

void expect(bool right, const std::string& what) {
  if (!right) throw Error(ErrorCode::invalid_argument, what);
}

Security security_of(sim::Security security) { return static_cast<Security>(security); }
static_assert(static_cast<int>(Security::authenticated) == static_cast<int>(sim::Security::authenticated));

std::optional<std::uint8_t> code_of(const std::optional<AttError>& error) {
  if (!error) return std::nullopt;
  return static_cast<std::uint8_t>(*error);
}

AdvertisementSpec spec_of(const AdvertisementOptions& options) {
  AdvertisementSpec spec;
  spec.flags = options.flags;
  for (const UuidArgument& uuid : options.service_uuids) spec.service_uuids.push_back(uuid.get());
  spec.local_name = options.local_name;
  spec.short_name = options.short_name;
  spec.tx_power = options.tx_power;
  spec.appearance = options.appearance;
  spec.manufacturer_data.assign(options.manufacturer_data.begin(), options.manufacturer_data.end());
  spec.service_data.assign(options.service_data.begin(), options.service_data.end());
  spec.raw = options.raw;
  return spec;
}

Address address_of(const PeripheralOptions& options) {
  const Address& given = options.address.get();
  expect(!given.is_opaque() && given.number() != 0,
         "a peripheral needs an address: write six pairs of hexadecimal digits, as C0:FF:EE:00:00:01");
  const auto type = options.address_type ? options.address_type : given.type();
  return Address(given.number(), type.value_or(likely_type(given)));
}

}  // namespace

AdvertisingSpec spec_of(const AdvertisingOptions& options) {
  using namespace std::chrono_literals;
  expect(options.interval >= 20ms && options.interval <= 10240ms, "an advertising interval is 20 ms to 10.24 s long");
  AdvertisingSpec spec;
  spec.enabled = options.enabled;
  spec.connectable = options.connectable;
  spec.extended = options.extended;
  spec.interval = options.interval;
  if (options.data) spec.data = spec_of(*options.data);
  if (options.scan_response) spec.scan_response = spec_of(*options.scan_response);
  return spec;
}

PeripheralSpec spec_of(const PeripheralOptions& options) {
  const auto zero = std::chrono::milliseconds(0);
  expect(options.mtu >= default_mtu && options.mtu <= max_mtu, "an MTU is 23 to 517 bytes");
  expect(options.rssi >= -127 && options.rssi <= 20, "an RSSI is −127 to 20 dBm");
  expect(options.rssi_noise >= 0 && options.rssi_noise <= 30, "the noise of an RSSI is 0 to 30 dB");
  expect(options.connect_time >= zero && options.latency >= zero && options.supervision_timeout >= zero &&
             options.drop_link_after.value_or(zero) >= zero,
         "a time is not negative");
  PeripheralSpec spec;
  spec.address = address_of(options);
  spec.name = options.name;
  spec.appearance = options.appearance;
  spec.mtu = options.mtu;
  spec.rssi = options.rssi;
  spec.rssi_noise = options.rssi_noise;
  spec.connect_time = options.connect_time;
  spec.latency = options.latency;
  spec.drop_link_after = options.drop_link_after;
  spec.advertising = spec_of(options.advertising);
  spec.gap_service = options.gap_service;
  spec.pairing = options.pairing;
  return spec;
}

CharacteristicSpec spec_of(const CharacteristicOptions& options) {
  CharacteristicSpec spec;
  spec.uuid = options.uuid.get();
  spec.handle = options.handle;
  spec.properties = static_cast<std::uint16_t>(options.properties);
  spec.value = options.value;
  spec.max_length = options.max_length;
  spec.security = security_of(options.security);
  spec.read_error = code_of(options.read_error);
  spec.write_error = code_of(options.write_error);
  if (options.echo_to) spec.echo_to = options.echo_to->get();
  return spec;
}

DescriptorSpec spec_of(const DescriptorOptions& options) {
  DescriptorSpec spec;
  spec.uuid = options.uuid.get();
  spec.handle = options.handle;
  spec.value = options.value;
  spec.max_length = options.max_length;
  spec.writable = options.writable;
  spec.security = security_of(options.security);
  spec.read_error = code_of(options.read_error);
  spec.write_error = code_of(options.write_error);
  return spec;
}

PeripheralNode& add_peripheral(WorldCore& core, const PeripheralOptions& options) {
  PeripheralNode& node = core.add_peripheral(spec_of(options));
  node.supervision_timeout = options.supervision_timeout;
  return node;
}

}  // namespace detail
}  // namespace blau::sim
