#include <blau/assigned.hpp>

#include <algorithm>
#include <string>

#include "assigned_tables.hpp"

namespace blau::assigned {

namespace {

std::optional<std::string_view> name_of(const detail::UuidTable& table, const Uuid& uuid) noexcept {
  const auto found = std::ranges::lower_bound(table.by_uuid, uuid, {}, &detail::NamedUuid::uuid);
  if (found == table.by_uuid.end() || found->uuid != uuid) return std::nullopt;
  return found->name;
}

std::optional<std::string_view> name_of(std::span<const detail::NamedNumber> table, std::uint16_t number) noexcept {
  const auto found = std::ranges::lower_bound(table, number, {}, &detail::NamedNumber::number);
  if (found == table.end() || found->number != number) return std::nullopt;
  return found->name;
}

/// Not std::isalnum: that asks the locale.
constexpr bool is_alphanumeric(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Lower-case letters and digits with one `_` between words: what the generator makes of a name.
std::string snake_case(std::string_view name) {
  std::string made;
  made.reserve(name.size());
  bool between = false;
  for (const char c : name) {
    if (!is_alphanumeric(c)) {
      between = true;
      continue;
    }
    if (between && !made.empty()) made.push_back('_');
    between = false;
    made.push_back(lower(c));
  }
  return made;
}

std::optional<Uuid> find_exactly(const detail::UuidTable& table, std::string_view name) noexcept {
  const auto found = std::ranges::lower_bound(table.by_name, name, {}, &detail::IndexedName::name);
  if (found == table.by_name.end() || found->name != name) return std::nullopt;
  return table.by_uuid[found->index].uuid;
}

std::optional<Uuid> find(const detail::UuidTable& table, std::string_view text) {
  const std::string name = snake_case(text);
  if (const auto found = find_exactly(table, name)) return found;
  if (const auto found = find_exactly(table, name + std::string(table.suffix))) return found;
  if (!name.ends_with(table.suffix)) return std::nullopt;
  return find_exactly(table, name.substr(0, name.size() - table.suffix.size()));
}

}  // namespace

std::optional<std::string_view> service_name(const Uuid& uuid) noexcept {
  return name_of(detail::assigned_services(), uuid);
}

std::optional<std::string_view> characteristic_name(const Uuid& uuid) noexcept {
  return name_of(detail::assigned_characteristics(), uuid);
}

std::optional<std::string_view> descriptor_name(const Uuid& uuid) noexcept {
  return name_of(detail::assigned_descriptors(), uuid);
}

std::optional<std::string_view> company_name(std::uint16_t company) noexcept {
  return name_of(detail::assigned_companies(), company);
}

std::optional<std::string_view> appearance_name(std::uint16_t appearance) noexcept {
  constexpr std::uint16_t category_bits = 0xffc0;  // Assigned Numbers 2.6: the lower six are the subcategory
  if (const auto name = name_of(detail::assigned_appearances(), appearance)) return name;
  return name_of(detail::assigned_appearances(), appearance & category_bits);
}

std::optional<Uuid> find_service(std::string_view name) { return find(detail::assigned_services(), name); }

std::optional<Uuid> find_characteristic(std::string_view name) {
  return find(detail::assigned_characteristics(), name);
}

std::optional<Uuid> find_descriptor(std::string_view name) { return find(detail::assigned_descriptors(), name); }

}  // namespace blau::assigned
