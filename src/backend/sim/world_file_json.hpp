#pragma once

#include <blau/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace blau::sim::detail {

/// A JSON value that knows its line: what nlohmann's own values do not.
struct JsonNode {
  enum class Kind : std::uint8_t { null, boolean, integer, number, string, array, object };

  Kind kind = Kind::null;
  std::size_t line = 1;
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;
  std::string text;
  std::string name;               ///< of a member
  std::vector<JsonNode> items;    ///< of an array
  std::vector<JsonNode> members;  ///< of an object, in the order of the file

  /// The member of this name, or null.
  [[nodiscard]] const JsonNode* find(std::string_view wanted) const noexcept;
};

/// `an integer`, `a string`, as it is said in messages.
[[nodiscard]] std::string_view name_of(JsonNode::Kind kind) noexcept;

/// What is wrong with a text, and in which line.
struct JsonFault {
  std::size_t line = 1;
  std::string message;
};

/// Parses JSON text. False if it is none, names a member twice or nests deeper than 32; then `fault` tells.
bool parse_json(std::string_view text, JsonNode& root, JsonFault& fault);

}  // namespace blau::sim::detail
