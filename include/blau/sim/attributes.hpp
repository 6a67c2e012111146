#pragma once

#include <blau/bytes.hpp>
#include <blau/error.hpp>
#include <blau/export.hpp>
#include <blau/gatt.hpp>
#include <blau/sim/adapter.hpp>
#include <blau/sim/faults.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace blau::sim {

namespace detail {
struct CharacteristicNode;
struct DescriptorNode;
struct ServiceNode;
}  // namespace detail

class Characteristic;
class Service;

/// What a read, a write or a subscription demands of the link; without it the answer is an ATT error.
enum class Security : std::uint8_t {
  none,
  encrypted,      ///< any pairing gives it
  authenticated,  ///< a pairing with a passkey or a comparison of numbers
};

/// What a read hook answers: a value, or an ATT error.
using ReadAnswer = std::variant<Bytes, AttError>;
/// What a write hook answers: nothing if the value is taken, else an ATT error.
using WriteAnswer = std::optional<AttError>;

/// A write that reached the peripheral.
struct ReceivedWrite {
  std::chrono::nanoseconds time = std::chrono::nanoseconds(0);  ///< the world's, since it began
  Bytes value = Bytes();                                        ///< whole, also of a long write
  bool with_response = true;                                    ///< false: a Write Command
  std::optional<AttError> refused = std::nullopt;               ///< what it was answered with, if it was not taken
};

/// A descriptor to be made.
struct DescriptorOptions {
  UuidArgument uuid = UuidArgument();                  ///< its type
  std::optional<std::uint16_t> handle = std::nullopt;  ///< absent: the next free one
  Bytes value = Bytes();                               ///< at the beginning
  std::size_t max_length = 512;                        ///< a longer value is refused
  bool writable = false;                               ///< false: `write_not_permitted`
  Security security = Security::none;                  ///< of reads and writes
  std::optional<AttError> read_error = std::nullopt;   ///< answers every read
  std::optional<AttError> write_error = std::nullopt;  ///< answers every write
};

/// A characteristic to be made. Its Client Characteristic Configuration (0x2902) comes by itself if it notifies or indicates.
struct CharacteristicOptions {
  UuidArgument uuid = UuidArgument();                                  ///< its type
  Property properties = Property::none;                                ///< combine with `|`
  std::optional<std::uint16_t> handle = std::nullopt;                  ///< of the declaration
  Bytes value = Bytes();                                               ///< at the beginning
  std::size_t max_length = 512;                                        ///< a longer value is refused
  Security security = Security::none;                                  ///< of reads, writes and subscriptions
  std::optional<AttError> read_error = std::nullopt;                   ///< answers every read
  std::optional<AttError> write_error = std::nullopt;                  ///< answers every write
  std::chrono::nanoseconds read_delay = std::chrono::nanoseconds(0);   ///< `never`: no answer
  std::chrono::nanoseconds write_delay = std::chrono::nanoseconds(0);  ///< `never`: no answer
  /// What is written here is notified (or indicated) by the first characteristic of this UUID in the same service.
  std::optional<UuidArgument> echo_to = std::nullopt;
};

/// A service to be made.
struct ServiceOptions {
  std::optional<std::uint16_t> handle = std::nullopt;  ///< absent: the next free one
  bool primary = true;                                 ///< false: one that others include
};

/// A simulated descriptor. See `World` for threads.
class BLAU_API Descriptor {
 public:
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  /// Its type.
  [[nodiscard]] const Uuid& uuid() const noexcept;
  /// Fixes the peripheral's table, as a connection does.
  [[nodiscard]] Handle handle() const;
  /// What a read gives.
  [[nodiscard]] Bytes value() const;
  /// @throws Error `invalid_argument` for more than 512 bytes.
  void set_value(Bytes value);
  /// Answers every read with this error; absent: with the value.
  void set_read_error(std::optional<AttError> error);
  /// Answers every write with this error; absent: takes it.
  void set_write_error(std::optional<AttError> error);
  /// What was received, in its order; at least the latest 4096 are kept.
  [[nodiscard]] const std::vector<ReceivedWrite>& writes() const noexcept;

 private:
  friend struct detail::DescriptorNode;
  explicit Descriptor(detail::DescriptorNode& node) noexcept : node_(node) {}
  detail::DescriptorNode& node_;
};

/// A simulated characteristic. See `World` for threads.
class BLAU_API Characteristic {
 public:
  Characteristic(const Characteristic&) = delete;
  Characteristic& operator=(const Characteristic&) = delete;

