#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace blau::conformance {

/// A public method as a header declares it.
struct DeclaredMethod {
  std::string name;
  int overload = 0;  ///< constructors and assignments count as one
  std::set<std::string> errors;
  bool gives_operation = false;
};

/// A class as a header declares it.
struct DeclaredClass {
  /// The error codes that its own comment names, for many methods alike.
  std::set<std::string> errors;
  std::vector<DeclaredMethod> methods;
};

/// Reads a class from a header of include/blau. @throws std::runtime_error where it is not there
[[nodiscard]] DeclaredClass read_class(const std::string& header, const std::string& name);

}  // namespace blau::conformance
