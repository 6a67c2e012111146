#include "paths.hpp"

#include "core/hex.hpp"

#include <algorithm>

namespace blau::detail::bluez {

namespace {

constexpr std::string_view root = "/org/bluez/";

bool starts_with(std::string_view text, std::string_view start) noexcept {
  return text.substr(0, start.size()) == start;
}

/// Takes the part up to the next slash.
std::string_view take_part(std::string_view& rest) noexcept {
  const std::size_t end = rest.find('/');
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return part;
}

/// The handle in `char001a`; 0 if it is anything else.
std::uint16_t handle_in(std::string_view part, std::string_view kind) noexcept {
  if (!starts_with(part, kind) || part.size() != kind.size() + 4) return 0;
  const auto high = hex_byte(part, kind.size());
  const auto low = hex_byte(part, kind.size() + 2);
  if (!high || !low) return 0;
  return static_cast<std::uint16_t>(*high << 8 | *low);
}

void append_part(std::string& path, std::string_view kind, std::uint16_t handle) {
  if (handle == 0) return;
  path.append("/").append(kind);
  append_hex(path, static_cast<std::uint8_t>(handle >> 8));
  append_hex(path, static_cast<std::uint8_t>(handle & 0xff));
}

}  // namespace

std::optional<ObjectPath> parse_path(std::string_view path) noexcept {
  if (!starts_with(path, root)) return std::nullopt;
  std::string_view rest = path.substr(root.size());
  const auto upto_rest = [&] { return path.substr(0, path.size() - rest.size() - (rest.empty() ? 0 : 1)); };
  if (take_part(rest).empty()) return std::nullopt;
  ObjectPath found;
  found.adapter = upto_rest();
  if (rest.empty()) return found;
  if (!starts_with(take_part(rest), "dev_")) return std::nullopt;
  found.device = upto_rest();
  if (rest.empty()) return found;
  found.service = handle_in(take_part(rest), "service");
  if (found.service == 0) return std::nullopt;
  if (rest.empty()) return found;
  found.characteristic = handle_in(take_part(rest), "char");
  if (found.characteristic == 0) return std::nullopt;
  if (rest.empty()) return found;
  found.descriptor = handle_in(take_part(rest), "desc");
  if (found.descriptor == 0 || !rest.empty()) return std::nullopt;
  return found;
}

std::string_view adapter_id(std::string_view adapter_path) noexcept {
  return adapter_path.substr(adapter_path.rfind('/') + 1);
}

std::string device_path_of(std::string_view adapter_path, const Address& address) {
  std::string text = address.to_string();
  std::replace(text.begin(), text.end(), ':', '_');
  return std::string(adapter_path).append("/dev_").append(text);
}

std::string attribute_path(std::string_view device, std::uint16_t service, std::uint16_t characteristic,
                           std::uint16_t descriptor) {
  std::string path(device);
  path.reserve(device.size() + 32);
  append_part(path, "service", service);
  append_part(path, "char", characteristic);
  append_part(path, "desc", descriptor);
  return path;
}

}  // namespace blau::detail::bluez
