#pragma once

#include "world_file.hpp"
#include "world_file_json.hpp"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// @file
/// Reading of the tree: each place knows its path, so that every fault can be told with line and path.

namespace blau::sim::detail {

/// Thrown inside the reader alone.
struct WorldFault {
  std::size_t line = 1;
  std::string path;
  std::string message;
};

/// A JSON value and where it stands.
class Place {
 public:
  Place(const JsonNode& node, std::string path) : node_(&node), path_(std::move(path)) {}

  [[nodiscard]] const JsonNode& node() const noexcept { return *node_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[noreturn]] void fail(const std::string& message) const;
  void expect(JsonNode::Kind kind) const;

  [[nodiscard]] const std::string& text() const;
  [[nodiscard]] bool boolean() const;
  [[nodiscard]] std::int64_t integer(std::int64_t least, std::int64_t most) const;
  template <class Number>
  [[nodiscard]] Number number(std::int64_t least, std::int64_t most) const {
    return static_cast<Number>(integer(least, most));
  }
  [[nodiscard]] std::chrono::milliseconds milliseconds(std::int64_t least = 0) const;
  [[nodiscard]] Uuid uuid() const;
  [[nodiscard]] Bytes hex() const;
  [[nodiscard]] Bytes value() const;  ///< hex, {text} or {repeat, count}
  /// The position of the text among these words.
  [[nodiscard]] std::size_t one_of(std::span<const std::string_view> words) const;

  /// Calls `take(Place)` for each item of a list.
  template <class Take>
  void each(Take take) const {
    expect(JsonNode::Kind::array);
    for (std::size_t i = 0; i < node_->items.size(); ++i)
      take(Place(node_->items[i], path_ + '[' + std::to_string(i) + ']'));
  }
  /// Calls `take(name, Place)` for each member of an object.
  template <class Take>
  void each_member(Take take) const {
    expect(JsonNode::Kind::object);
    for (const JsonNode& member : node_->members) take(member.name, Place(member, inside(member.name)));
  }

  [[nodiscard]] std::string inside(std::string_view name) const;

 private:
  const JsonNode* node_;
  std::string path_;
};

/// An object whose members are all known by name.
class Members {
 public:
  /// Fails if the place is no object or has a member that is not among these.
  Members(const Place& place, std::initializer_list<std::string_view> known);

  [[nodiscard]] std::optional<Place> find(std::string_view name) const;
  [[nodiscard]] Place require(std::string_view name) const;

  /// Calls `take(Place)` if the member is there.
  template <class Take>
  void with(std::string_view name, Take take) const {
    if (const auto place = find(name)) take(*place);
  }

 private:
  Place place_;
};

/// The word that differs least from `wrong`, as `; did you mean 'x'?`; empty if none is near.
[[nodiscard]] std::string hint(std::string_view wrong, std::span<const std::string_view> words);

[[nodiscard]] Address read_address(const Place& place);
[[nodiscard]] ServiceSpec read_service(const Place& place);
[[nodiscard]] AdvertisingSpec read_advertising(const Place& place);
/// `pairing` of a peripheral.
[[nodiscard]] blau::sim::PairingOptions read_pairing(const Place& place);

/// More happens to nothing.
inline constexpr std::int64_t most_turns = 1'000'000'000;

/// One fault, or the list of a world. What they name may not be there: see `check_faults`.
[[nodiscard]] FaultSpec read_fault(const Place& place);
[[nodiscard]] std::vector<FaultSpec> read_faults(const Place& list);
/// Objects that each name a fault; the rest is for the imitated bluetoothd to read. Null where there are none.
[[nodiscard]] std::shared_ptr<const JsonNode> read_bluez_faults(const Place& list);

}  // namespace blau::sim::detail
