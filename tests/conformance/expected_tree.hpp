#pragma once

#include <blau/blau.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace blau::conformance {

struct ExpectedDescriptor {
  std::uint16_t handle;
  Uuid uuid;
};

struct ExpectedCharacteristic {
  std::uint16_t handle;
  Uuid uuid;
  Property properties;
  std::vector<ExpectedDescriptor> descriptors;
};

struct ExpectedService {
  std::uint16_t handle = 0;
  Uuid uuid;
  bool primary = true;
  std::vector<std::uint16_t> includes;
  std::vector<ExpectedCharacteristic> characteristics;
};

/// The table that a peripheral of world.json has, its handles counted as docs/world.schema.json says.
[[nodiscard]] std::vector<ExpectedService> expected_tree(const std::string& address);

}  // namespace blau::conformance
