#pragma once

#include "../input.hpp"

#include "backend/bluez/message.hpp"

#include <functional>
#include <string>

namespace blau::fuzz {

using detail::bluez::Message;

/// Makes what a message holds of the input: of a type that is asked for, or of any.
class Values {
 public:
  /// @param open_descriptor gives one to be sent; the message takes a copy
  Values(Input& input, std::function<int()> open_descriptor)
      : input_(input), open_descriptor_(std::move(open_descriptor)) {}

  /// Words of BlueZ and of D-Bus, right ones and near misses, or whatever the input holds; some enormous.
  [[nodiscard]] std::string text();
  /// Of adapters, devices and attributes, there or not, and odd ones. Always a path that D-Bus lets through.
  [[nodiscard]] std::string path();
  [[nodiscard]] const char* interface();
  /// A property that BlueZ's objects have, with the type that it ought to have; or another name.
  struct Property {
    std::string name;
    const char* type;
  };
  [[nodiscard]] Property property();
  [[nodiscard]] std::string error_name();
  /// Any signature of one to three values.
  [[nodiscard]] std::string signature();

  /// Appends values of these types.
  void append(Message& message, const std::string& types);
  /// A variant that holds the type, or, as the input says, another one.
  void append_variant(Message& message, const char* wanted);
  /// a{sv}
  void append_properties(Message& message);
  /// a{sa{sv}}
  void append_interfaces(Message& message);
  /// a{oa{sa{sv}}}
  void append_objects(Message& message);

 private:
  void append_one(Message& message, const std::string& type, int depth);
  void append_basic(Message& message, char type);
  void append_array(Message& message, const std::string& element, int depth);
  [[nodiscard]] std::size_t count();
  [[nodiscard]] const char* type();

  Input& input_;
  std::function<int()> open_descriptor_;
};

}  // namespace blau::fuzz
