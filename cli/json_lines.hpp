#pragma once

#include <blau/adapter.hpp>
#include <blau/advertisement.hpp>
#include <blau/client.hpp>

#include <chrono>
#include <map>
#include <string>

namespace blau::cli {

/// Values that were read, by the handles of their characteristics.
using ValuesByHandle = std::map<Handle, Bytes>;

// One JSON object each, on one line, without a line end. What is not known is null, UUIDs have 36 characters, handles are
// numbers, bytes are lower-case hexadecimal digits.

[[nodiscard]] std::string to_json(const Adapter& adapter);
[[nodiscard]] std::string to_json(const Advertisement& advertisement);
/// What `info` tells of a connected client.
[[nodiscard]] std::string to_json(const Client& client, const ValuesByHandle& values);
[[nodiscard]] std::string value_to_json(const Uuid& uuid, Handle handle, ByteView value);
[[nodiscard]] std::string value_to_json(const Uuid& uuid, Handle handle, ByteView value,
                                        std::chrono::system_clock::time_point time);
[[nodiscard]] std::string pairing_to_json(const Address& address, bool paired);
[[nodiscard]] std::string written_to_json(const Uuid& uuid, Handle handle, std::size_t bytes);

}  // namespace blau::cli
