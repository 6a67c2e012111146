#include "world_file_reader.hpp"

#include <algorithm>
#include <numeric>

#include "../../core/text.hpp"

namespace blau::sim::detail {
namespace {

/// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t change = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({change, row[j] + 1, row[j + 1] + 1}));
    }
  }
  return row.back();
}

}  // namespace

std::string hint(std::string_view wrong, std::span<const std::string_view> words) {
  if (wrong.size() > 64) return {};
  std::size_t least = std::max<std::size_t>(2, wrong.size() / 3) + 1;
  std::string_view nearest;
  for (const std::string_view word : words) {
    const std::size_t away = distance(wrong, word);
    if (away >= least) continue;
    least = away;
    nearest = word;
  }
  return nearest.empty() ? std::string() : "; did you mean '" + std::string(nearest) + "'?";
}

void Place::fail(const std::string& message) const { throw WorldFault{node_->line, path_, message}; }

void Place::expect(JsonNode::Kind kind) const {
  if (node_->kind == kind) return;
  fail("this must be " + std::string(name_of(kind)) + ", not " + std::string(name_of(node_->kind)));
}

const std::string& Place::text() const {
  expect(JsonNode::Kind::string);
  return node_->text;
}

bool Place::boolean() const {
  expect(JsonNode::Kind::boolean);
  return node_->boolean;
}

std::int64_t Place::integer(std::int64_t least, std::int64_t most) const {
  expect(JsonNode::Kind::integer);
  const std::int64_t value = node_->integer;
  if (value < least || value > most)
    fail(std::to_string(value) + " is out of range: " + std::to_string(least) + " to " + std::to_string(most));
  return value;
}

std::chrono::milliseconds Place::milliseconds(std::int64_t least) const {
  return std::chrono::milliseconds(integer(least, 86'400'000));
}

Uuid Place::uuid() const {
  const auto uuid = Uuid::parse(text());
  if (!uuid)
    fail(blau::detail::quoted(node_->text) +
         " is not a UUID: write 4, 8 or 36 characters, as 180d or 6e400001-b5a3-f393-e0a9-e50e24dcca9e");
  return *uuid;
}

Bytes Place::hex() const {
  // from_hex also takes separators, which the schema does not.
  const bool plain = text().find_first_of(" :-\t\r\n") == std::string::npos;
  auto bytes = plain ? from_hex(node_->text) : std::nullopt;
  if (!bytes)
    fail(blau::detail::quoted(node_->text) +
         " is not bytes: write pairs of hexadecimal digits, as 00ff, or {\"text\": …}");
  return std::move(*bytes);
}

Bytes Place::value() const {
  Bytes bytes;
  if (node_->kind == JsonNode::Kind::string) {
    bytes = hex();
  } else if (node_->kind == JsonNode::Kind::object && node_->find("text") != nullptr) {
    bytes = bytes_of(Members(*this, {"text"}).require("text").text());
  } else if (node_->kind == JsonNode::Kind::object) {
    const Members members(*this, {"repeat", "count"});
    const Bytes part = members.require("repeat").hex();
    const std::int64_t count = members.require("count").integer(0, 512);
    if (part.size() * static_cast<std::size_t>(count) > max_value_length) fail("a value has 512 bytes at most");
    for (std::int64_t i = 0; i < count; ++i) bytes.insert(bytes.end(), part.begin(), part.end());
  } else {
    fail("a value must be hexadecimal digits, {\"text\": …} or {\"repeat\": …, \"count\": …}, not " +
         std::string(name_of(node_->kind)));
  }
  if (bytes.size() > max_value_length)
    fail("this value has " + std::to_string(bytes.size()) + " bytes, 512 is the most");
  return bytes;
}

Address read_address(const Place& place) {
  const auto address = Address::parse(place.text());
  if (!address || address->is_opaque())
    place.fail(blau::detail::quoted(place.text()) +
               " is not an address: write six pairs of hexadecimal digits, as C0:FF:EE:00:00:01");
  return *address;
}

std::size_t Place::one_of(std::span<const std::string_view> words) const {
  const auto found = std::ranges::find(words, text());
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  std::string known;
  for (const std::string_view word : words) known += (known.empty() ? "" : ", ") + std::string(word);
  fail(blau::detail::quoted(node_->text) + " is none of " + known + hint(node_->text, words));
}

std::string Place::inside(std::string_view name) const {
  const bool plain = name.size() <= 64 && std::ranges::all_of(name, [](unsigned char c) {
                       return c == '_' || c == '-' || c == '$' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                              (c >= 'a' && c <= 'z');
                     });
  const std::string shown = plain ? std::string(name) : blau::detail::quoted(name);
  return path_.empty() ? shown : path_ + '.' + shown;
}

Members::Members(const Place& place, std::initializer_list<std::string_view> known) : place_(place) {
  place.expect(JsonNode::Kind::object);
  for (const JsonNode& member : place.node().members) {
    if (std::ranges::find(known, member.name) != known.end()) continue;
    Place(member, place.inside(member.name)).fail("there is no member of this name" + hint(member.name, known));
  }
}

std::optional<Place> Members::find(std::string_view name) const {
  const JsonNode* member = place_.node().find(name);
  if (member == nullptr) return std::nullopt;
  return Place(*member, place_.inside(name));
}

Place Members::require(std::string_view name) const {
  if (const auto place = find(name)) return *place;
  place_.fail("member " + blau::detail::quoted(name) + " is missing");
}

}  // namespace blau::sim::detail
