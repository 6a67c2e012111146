#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

/// @file
/// What the program prints with --json.

namespace blau::cli::test {

using Json = nlohmann::ordered_json;

/// In their order.
inline std::vector<std::string> keys(const Json& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.items()) names.push_back(name);
  return names;
}

}  // namespace blau::cli::test
