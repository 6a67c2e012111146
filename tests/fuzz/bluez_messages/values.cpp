#include "values.hpp"

#include "core/text.hpp"

#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace blau::fuzz {

namespace {

constexpr const char* words[] = {
    "",
    "C0:FF:EE:00:00:01",
    "C0:FF:EE:00:00:02",
    "00:11:22:33:44:55",
    "ff:ff:ff:ff:ff:ff",
    "C0:FF:EE",
    "public",
    "random",
    "central",
    "peripheral",
    "off-blocked",
    "on-disabling",
    "on",
    "180d",
    "0000180d-0000-1000-8000-00805f9b34fb",
    "2a37",
    "0x2a37",
    "2902",
    "6e400002-b5a3-f393-e0a9-e50e24dcca9e",
    "broadcast",
    "read",
    "write-without-response",
    "write",
    "notify",
    "indicate",
    "reliable-write",
    "Strap",
    "Str\xc3\xa4p",
    "org.bluez",
    "org.bluez.Reason.Timeout",
    "org.bluez.Reason.Local",
    "org.bluez.Reason.Remote",
    ".Suspend",
    ":1.7",
    "hci0",
    "RSSI",
    "TxPower",
    "ManufacturerData",
    "ServiceData",
    "Operation failed with ATT error: 0x0e",
    "ATT error: 0x",
    "ATT error: 0xzz",
    "Not connected",
    "Not paired",
    "Operation already in progress",
    "le-connection-abort-by-local",
    "br-connection-canceled",
    "br-connection-key-missing",
    "Too many links",
    "Write acquired",
    "Invalid offset",
};

constexpr const char* paths[] = {
    "/org/bluez/hci0",
    "/org/bluez/hci0/dev_C0_FF_EE_00_00_01",
    "/org/bluez/hci0/dev_C0_FF_EE_00_00_01/service000a",
    "/org/bluez/hci0/dev_C0_FF_EE_00_00_01/service000a/char000b",
    "/org/bluez/hci0/dev_C0_FF_EE_00_00_01/service000a/char000b/desc000d",
    "/org/bluez/hci0/dev_C0_FF_EE_00_00_01/service000a/char000e",
    "/org/bluez/hci0/dev_C0_FF_EE_00_00_02",
    "/org/bluez/hci0/dev_C0_FF_EE_00_00_02/service000a/char000b",
    "/org/bluez/hci1",
    "/org/bluez/hci1/dev_C0_FF_EE_00_00_01",
    "/org/bluez/hci10",
    "/",
    "/org/bluez",
    "/org/bluez/hci0/dev_",
    "/org/bluez/hci0/player0",
    "/org/bluez/hci0/dev_C0_FF_EE_00_00_01/service0000",
    "/org/bluez/hci0/dev_C0_FF_EE_00_00_01/service000a/char000b/desc000d/more",
    "/org/bluez/hci0/dev_C0_FF_EE_00_00_01/servicezzzz",
    "/org/freedesktop/DBus",
};

constexpr const char* interfaces[] = {
    "org.bluez.Device1",
    "org.bluez.Adapter1",
    "org.bluez.GattService1",
    "org.bluez.GattCharacteristic1",
    "org.bluez.GattDescriptor1",
    "org.bluez.Battery1",
    "org.freedesktop.DBus.Properties",
};

struct KnownProperty {
  const char* name;
  const char* type;
};

constexpr KnownProperty properties[] = {
    {"Connected", "b"},
    {"ServicesResolved", "b"},
    {"Value", "ay"},
    {"MTU", "q"},
    {"RSSI", "n"},
    {"Powered", "b"},
    {"Address", "s"},
    {"AddressType", "s"},
    {"Name", "s"},
    {"Alias", "s"},
    {"UUIDs", "as"},
    {"UUID", "s"},
    {"Paired", "b"},
    {"Bonded", "b"},
    {"ManufacturerData", "a{qv}"},
    {"ServiceData", "a{sv}"},
    {"TxPower", "n"},
    {"AdvertisingFlags", "ay"},
    {"Appearance", "q"},
    {"PowerState", "s"},
    {"Roles", "as"},
    {"Flags", "as"},
    {"Includes", "ao"},
    {"Primary", "b"},
    {"Service", "o"},
    {"Notifying", "b"},
    {"Handle", "q"},
};

constexpr const char* types[] = {
    "s", "b", "n", "q",  "ay",    "as",    "y",  "i",   "u",    "x",     "t",         "d",  "o",
    "g", "v", "h", "ao", "a{qv}", "a{sv}", "av", "aay", "(sv)", "a{ss}", "a{sa{sv}}", "an",
};

constexpr const char* error_names[] = {
    "org.bluez.Error.Failed",
    "org.bluez.Error.InProgress",
    "org.bluez.Error.NotReady",
    "org.bluez.Error.NotConnected",
    "org.bluez.Error.AlreadyConnected",
    "org.bluez.Error.NotPermitted",
    "org.bluez.Error.NotSupported",
    "org.bluez.Error.NotAuthorized",
    "org.bluez.Error.InvalidArguments",
    "org.bluez.Error.DoesNotExist",
    "org.freedesktop.DBus.Error.UnknownObject",
    "org.freedesktop.DBus.Error.NoReply",
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.AccessDenied",
    "org.freedesktop.DBus.Error.LimitsExceeded",
    "org.freedesktop.systemd1.NoSuchUnit",
    "a.b",
    "org.bluez.Error.",
};

/// More than anything that BlueZ says, and more than a socket takes at once.
constexpr std::size_t enormous = 250'000;
constexpr std::uint8_t choice_of_enormous = 0xf7;

template <std::size_t size, class T>
const T& choose(const T (&table)[size], std::uint8_t choice) {
  return table[choice % size];
}

/// The first complete type in `types`, from `at`.
std::string next_type(const std::string& types, std::size_t& at) {
  const std::size_t begin = at;
  while (at < types.size() && types[at] == 'a') ++at;
  int open = 0;
  do {
    if (types[at] == '(' || types[at] == '{') ++open;
    if (types[at] == ')' || types[at] == '}') --open;
    ++at;
  } while (open > 0);
  return types.substr(begin, at - begin);
}

}  // namespace