  /// Its type.
  [[nodiscard]] const Uuid& uuid() const noexcept;
  /// What it allows.
  [[nodiscard]] Property properties() const noexcept;
  /// Of the declaration; the value's is one more. Fixes the peripheral's table, as a connection does.
  [[nodiscard]] Handle handle() const;

  /// Adds a descriptor; before the table is fixed.
  /// @throws Error `invalid_argument` afterwards.
  Descriptor& add_descriptor(const DescriptorOptions& options);
  /// The first of this UUID. @throws Error `attribute_not_found`
  [[nodiscard]] Descriptor& descriptor(const UuidArgument& uuid);

  /// What a read gives: the latest that was set or written.
  [[nodiscard]] Bytes value() const;
  /// @throws Error `invalid_argument` for more than 512 bytes.
  void set_value(Bytes value);

  /// Sends a value to every central that subscribed: as a notification to those that asked for them, else as an indication. The stored value stays as it is.
  /// @return to how many it goes
  std::size_t notify(ByteView value);
  /// Sends a value as an indication to every central that asked for indications.
  std::size_t indicate(ByteView value);
  /// Sends what `make` gives to each subscribed central, the first one an interval after it subscribed. Replaces an earlier schedule.
  /// @throws Error `invalid_argument` if the interval is not positive or the characteristic neither notifies nor indicates.
  void notify_every(std::chrono::nanoseconds interval, std::function<Bytes()> make);
  /// Ends the schedule.
  void stop_notifying();
  /// How many centrals are subscribed now.
  [[nodiscard]] std::size_t subscribers() const;

  /// Calls `answer` for each read (each part of a long one asks for the whole value); null: the stored value.
  void on_read(std::function<ReadAnswer()> answer);
  /// Calls `take(ByteView)` for each write that is permitted; it may return a `WriteAnswer`. A value that is taken is stored.
  template <class Take>
    requires std::is_invocable_v<Take&, ByteView>
  void on_write(Take take) {
    if constexpr (std::is_void_v<std::invoke_result_t<Take&, ByteView>>) {
      set_on_write([take = std::move(take)](ByteView value) mutable -> WriteAnswer {
        take(value);
        return std::nullopt;
      });
    } else {
      set_on_write(std::move(take));
    }
  }

  /// Answers each permitted read, or write, with this error.
  void set_read_error(std::optional<AttError> error);
  /// The same for writes.
  void set_write_error(std::optional<AttError> error);
  /// Answers later. A write without response takes effect later.
  void set_read_delay(std::chrono::nanoseconds delay);
  /// The same for writes.
  void set_write_delay(std::chrono::nanoseconds delay);

  /// The next permitted requests go wrong as this says; where several faults wait, one after the other. `read_error` and `write_error` count more.
  /// @throws Error `invalid_argument` for a fault without error and delay, for an error that never comes, for no time, and for requests that the properties do not allow.
  void add_fault(const RequestFault& fault);
  /// The next values (of `notify`, `indicate` and schedules, counted for each central) are sent more than once, or not at all.
  /// @throws Error `invalid_argument` for `times` 1 or no time, and where it neither notifies nor indicates.
  void add_fault(const NotifyFault& fault);
  /// What was added happens no more.
  void clear_faults();

  /// The writes that were received, in their order; at least the latest 4096 are kept.
  [[nodiscard]] const std::vector<ReceivedWrite>& writes() const noexcept;
  /// Forgets them.
  void clear_writes() noexcept;

 private:
  friend struct detail::CharacteristicNode;
  explicit Characteristic(detail::CharacteristicNode& node) noexcept : node_(node) {}
  void set_on_write(std::function<WriteAnswer(ByteView)> take);
  detail::CharacteristicNode& node_;
};

/// A simulated service. See `World` for threads.
class BLAU_API Service {
 public:
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Its type.
  [[nodiscard]] const Uuid& uuid() const noexcept;
  /// Fixes the peripheral's table, as a connection does.
  [[nodiscard]] Handle handle() const;

  /// Adds a characteristic; before the service is in a fixed table.
  /// @throws Error `invalid_argument` afterwards: its handles are given then.
  Characteristic& add_characteristic(const CharacteristicOptions& options);
  /// The first of this UUID. @throws Error `attribute_not_found`
  [[nodiscard]] Characteristic& characteristic(const UuidArgument& uuid);
  /// Includes another service of the same peripheral, of the same fixing of the table.
  Service& include(const Service& other);

 private:
  friend struct detail::ServiceNode;
  explicit Service(detail::ServiceNode& node) noexcept : node_(node) {}
  detail::ServiceNode& node_;
};

}  // namespace blau::sim
