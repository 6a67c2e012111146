#include "message.hpp"

namespace blau::detail::bluez {

Message Message::reply_to(const Message& call) noexcept {
  sd_bus_message* reply = nullptr;
  if (sd_bus_message_get_expect_reply(call.get()) <= 0) return {};
  sd_bus_message_new_method_return(call.get(), &reply);
  return adopt(reply);
}

Message Message::error_to(const Message& call, const char* name, const char* text) noexcept {
  sd_bus_message* reply = nullptr;
  if (sd_bus_message_get_expect_reply(call.get()) <= 0) return {};
  sd_bus_message_new_method_errorf(call.get(), &reply, name, "%s", text);
  return adopt(reply);
}

bool Reader::check(int result) noexcept {
  if (result < 0) failed_ = true;
  return result > 0;
}

bool Reader::enter(char type, const char* contents) noexcept {
  return !failed_ && check(sd_bus_message_enter_container(message_, type, contents));
}

void Reader::leave() noexcept {
  if (!failed_) check(sd_bus_message_exit_container(message_));
}

void Reader::skip(const char* types) noexcept {
  if (!failed_) check(sd_bus_message_skip(message_, types));
}

std::string_view Reader::basic_text(char type) noexcept {
  const char* text = nullptr;
  if (failed_ || !check(sd_bus_message_read_basic(message_, type, &text)) || !text) return {};
  return text;
}

std::uint8_t Reader::byte() noexcept {
  std::uint8_t byte = 0;
  if (!failed_) check(sd_bus_message_read_basic(message_, 'y', &byte));
  return byte;
}

std::uint16_t Reader::number() noexcept {
  std::uint16_t number = 0;
  if (!failed_) check(sd_bus_message_read_basic(message_, 'q', &number));
  return number;
}

std::uint32_t Reader::long_number() noexcept {
  std::uint32_t number = 0;
  if (!failed_) check(sd_bus_message_read_basic(message_, 'u', &number));
  return number;
}

ByteView Reader::bytes() noexcept {
  const void* data = nullptr;
  std::size_t size = 0;
  if (failed_ || sd_bus_message_read_array(message_, 'y', &data, &size) < 0) {
    failed_ = true;
    return {};
  }
  return {static_cast<const std::uint8_t*>(data), size};
}

int Reader::descriptor() noexcept {
  int descriptor = -1;
  if (!failed_) check(sd_bus_message_read_basic(message_, 'h', &descriptor));
  return descriptor;
}

bool Reader::holds_variant(const char* contents) noexcept {
  if (failed_) return false;
  char type = 0;
  const char* found = nullptr;
  return check(sd_bus_message_peek_type(message_, &type, &found)) && type == 'v' && found &&
         std::string_view(found) == contents;
}

bool Reader::enter_variant(const char* contents) noexcept { return holds_variant(contents) && enter('v', contents); }

bool Reader::variant(std::string_view& out) noexcept {
  if (!enter_variant("s")) return false;
  out = text();
  leave();
  return true;
}

bool Reader::variant(bool& out) noexcept {
  int value = 0;  // D-Bus booleans are read into an int.
  if (!variant_basic('b', value)) return false;
  out = value != 0;
  return true;
}

bool Reader::variant(ByteView& out) noexcept {
  if (!enter_variant("ay")) return false;
  out = bytes();
  leave();
  return true;
}

}  // namespace blau::detail::bluez