std::string Values::text() {
  const std::uint8_t choice = input_.byte();
  if (choice == choice_of_enormous) return std::string(enormous, 'x');
  if (choice < 0xc0) return choose(words, choice);
  const Bytes raw = input_.piece();
  std::string made = detail::to_valid_utf8(std::string(raw.begin(), raw.end()));
  return made.substr(0, made.find('\0'));
}

std::string Values::path() {
  const std::uint8_t choice = input_.byte();
  if (choice < 0xc0) return choose(paths, choice);
  std::array<char, 64> part{};
  std::string made(choose(paths, choice & 0x0f));
  if (made == "/") made.clear();
  const auto add = [&](const char* kind) {
    std::snprintf(part.data(), part.size(), "/%s%04x", kind, static_cast<unsigned>(input_.number(2)));
    made += part.data();
  };
  if ((choice & 0x10) != 0) add("service");
  if ((choice & 0x20) != 0) add("char");
  if ((choice & 0x30) == 0) add("desc");
  return made;
}

const char* Values::interface() { return choose(interfaces, input_.byte()); }

Values::Property Values::property() {
  const std::uint8_t choice = input_.byte();
  if (choice == 0xff) return {text(), type()};
  const KnownProperty& known = choose(properties, choice);
  return {known.name, known.type};
}

std::string Values::error_name() {
  const std::uint8_t choice = input_.byte();
  return choose(error_names, choice);
}

const char* Values::type() { return choose(types, input_.byte()); }

std::string Values::signature() {
  std::string made;
  for (int left = input_.byte() % 4; left > 0; --left) made += type();
  return made;
}

