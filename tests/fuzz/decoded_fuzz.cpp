#include "input.hpp"

#include <blau/uuid.hpp>

#include <cstddef>
#include <cstdint>

#include "cli/decoded.hpp"
#include "cli/text.hpp"
#include "core/text.hpp"

/// A characteristic of 16 bits, and the value that a device gives for it, as `blau info --values` decodes it.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using blau::fuzz::require;
  constexpr std::size_t uuid_size = 2;
  if (size < uuid_size) return 0;
  const blau::Uuid characteristic(static_cast<std::uint16_t>(data[0] | data[1] << 8));
  const blau::ByteView value(data + uuid_size, size - uuid_size);

  const auto text = blau::cli::decoded(characteristic, value);
  if (!text) return 0;
  require(!text->empty(), "what is decoded says something");
  require(blau::detail::to_valid_utf8(*text) == *text, "it is UTF-8");
  require(blau::cli::is_printable(*text), "it steers no terminal");
  require(blau::cli::decoded(characteristic, value) == text, "it is the same each time");
  return 0;
}
