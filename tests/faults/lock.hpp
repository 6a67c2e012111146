#pragma once

#include "worlds.hpp"

#include <string>

/// @file
/// Worlds with a peripheral that has something to hide.

namespace blau::faults {

inline const std::string lock = "C4:B1:A1:00:00:02";
inline constexpr Uuid needs_encryption{0xfff1};
inline constexpr Uuid needs_authentication{0xfff2};
inline constexpr Uuid takes_writes{0xfff3};

/// One such peripheral, as a member of a world. @param pairing what it can do
inline std::string lock_at(const std::string& address, const std::string& pairing) {
  return R"({"address": ")" + address + R"(", "name": "Lock", "latency_ms": 5, "pairing": {)" + pairing +
         R"(}, "services": [{"uuid": "fff0", "characteristics": [
      {"uuid": "fff1", "properties": ["read"], "value": "5e", "security": "encrypted"},
      {"uuid": "fff2", "properties": ["read"], "value": "5f", "security": "authenticated"},
      {"uuid": "fff3", "properties": ["write"]}]}]})";
}

inline std::string world_of(const std::string& peripherals) {
  return R"({"blau_world": 1, "peripherals": [)" + peripherals + "]}";
}

inline std::string lock_with(const std::string& pairing) { return world_of(lock_at(lock, pairing)); }

}  // namespace blau::faults