std::size_t Values::count() {
  const std::uint8_t choice = input_.byte();
  return choice == choice_of_enormous ? 1000 : choice & 7;
}

void Values::append(Message& message, const std::string& types) {
  for (std::size_t at = 0; at < types.size();) append_one(message, next_type(types, at), 0);
}

void Values::append_one(Message& message, const std::string& type, int depth) {
  constexpr int deepest = 6;
  const std::string inside = type.substr(1, type.size() > 2 ? type.size() - 2 : 0);
  if (type == "ay") {
    const std::uint8_t choice = input_.byte();
    const Bytes bytes = choice == choice_of_enormous ? Bytes(enormous)
                        : choice == 0xfe             ? input_.piece()
                                                     : Bytes(choice & 7, choice);
    message.append_bytes(bytes);
  } else if (type[0] == 'a') {
    append_array(message, type.substr(1), depth + 1);
  } else if (type[0] == '(' || type[0] == '{') {
    message.open(type[0] == '(' ? 'r' : 'e', inside.c_str());
    for (std::size_t at = 0; at < inside.size();) append_one(message, next_type(inside, at), depth + 1);
    message.close();
  } else if (type[0] == 'v') {
    const char* held = depth < deepest ? this->type() : "y";
    message.open('v', held);
    append_one(message, held, depth + 1);
    message.close();
  } else {
    append_basic(message, type[0]);
  }
}

void Values::append_array(Message& message, const std::string& element, int depth) {
  message.open('a', element.c_str());
  // Only the outermost may be long: lengths would multiply.
  const std::size_t most = depth == 1 ? 1000 : 7;
  for (std::size_t left = std::min(count(), most); left > 0; --left) append_one(message, element, depth);
  message.close();
}

void Values::append_basic(Message& message, char type) {
  const char types[] = {type, '\0'};
  switch (type) {
    case 's': message.append(types, text().c_str()); break;
    case 'o': message.append(types, path().c_str()); break;
    case 'g': message.append(types, "a{sv}"); break;
    case 'b': message.append(types, input_.byte() & 1); break;
    case 'y': message.append(types, static_cast<int>(input_.byte())); break;
    case 'n': message.append(types, static_cast<int>(static_cast<std::int16_t>(input_.number(2)))); break;
    case 'q': message.append(types, static_cast<int>(input_.number(2))); break;
    case 'i':
    case 'u': message.append(types, static_cast<std::uint32_t>(input_.number(4))); break;
    case 'd': message.append(types, static_cast<double>(input_.number(2))); break;
    case 'h': {
      const int descriptor = open_descriptor_();
      message.append(types, descriptor);
      ::close(descriptor);
      break;
    }
    default: message.append(types, input_.number(8)); break;
  }
}

void Values::append_variant(Message& message, const char* wanted) {
  const std::uint8_t choice = input_.byte();
  const char* held = choice < 0xe0 ? wanted : type();
  message.open('v', held);
  append_one(message, held, 0);
  message.close();
}

void Values::append_properties(Message& message) {
  message.open('a', "{sv}");
  for (std::size_t left = count(); left > 0; --left) {
    const Property chosen = property();
    message.open('e', "sv").append("s", chosen.name.c_str());
    append_variant(message, chosen.type);
    message.close();
  }
  message.close();
}

void Values::append_interfaces(Message& message) {
  message.open('a', "{sa{sv}}");
  for (std::size_t left = std::min<std::size_t>(count(), 7); left > 0; --left) {
    message.open('e', "sa{sv}").append("s", interface());
    append_properties(message);
    message.close();
  }
  message.close();
}

void Values::append_objects(Message& message) {
  message.open('a', "{oa{sa{sv}}}");
  for (std::size_t left = std::min<std::size_t>(count(), 7); left > 0; --left) {
    message.open('e', "oa{sa{sv}}").append("o", path().c_str());
    append_interfaces(message);
    message.close();
  }
  message.close();
}

}  // namespace blau::fuzz
