// The objects of attributes, and reads and writes.

#include "gatt.hpp"

#include "backend/bluez/interfaces.hpp"

#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

namespace blau::interleave::imitation {

using namespace detail::bluez;

namespace {

constexpr std::array<std::pair<Property, const char*>, 5> flag_names = {{
    {Property::read, "read"},
    {Property::write, "write"},
    {Property::write_without_response, "write-without-response"},
    {Property::notify, "notify"},
    {Property::indicate, "indicate"},
}};

/// BlueZ's own words for some codes do not matter here.
std::string words_of(const Error& error) {
  std::array<char, 48> text{};
  const auto code = static_cast<unsigned>(error.att().value_or(AttError::unlikely_error));
  std::snprintf(text.data(), text.size(), "Operation failed with ATT error: 0x%02x", code);
  return text.data();
}

}  // namespace

Gatt::Gatt(Host& host, backend::ClientPort& port, std::string device)
    : host_(host), port_(port), device_(std::move(device)) {}

void Gatt::append_interfaces(Message& to, const Object& object) {
  to.open('a', "{sa{sv}}").open('e', "sa{sv}").append("s", object.interface).open('a', "{sv}");
  to.append("{sv}", "UUID", "s", object.uuid.c_str());
  if (object.properties != Property::none) {
    to.open('e', "sv").append("s", "Flags").open('v', "as").open('a', "s");
    for (const auto& [property, name] : flag_names)
      if (has(object.properties, property)) to.append("s", name);
    to.close().close().close();
  }
  to.close().close().close();
}

void Gatt::append_all(Message& to) const {
  for (const auto& [path, object] : objects_) {
    to.open('e', "oa{sa{sv}}").append("o", path.c_str());
    append_interfaces(to, object);
    to.close();
  }
}

Gatt::Objects Gatt::objects_of(const std::string& device, const backend::GattDatabase& found) {
  Objects objects;
  for (const auto& service : found.services) {
    objects[attribute_path(device, service.handle)] = Object{service_interface, service.uuid.to_string()};
    for (const auto& characteristic : service.characteristics) {
      const std::string path = attribute_path(device, service.handle, characteristic.handle);
      objects[path] = Object{characteristic_interface, characteristic.uuid.to_string(), characteristic.properties};
      for (const auto& descriptor : characteristic.descriptors)
        objects[attribute_path(device, service.handle, characteristic.handle, descriptor.handle)] =
            Object{descriptor_interface, descriptor.uuid.to_string()};
    }
  }
  return objects;
}

void Gatt::become(const backend::GattDatabase& found) {
  const auto wanted = objects_of(device_, found);
  const auto before = objects_;
  for (auto old = before.rbegin(); old != before.rend(); ++old) {
    const auto now = wanted.find(old->first);
    if (now == wanted.end() || now->second != old->second) remove(old->first);
  }
  for (const auto& [path, object] : wanted)
    if (!objects_.contains(path)) add(path, object);
}

void Gatt::renew() {
  const auto before = objects_;
  withdraw();
  for (const auto& [path, object] : before) add(path, object);
}

void Gatt::withdraw() {
  const auto before = objects_;
  for (auto old = before.rbegin(); old != before.rend(); ++old) remove(old->first);
}

void Gatt::add(const std::string& path, const Object& object) {
  objects_[path] = object;
  if (object.interface == std::string_view(characteristic_interface)) paths_[parse_path(path)->characteristic] = path;
  Message signal = host_.signal("/", object_manager_interface, "InterfacesAdded");
  signal.append("o", path.c_str());
  append_interfaces(signal, object);
  host_.send(signal);
}

/// What was asked of a characteristic that goes is never answered.
void Gatt::remove(const std::string& path) {
  const Object object = objects_.at(path);
  objects_.erase(path);
  if (object.interface == std::string_view(characteristic_interface)) {
    const std::uint16_t handle = parse_path(path)->characteristic;
    paths_.erase(handle);
    reads_.erase(handle);
    writes_.erase(handle);
    end_session(handle);
  }
  Message signal = host_.signal("/", object_manager_interface, "InterfacesRemoved");
  signal.append("oas", path.c_str(), 1, object.interface);
  host_.send(signal);
}

void Gatt::take(const Message& call, const ObjectPath& at) {
  const std::string_view member = sd_bus_message_get_member(call.get());
  const std::uint16_t handle = at.characteristic;
  if (!paths_.contains(handle)) return host_.refuse(call, refusals::unknown_object);
  if (member == "ReadValue") return read(call, handle);
  if (member == "WriteValue") return write(call, handle);
  if (member == "StartNotify") return start_notify(call, handle);
  if (member == "AcquireNotify") return acquire_notify(call, handle);
  if (member == "StopNotify") return stop_notify(call, handle);
  host_.log().fault("bluetoothd is asked for what it does not know: " + std::string(member));
}

void Gatt::get(const Message& call, const std::string& property) {
  const auto object = objects_.find(std::string(call.path()));
  if (object == objects_.end()) return host_.refuse(call, refusals::unknown_object);
  host_.answer(call, [&](Message& reply) {
    if (property == "MTU") return (void)reply.append("v", "q", static_cast<int>(port_.mtu()));
    reply.append("v", "s", object->second.uuid.c_str());
  });
}

void Gatt::tell_mtu() {
  if (!linked_) return;
  for (const auto& [handle, path] : paths_) {
    Message signal = host_.changed(path, characteristic_interface);
    signal.append("a{sv}as", 1, "MTU", "q", static_cast<int>(port_.mtu()), 0);
    host_.send(signal);
  }
}

/// Who asks for what is being read already gets the same answer.
void Gatt::read(const Message& call, std::uint16_t handle) {
  if (!linked_) return host_.refuse(call, refusals::not_connected);
  using namespace refusals;
  if (const auto refusal = host_.mishap({in_progress, not_connected, unlikely})) return host_.refuse(call, *refusal);
  auto& waiting = reads_[handle];
  waiting.push_back(call);
  if (waiting.size() > 1) return;
  const std::string path = paths_.at(handle);
  port_.read_characteristic(handle, false, [this, path, handle, epoch = epoch_](const Result<Bytes>& result) {
    host_.later(life_, [this, path, handle, epoch, result] {
      if (epoch == epoch_) read_done(path, handle, result);
    });
  });
}

/// The value is told as a change to everybody, then to those who asked, and nothing comes between.
void Gatt::read_done(const std::string& path, std::uint16_t handle, const Result<Bytes>& result) {
  const auto waiting = reads_.extract(handle);
  if (waiting.empty()) return;
  if (!result) {
    const std::string words = words_of(result.error());
    for (const Message& call : waiting.mapped()) host_.refuse(call, {"org.bluez.Error.Failed", words.c_str()});
    return;
  }
  Message echo = host_.changed(path, characteristic_interface);
  echo.open('a', "{sv}").open('e', "sv").append("s", "Value").open('v', "ay").append_bytes(*result);
  echo.close().close().close().append("as", 0);
  host_.send(echo);
  for (const Message& call : waiting.mapped()) host_.answer(call, [&](Message& reply) { reply.append_bytes(*result); });
}

/// False for one whose characteristic went, though another one of that handle may be written to already.
bool Gatt::take_write(std::uint16_t handle, const Message& call) {
  const auto found = writes_.find(handle);
  if (found == writes_.end() || found->second.get() != call.get()) return false;
  writes_.erase(found);
  return true;
}

void Gatt::write(const Message& call, std::uint16_t handle) {
  if (!linked_) return host_.refuse(call, refusals::not_connected);
  using namespace refusals;
  if (const auto refusal = host_.mishap({in_progress, not_connected, unlikely})) return host_.refuse(call, *refusal);
  Reader reader(call);
  const ByteView view = reader.bytes();
  Bytes value(view.begin(), view.end());
  std::string_view type;
  reader.each_property([&](std::string_view name) { return name == "type" && reader.variant(type); });
  if (writes_.contains(handle)) return host_.refuse(call, in_progress);
  if (type == "command") {
    port_.write_characteristic(handle, std::move(value), backend::WriteKind::without_response,
                               [](const Result<void>&) {});
    return host_.answer(call);
  }
  writes_[handle] = call;
  port_.write_characteristic(handle, std::move(value), backend::WriteKind::with_response,
                             [this, handle, call, epoch = epoch_](const Result<void>& result) {
                               host_.later(life_, [this, handle, call, epoch, result] {
                                 if (epoch != epoch_ || !take_write(handle, call)) return;
                                 if (result) return host_.answer(call);
                                 const std::string words = words_of(result.error());
                                 host_.refuse(call, {"org.bluez.Error.Failed", words.c_str()});
                               });
                             });
}

}  // namespace blau::interleave::imitation
