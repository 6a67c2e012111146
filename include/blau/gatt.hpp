#pragma once

#include <blau/bytes.hpp>
#include <blau/export.hpp>
#include <blau/uuid.hpp>

#include <compare>
#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace blau {

namespace detail {
struct GattTree;
}

/// An attribute handle (Core Vol 3 Part F 3.2.2), 1 to 65535. A type of its own, since a bare integer could be a UUID as well.
class Handle {
 public:
  /// From the number that a sniffer or the specification of the device shows.
  constexpr explicit Handle(std::uint16_t value) noexcept : value_(value) {}
  /// The number.
  [[nodiscard]] constexpr std::uint16_t value() const noexcept { return value_; }
  friend constexpr auto operator<=>(const Handle&, const Handle&) noexcept = default;

 private:
  std::uint16_t value_;
};

/// Writes the number as `0x0013`.
BLAU_API std::ostream& operator<<(std::ostream& out, Handle handle);

/// What a characteristic allows (Core Vol 3 Part G 3.3.1.1). Combine with `|`.
enum class Property : std::uint16_t {
  none = 0,
  broadcast = 0x01,
  read = 0x02,
  write_without_response = 0x04,
  write = 0x08,
  notify = 0x10,
  indicate = 0x20,
  authenticated_signed_writes = 0x40,
  extended_properties = 0x80,
  reliable_write = 0x100,        ///< extended (Core Vol 3 Part G 3.3.3.1)
  writable_auxiliaries = 0x200,  ///< extended
};

