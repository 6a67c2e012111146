#pragma once

#include <blau/uuid.hpp>

#include <cstdint>
#include <span>
#include <string_view>

/// @file
/// The tables behind <blau/assigned.hpp>. scripts/generate-assigned-numbers writes their contents; nothing runs to set them up.

namespace blau::detail {

struct NamedUuid {
  Uuid uuid;
  std::string_view name;
};

/// The snake_case name of the entry at `index` of the same table's `by_uuid`.
struct IndexedName {
  std::string_view name;
  std::uint16_t index;
};

struct NamedNumber {
  std::uint16_t number;
  std::string_view name;
};

struct UuidTable {
  std::span<const NamedUuid> by_uuid;    ///< sorted by UUID
  std::span<const IndexedName> by_name;  ///< sorted by name; without those that several share
  std::string_view suffix;               ///< that some names bear and others do not: `_service`
};

const UuidTable& assigned_services() noexcept;
const UuidTable& assigned_characteristics() noexcept;
const UuidTable& assigned_descriptors() noexcept;
std::span<const NamedNumber> assigned_companies() noexcept;    ///< sorted by number
std::span<const NamedNumber> assigned_appearances() noexcept;  ///< sorted by number

}  // namespace blau::detail
