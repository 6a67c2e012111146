#include "input.hpp"

#include <blau/address.hpp>
#include <blau/assigned.hpp>
#include <blau/bytes.hpp>
#include <blau/error.hpp>
#include <blau/uuid.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/text.hpp"

/// Text as a user may write it for a UUID, an address, a value in hexadecimal digits, or a name.

namespace {

using blau::fuzz::require;

/// Whether the constructor throws the error that it documents, with a message that can be shown.
template <class T>
bool refuses(std::string_view text) {
  try {
    const T value{text};
    return false;
  } catch (const blau::Error& error) {
    const std::string_view message = error.what();
    require(error.code() == blau::ErrorCode::invalid_argument);
    require(message.size() < 400 && blau::detail::to_valid_utf8(message) == message);
    return true;
  }
}

void check_uuid(std::string_view text) {
  const auto uuid = blau::Uuid::parse(text);
  require(refuses<blau::Uuid>(text) == !uuid);
  if (!uuid) return;
  require(blau::Uuid(uuid->to_string()) == *uuid);
  require(std::hash<blau::Uuid>()(blau::Uuid(uuid->to_string())) == std::hash<blau::Uuid>()(*uuid));
}

void check_address(std::string_view text) {
  const auto address = blau::Address::parse(text);
  require(refuses<blau::Address>(text) == !address);
  if (!address) return;
  require(blau::Address(address->to_string()) == *address);
  require(address->is_opaque() == blau::Uuid::parse(text).has_value());
}

void check_hex(std::string_view text) {
  const auto read = blau::from_hex(text);
  if (!read) return;
  require(read->size() <= (text.size() + 1) / 2);
  require(blau::from_hex(blau::to_hex(*read)) == read);
}

void check_name(std::string_view text) {
  if (const auto service = blau::assigned::find_service(text))
    require(blau::assigned::service_name(*service).has_value());
  if (const auto uuid = blau::assigned::find_characteristic(text))
    require(blau::assigned::characteristic_name(*uuid).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_uuid(text);
  check_address(text);
  check_hex(text);
  check_name(text);
  return 0;
}
