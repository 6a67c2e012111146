#pragma once

#include <blau/bytes.hpp>

#include <systemd/sd-bus.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace blau::detail::bluez {

/// A D-Bus message. Copies share it.
class Message {
 public:
  Message() noexcept = default;
  /// Takes over a reference that the caller owns.
  [[nodiscard]] static Message adopt(sd_bus_message* message) noexcept { return Message(message); }
  /// Takes a reference of its own.
  [[nodiscard]] static Message share(sd_bus_message* message) noexcept { return Message(sd_bus_message_ref(message)); }
  Message(const Message& other) noexcept : message_(sd_bus_message_ref(other.message_)) {}
  Message(Message&& other) noexcept : message_(std::exchange(other.message_, nullptr)) {}
  Message& operator=(Message other) noexcept {
    std::swap(message_, other.message_);
    return *this;
  }
  ~Message() { sd_bus_message_unref(message_); }

  /// What a call is answered with; empty where the caller wants no answer.
  [[nodiscard]] static Message reply_to(const Message& call) noexcept;
  [[nodiscard]] static Message error_to(const Message& call, const char* name, const char* text) noexcept;

  explicit operator bool() const noexcept { return message_ != nullptr; }
  [[nodiscard]] sd_bus_message* get() const noexcept { return message_; }
  /// The object path in its header; empty where there is none.
  [[nodiscard]] std::string_view path() const noexcept { return view(sd_bus_message_get_path(message_)); }
  [[nodiscard]] std::string_view member() const noexcept { return view(sd_bus_message_get_member(message_)); }
  /// The unique name of who sent it; empty without a bus between.
  [[nodiscard]] std::string_view sender() const noexcept { return view(sd_bus_message_get_sender(message_)); }

  /// Appends values as `sd_bus_message_append` takes them (booleans as `int`). What cannot be appended empties the
  /// message, and the call that is made with it fails.
  template <class... Values>
  Message& append(const char* types, Values... values) noexcept {
    return check(sd_bus_message_append(message_, types, values...));
  }
  Message& append_bytes(ByteView bytes) noexcept {
    return check(sd_bus_message_append_array(message_, 'y', bytes.data(), bytes.size()));
  }
  Message& open(char type, const char* contents) noexcept {
    return check(sd_bus_message_open_container(message_, type, contents));
  }
  Message& close() noexcept { return check(sd_bus_message_close_container(message_)); }

 private:
  explicit Message(sd_bus_message* message) noexcept : message_(message) {}
  static std::string_view view(const char* text) noexcept { return text ? std::string_view(text) : std::string_view(); }
  Message& check(int result) noexcept {
    if (result < 0) *this = Message();
    return *this;
  }

  sd_bus_message* message_ = nullptr;
};

/// Reads a message in place: nothing is copied, views are valid as long as the message.
///
/// The first thing that is not as expected ends the reading: `failed()` from then on, loops end, values are empty.
class Reader {
 public:
  explicit Reader(const Message& message) noexcept : message_(message.get()), failed_(!message) {}

  [[nodiscard]] bool failed() const noexcept { return failed_; }

  /// Enters a container; false at the end of the array around it.
  bool enter(char type, const char* contents) noexcept;
  void leave() noexcept;
  void skip(const char* types) noexcept;
  [[nodiscard]] std::string_view text() noexcept { return basic_text('s'); }
  [[nodiscard]] std::string_view object_path() noexcept { return basic_text('o'); }
  [[nodiscard]] std::uint8_t byte() noexcept;
  [[nodiscard]] std::uint16_t number() noexcept;
  [[nodiscard]] std::uint32_t long_number() noexcept;
  [[nodiscard]] ByteView bytes() noexcept;
  /// Belongs to the message.
  [[nodiscard]] int descriptor() noexcept;

  // Of a variant, if it holds that type; else false, and the variant is still to be read.

  bool variant(std::string_view& out) noexcept;
  bool variant(bool& out) noexcept;
  bool variant(std::int16_t& out) noexcept { return variant_basic('n', out); }
  bool variant(std::uint16_t& out) noexcept { return variant_basic('q', out); }
  bool variant(ByteView& out) noexcept;
  /// Enters a variant of that type; `leave` it.
  bool enter_variant(const char* contents) noexcept;

  /// Calls `call(text)` for each element of an array of strings (`s`) or paths (`o`).
  template <class Call>
  void each_text(char type, Call&& call) {
    const char contents[] = {type, '\0'};
    if (!enter('a', contents)) return;
    while (!failed_ && sd_bus_message_at_end(message_, 0) == 0) call(basic_text(type));
    leave();
  }

  /// Calls `call()` for each entry of a dictionary.
  template <class Call>
  void each_entry(const char* contents, Call&& call) {
    const std::string element = std::string("{") + contents + '}';
    if (!enter('a', element.c_str())) return;
    while (enter('e', contents)) {
      call();
      leave();
    }
    leave();
  }

  /// Calls `call(name)` for each entry of a dictionary a{sv}; it returns true if it has read the variant.
  template <class Call>
  void each_property(Call&& call) {
    if (!enter('a', "{sv}")) return;
    while (enter('e', "sv")) {
      const std::string_view name = text();
      if (!call(name)) skip("v");
      leave();
    }
    leave();
  }

 private:
  [[nodiscard]] std::string_view basic_text(char type) noexcept;
  [[nodiscard]] bool holds_variant(const char* contents) noexcept;
  bool check(int result) noexcept;

  template <class T>
  bool variant_basic(char type, T& out) noexcept {
    const char contents[] = {type, '\0'};
    if (!enter_variant(contents)) return false;
    check(sd_bus_message_read_basic(message_, type, &out));
    leave();
    return true;
  }

  sd_bus_message* message_;
  bool failed_;
};

}  // namespace blau::detail::bluez
