// Services, characteristics and descriptors as objects.

#include "gatt.hpp"

#include "adapter.hpp"
#include "daemon.hpp"
#include "device.hpp"

#include <array>
#include <cstdio>
#include <utility>

namespace blau::fake {

namespace {

std::string numbered(const std::string& above, const char* kind, std::uint16_t handle) {
  char text[16];
  std::snprintf(text, sizeof text, "/%s%04x", kind, static_cast<unsigned>(handle));
  return above + text;
}

struct Flag {
  std::uint16_t bit;
  const char* name;
};
constexpr std::array flags{
    Flag{sim::property::broadcast, "broadcast"},
    Flag{sim::property::read, "read"},
    Flag{sim::property::write_without_response, "write-without-response"},
    Flag{sim::property::write, "write"},
    Flag{sim::property::notify, "notify"},
    Flag{sim::property::indicate, "indicate"},
    Flag{sim::property::authenticated_signed_writes, "authenticated-signed-writes"},
    Flag{sim::property::extended_properties, "extended-properties"},
    Flag{sim::property::reliable_write, "reliable-write"},
    Flag{sim::property::writable_auxiliaries, "writable-auxiliaries"},
};

constexpr std::uint16_t tells = sim::property::notify | sim::property::indicate;

}  // namespace

const Description<Service>& Service::description() {
  using S = Service;
  static const std::array properties{
      PropertyOf<S>{"UUID", "s", [](const S& s, Message& to) { to.append("s", s.found_.uuid.to_string().c_str()); }},
      PropertyOf<S>{"Device", "o", [](const S& s, Message& to) { to.append("o", s.device_.path().c_str()); }},
      PropertyOf<S>{"Primary", "b", [](const S& s, Message& to) { to.append("b", s.found_.primary); }},
      PropertyOf<S>{"Includes", "ao",
                    [](const S& s, Message& to) {
                      to.open('a', "o");
                      for (const auto& include : s.found_.includes)
                        if (const auto path = s.device_.gatt().path_of(include.first); !path.empty())
                          to.append("o", path.c_str());
                      to.close();
                    }},
      PropertyOf<S>{"Handle", "q", [](const S& s, Message& to) { to.append("q", s.found_.handle); }, nullptr, nullptr,
                    &Habits::handle_property},
  };
  static const Description<Service> made{"org.bluez.GattService1", {}, properties, {}};
  return made;
}

const Description<Characteristic>& Characteristic::description() {
  using C = Characteristic;
  static constexpr std::array methods{
      MethodOf<C>{"ReadValue", "a{sv}", "ay", &C::read_value},
      MethodOf<C>{"WriteValue", "aya{sv}", "", &C::write_value},
      MethodOf<C>{"AcquireWrite", "a{sv}", "hq", &C::acquire_write},
      MethodOf<C>{"AcquireNotify", "a{sv}", "hq", &C::acquire_notify},
      MethodOf<C>{"StartNotify", "", "", &C::start_notify},
      MethodOf<C>{"StopNotify", "", "", &C::stop_notify},
  };
  static const std::array properties{
      PropertyOf<C>{"UUID", "s", [](const C& c, Message& to) { to.append("s", c.uuid_.to_string().c_str()); }},
      PropertyOf<C>{"Service", "o", [](const C& c, Message& to) { to.append("o", c.service_.path().c_str()); }},
      PropertyOf<C>{"Value", "ay", [](const C& c, Message& to) { to.append_bytes(*c.value_); },
                    [](const C& c) { return c.value_.has_value(); }},
      PropertyOf<C>{"Notifying", "b", [](const C& c, Message& to) { to.append("b", c.notifier_.notifying()); },
                    [](const C& c) { return c.has(tells); }},
      PropertyOf<C>{"Flags", "as", [](const C& c, Message& to) { c.append_flags(to); }},
      PropertyOf<C>{"WriteAcquired", "b", [](const C& c, Message& to) { to.append("b", c.notifier_.write_acquired()); },
                    [](const C& c) { return c.has(sim::property::write_without_response); }},
      PropertyOf<C>{"NotifyAcquired", "b",
                    [](const C& c, Message& to) { to.append("b", c.notifier_.notify_acquired()); },
                    [](const C& c) { return c.has(sim::property::notify); }},
      PropertyOf<C>{"MTU", "q", [](const C& c, Message& to) { to.append("q", c.device().link()->mtu()); },
                    [](const C& c) { return c.device().link() != nullptr; }},
      PropertyOf<C>{"Handle", "q", [](const C& c, Message& to) { to.append("q", c.declaration_); }, nullptr, nullptr,
                    &Habits::handle_property},
  };
  static const Description<Characteristic> made{"org.bluez.GattCharacteristic1", methods, properties, {}};
  return made;
}

const Description<Descriptor>& Descriptor::description() {
  using D = Descriptor;
  static constexpr std::array methods{
      MethodOf<D>{"ReadValue", "a{sv}", "ay", &D::read_value},
      MethodOf<D>{"WriteValue", "aya{sv}", "", &D::write_value},
  };
  static const std::array properties{
      PropertyOf<D>{"UUID", "s", [](const D& d, Message& to) { to.append("s", d.uuid_.to_string().c_str()); }},
      PropertyOf<D>{"Characteristic", "o",
                    [](const D& d, Message& to) { to.append("o", d.characteristic_.path().c_str()); }},
      PropertyOf<D>{"Value", "ay", [](const D& d, Message& to) { to.append_bytes(*d.value_); },
                    [](const D& d) { return d.value_.has_value(); }},
      PropertyOf<D>{"Handle", "q", [](const D& d, Message& to) { to.append("q", d.handle()); }, nullptr, nullptr,
                    &Habits::handle_property},
  };
  static const Description<Descriptor> made{"org.bluez.GattDescriptor1", methods, properties, {}};
  return made;
}

Service::Service(Device& device, const sim::DiscoveredService& from)
    : InterfaceOf(numbered(device.path(), "service", from.handle)), device_(device), found_(from) {
  for (const auto& characteristic : from.characteristics)
    characteristics_.push_back(std::make_unique<Characteristic>(*this, characteristic));
}

void Service::export_all(bool claimed) {
  claimed_ = claimed;
  device_.daemon().tree().add(*this);
  for (const auto& characteristic : characteristics_) characteristic->export_all();
}

void Service::unexport() {
  for (const auto& characteristic : characteristics_) characteristic->unexport();
  device_.daemon().tree().remove(*this);
}

Characteristic::Characteristic(Service& service, const sim::DiscoveredCharacteristic& from)
    : InterfaceOf(numbered(service.path(), "char", from.handle)),
      Attribute(service.device(), from.value_handle),
      service_(service),
      declaration_(from.handle),
      properties_(from.properties),
      uuid_(from.uuid),
      notifier_(*this) {
  for (const auto& descriptor : from.descriptors) {
    if (descriptor.uuid == sim::attribute_type::client_configuration) configuration_ = descriptor.handle;
    descriptors_.push_back(std::make_unique<Descriptor>(*this, descriptor));
  }
}

Characteristic::~Characteristic() = default;

void Characteristic::append_flags(Message& to) const {
  to.open('a', "s");
  for (const Flag& flag : flags)
    if (has(flag.bit)) to.append("s", flag.name);
  to.close();
}

void Characteristic::export_all() {
  exported_ = true;
  device().daemon().tree().add(*this);
  for (const auto& descriptor : descriptors_) device().daemon().tree().add(*descriptor);
}

void Characteristic::unexport() {
  if (!std::exchange(exported_, false)) return;
  abandon();
  notifier_.unexport();
  for (const auto& descriptor : descriptors_) descriptor->unexport();
  device().daemon().tree().remove(*this);
}

void Characteristic::tell(const char* property, bool at_once) {
  if (!exported_) return;
  Tree& tree = device().daemon().tree();
  at_once ? tree.changed_now(*this, property) : tree.changed(*this, property);
}

void Characteristic::keep(Bytes value) {
  value_ = std::move(value);
  tell("Value", true);
}

void Characteristic::value_came(ByteView value) {
  if (!value_) value_.emplace();
  value_->assign(value.begin(), value.end());
  notifier_.value_came(value);
}

void Characteristic::link_lost_here() {
  link_lost();
  for (const auto& descriptor : descriptors_) descriptor->link_lost_here();
  notifier_.disconnected();
}

void Characteristic::link_secured_here() {
  link_secured();
  for (const auto& descriptor : descriptors_) descriptor->link_secured_here();
  notifier_.link_secured();
}

Descriptor::Descriptor(Characteristic& characteristic, const sim::DiscoveredDescriptor& from)
    : InterfaceOf(numbered(characteristic.path(), "desc", from.handle)),
      Attribute(characteristic.device(), from.handle),
      characteristic_(characteristic),
      uuid_(from.uuid) {}

Descriptor::~Descriptor() = default;

void Descriptor::unexport() {
  abandon();
  device().daemon().tree().remove(*this);
}

void Descriptor::keep(Bytes value) {
  value_ = std::move(value);
  device().daemon().tree().changed_now(*this, "Value");
}

}  // namespace blau::fake