/// What either holds.
[[nodiscard]] constexpr Property operator|(Property a, Property b) noexcept {
  return static_cast<Property>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
/// What both hold.
[[nodiscard]] constexpr Property operator&(Property a, Property b) noexcept {
  return static_cast<Property>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}
/// Adds what `b` holds.
constexpr Property& operator|=(Property& a, Property b) noexcept { return a = a | b; }

/// True if `set` holds any of `wanted`.
[[nodiscard]] constexpr bool has(Property set, Property wanted) noexcept { return (set & wanted) != Property::none; }

/// The names of the properties in `set`, in the order of their bits: `read`, `write_without_response` and so on.
[[nodiscard]] BLAU_API std::vector<std::string_view> property_names(Property set);

class Service;
class Characteristic;

/// A descriptor that was discovered. A value: copies are cheap, and it stays readable after a disconnect.
class BLAU_API Descriptor {
 public:
  /// Its type.
  [[nodiscard]] Uuid uuid() const noexcept;
  /// Its own.
  [[nodiscard]] Handle handle() const noexcept;
  /// The assigned name, such as `Characteristic User Description`; the UUID where none is assigned.
  [[nodiscard]] std::string description() const;
  /// The characteristic that it belongs to.
  [[nodiscard]] Characteristic characteristic() const;
  /// The same attribute of the same discovery.
  friend BLAU_API bool operator==(const Descriptor&, const Descriptor&) noexcept;

 private:
  friend struct detail::GattTree;
  Descriptor(std::shared_ptr<const detail::GattTree> tree, std::size_t index) noexcept;
  std::shared_ptr<const detail::GattTree> tree_;
  std::size_t index_;
};

/// A characteristic that was discovered. A value: copies are cheap, and it stays readable after a disconnect.
class BLAU_API Characteristic {
 public:
  /// Its type.
  [[nodiscard]] Uuid uuid() const noexcept;
  /// The handle of the declaration, as in Bleak. Look-ups take this and `value_handle()` alike.
  [[nodiscard]] Handle handle() const noexcept;
  /// The handle of the value: what a sniffer shows.
  [[nodiscard]] Handle value_handle() const noexcept;
  /// What it allows, the extended properties included.
  [[nodiscard]] Property properties() const noexcept;
  /// The assigned name, such as `Battery Level`; the UUID where none is assigned.
  [[nodiscard]] std::string description() const;
  /// The service that it belongs to.
  [[nodiscard]] Service service() const;
  /// Its descriptors, by rising handle.
  [[nodiscard]] std::vector<Descriptor> descriptors() const;
  /// Its first descriptor of that UUID; empty if there is none.
  [[nodiscard]] std::optional<Descriptor> descriptor(const Uuid& uuid) const;
  /// The longest value that a write without response takes now, in bytes: the link's MTU − 3, at most 512. Live while the link is up, then 20.
  [[nodiscard]] std::size_t max_write_without_response_size() const noexcept;
  friend BLAU_API bool operator==(const Characteristic&, const Characteristic&) noexcept;

 private:
  friend struct detail::GattTree;
  Characteristic(std::shared_ptr<const detail::GattTree> tree, std::size_t index) noexcept;
  std::shared_ptr<const detail::GattTree> tree_;
  std::size_t index_;
};

/// A service that was discovered. A value: copies are cheap, and it stays readable after a disconnect.
class BLAU_API Service {
 public:
  /// Its type.
  [[nodiscard]] Uuid uuid() const noexcept;
  /// Of its declaration.
  [[nodiscard]] Handle handle() const noexcept;
  /// False: a secondary one, which others include.
  [[nodiscard]] bool is_primary() const noexcept;
  /// The system keeps this service to itself (Windows: a keyboard's HID service): requests to it fail with `access_denied`, and not all that it holds may be here.
  [[nodiscard]] bool access_denied() const noexcept;
  /// The assigned name, such as `Heart Rate`; the UUID where none is assigned.
  [[nodiscard]] std::string description() const;
  /// The services that it includes.
  [[nodiscard]] std::vector<Service> included_services() const;
  /// Its characteristics, by rising handle.
  [[nodiscard]] std::vector<Characteristic> characteristics() const;
  /// Its first characteristic of that UUID; empty if there is none.
  [[nodiscard]] std::optional<Characteristic> characteristic(const Uuid& uuid) const;
  friend BLAU_API bool operator==(const Service&, const Service&) noexcept;

 private:
  friend struct detail::GattTree;
  Service(std::shared_ptr<const detail::GattTree> tree, std::size_t index) noexcept;
  std::shared_ptr<const detail::GattTree> tree_;
  std::size_t index_;
};

/// Names a characteristic: by itself, its UUID, its handle (of declaration or value), or text. Text is a UUID or an assigned name
/// (`battery_level`). A bare integer does not compile: write `Handle{0x13}` or `Uuid{0x2a19}`.
///
/// Text that is neither makes the operation fail with `invalid_argument`; nothing is thrown here.
class BLAU_API CharacteristicRef {
 public:
  /// One that was discovered.
  CharacteristicRef(Characteristic characteristic) noexcept;  // NOLINT: all of these name one
  /// The only one of this UUID.
  CharacteristicRef(const Uuid& uuid) noexcept;  // NOLINT
  /// Of the declaration or of the value.
  CharacteristicRef(Handle handle) noexcept;  // NOLINT
  /// A UUID or an assigned name.
  CharacteristicRef(std::string text);  // NOLINT
  /// A UUID or an assigned name.
  CharacteristicRef(std::string_view text);  // NOLINT
  /// A UUID or an assigned name.
  CharacteristicRef(const char* text);  // NOLINT
  template <std::integral Number>
  CharacteristicRef(Number) = delete;
  CharacteristicRef(std::nullptr_t) = delete;

  /// What was given: the message of errors says it. Handles as `handle 0x0013`.
  [[nodiscard]] std::string to_string() const;

  /// What was given.
  [[nodiscard]] const std::variant<Characteristic, Uuid, Handle, std::string>& value() const noexcept { return value_; }

 private:
  std::variant<Characteristic, Uuid, Handle, std::string> value_;
};

/// Names a descriptor: by itself or by its handle.
class BLAU_API DescriptorRef {
 public:
  /// One that was discovered.
  DescriptorRef(const Descriptor& descriptor) noexcept
      : handle_(descriptor.handle()), descriptor_(descriptor) {}  // NOLINT
  /// Its own.
  DescriptorRef(Handle handle) noexcept : handle_(handle) {}  // NOLINT
  template <std::integral Number>
  DescriptorRef(Number) = delete;

  /// Of what it names.
  [[nodiscard]] Handle handle() const noexcept { return handle_; }
  /// The descriptor itself, where that was given.
  [[nodiscard]] const std::optional<Descriptor>& descriptor() const noexcept { return descriptor_; }

 private:
  Handle handle_;
  std::optional<Descriptor> descriptor_;
};

/// All services of one discovery. Bleak's `BleakGATTServiceCollection`. A value: it owns what it shows, copies are cheap.
class BLAU_API ServiceCollection {
 public:
  /// Over services.
  using const_iterator = std::vector<Service>::const_iterator;

  ServiceCollection() noexcept;

  /// The services, by rising handle.
  [[nodiscard]] const_iterator begin() const noexcept { return services_.begin(); }
  /// Behind the last one.
  [[nodiscard]] const_iterator end() const noexcept { return services_.end(); }
  /// How many services there are.
  [[nodiscard]] std::size_t size() const noexcept { return services_.size(); }
  /// Whether there are none: nothing was discovered.
  [[nodiscard]] bool empty() const noexcept { return services_.empty(); }

  /// Every characteristic of every service, by rising handle.
  [[nodiscard]] std::vector<Characteristic> characteristics() const;

  /// The service of that UUID; empty if there is none. @throws Error `attribute_ambiguous` if there are several.
  [[nodiscard]] std::optional<Service> get_service(const Uuid& uuid) const;
  /// The service of that handle; empty if there is none.
  [[nodiscard]] std::optional<Service> get_service(Handle handle) const;

  /// The characteristic; empty if there is none.
  /// @throws Error `attribute_ambiguous` if several have that UUID, `invalid_argument` if text is neither UUID nor assigned name.
  [[nodiscard]] std::optional<Characteristic> get_characteristic(const CharacteristicRef& ref) const;

  /// The descriptor of that handle; empty if there is none.
  [[nodiscard]] std::optional<Descriptor> get_descriptor(Handle handle) const;

 private:
  friend struct detail::GattTree;
  explicit ServiceCollection(std::shared_ptr<const detail::GattTree> tree);
  std::shared_ptr<const detail::GattTree> tree_;
  std::vector<Service> services_;
};

}  // namespace blau
