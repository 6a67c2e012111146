#pragma once

#include <blau/address.hpp>
#include <blau/export.hpp>
#include <blau/uuid.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace blau::sim {

namespace detail {
struct AdapterNode;
}

/// A UUID as it is convenient to write: `0x180d`, `"2a37"`, text of 36 characters, a `Uuid`.
class BLAU_API UuidArgument {
 public:
  /// @throws Error `invalid_argument` for a number that is negative or longer than 32 bits.
  template <std::integral Number>
  UuidArgument(Number number)
      : uuid_(from_number(static_cast<std::int64_t>(number))) {}  // NOLINT: all of these name one
  /// A UUID as it is.
  UuidArgument(const Uuid& uuid) noexcept : uuid_(uuid) {}  // NOLINT
  /// @throws Error `invalid_argument` for text that is no UUID; the same for the next ones.
  UuidArgument(const char* text) : uuid_(std::string_view(text)) {}  // NOLINT
  /// As above.
  UuidArgument(std::string_view text) : uuid_(text) {}  // NOLINT
  /// As above.
  UuidArgument(const std::string& text) : uuid_(std::string_view(text)) {}  // NOLINT
  UuidArgument() noexcept = default;

  /// What was given.
  [[nodiscard]] const Uuid& get() const noexcept { return uuid_; }

 private:
  static Uuid from_number(std::int64_t number);
  Uuid uuid_;
};

/// An address as it is convenient to write: `"C0:FF:EE:00:00:01"`, or an `Address`.
class BLAU_API AddressArgument {
 public:
  /// An address as it is.
  AddressArgument(Address address) noexcept : address_(std::move(address)) {}  // NOLINT: all of these name one
  /// @throws Error `invalid_argument` for text that is no address; the same for the next ones.
  AddressArgument(const char* text) : address_(std::string_view(text)) {}  // NOLINT
  /// As above.
  AddressArgument(std::string_view text) : address_(text) {}  // NOLINT
  /// As above.
  AddressArgument(const std::string& text) : address_(std::string_view(text)) {}  // NOLINT
  AddressArgument() noexcept = default;

  /// What was given.
  [[nodiscard]] const Address& get() const noexcept { return address_; }

 private:
  Address address_;
};

/// An adapter to be made.
struct AdapterOptions {
  std::string name = "hci0";                      ///< what programs choose it by
  std::optional<Address> address = std::nullopt;  ///< absent: one is made up
  bool powered = true;                            ///< switched on
  bool blocked = false;                           ///< by a radio switch (rfkill)
  bool central = true;                            ///< false: a controller without the central role
  std::size_t max_connections = 16;               ///< more links get `too_many_connections`
};

/// A simulated adapter. See `World` for threads.
class BLAU_API Adapter {
 public:
  Adapter(const Adapter&) = delete;
  Adapter& operator=(const Adapter&) = delete;

  /// As it was made: `hci0`.
  [[nodiscard]] const std::string& name() const noexcept;
  /// Its own.
  [[nodiscard]] const Address& address() const noexcept;
  /// Whether it is switched on.
  [[nodiscard]] bool powered() const noexcept;

  /// Off: its scans end, its links are lost with the reason `adapter_off`, attempts fail.
  void set_powered(bool powered);
  /// Blocked by a radio switch: as off.
  void set_blocked(bool blocked);
  /// Takes the adapter out of the machine: as off, and it is listed no more.
  void unplug();
  /// Puts it back.
  void plug_in();
  /// How many links it has now.
  [[nodiscard]] std::size_t connections() const noexcept;

 private:
  friend struct detail::AdapterNode;
  explicit Adapter(detail::AdapterNode& node) noexcept : node_(node) {}
  detail::AdapterNode& node_;
};

}  // namespace blau::sim
