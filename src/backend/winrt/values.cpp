#include "values.hpp"

#include "core/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

namespace blau::detail::windows {

namespace streams = ::winrt::Windows::Storage::Streams;
using ::winrt::Windows::Devices::Bluetooth::BluetoothAddressType;

namespace {

void append_utf8(std::string& text, char32_t point) {
  const auto put = [&text](char32_t byte) { text.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xc0 | (point >> 6));
  } else if (point < 0x10000) {
    put(0xe0 | (point >> 12));
    put(0x80 | (point >> 6 & 0x3f));
  } else {
    put(0xf0 | (point >> 18));
    put(0x80 | (point >> 12 & 0x3f));
    put(0x80 | (point >> 6 & 0x3f));
  }
  put(0x80 | (point & 0x3f));
}

constexpr bool is_high(char32_t unit) noexcept { return unit >= 0xd800 && unit < 0xdc00; }
constexpr bool is_low(char32_t unit) noexcept { return unit >= 0xdc00 && unit < 0xe000; }

}  // namespace

// Not winrt::to_string: it refuses what is not well-formed, and a name from the air may be anything.
std::string to_text(const ::winrt::hstring& wide) {
  std::string text;
  text.reserve(wide.size());
  for (std::uint32_t i = 0; i < wide.size(); ++i) {
    char32_t point = static_cast<char16_t>(wide[i]);
    const char32_t next = i + 1 < wide.size() ? static_cast<char16_t>(wide[i + 1]) : 0;
    if (is_high(point) && is_low(next)) {
      point = 0x10000 + ((point - 0xd800) << 10) + (next - 0xdc00);
      ++i;
    } else if (is_high(point) || is_low(point)) {
      point = 0xfffd;
    }
    append_utf8(text, point);
  }
  return text;
}

::winrt::hstring to_hstring(std::string_view text) { return ::winrt::to_hstring(to_valid_utf8(text)); }

Uuid to_uuid(const ::winrt::guid& guid) noexcept {
  std::array<std::uint8_t, 16> bytes{
      static_cast<std::uint8_t>(guid.Data1 >> 24), static_cast<std::uint8_t>(guid.Data1 >> 16),
      static_cast<std::uint8_t>(guid.Data1 >> 8),  static_cast<std::uint8_t>(guid.Data1),
      static_cast<std::uint8_t>(guid.Data2 >> 8),  static_cast<std::uint8_t>(guid.Data2),
      static_cast<std::uint8_t>(guid.Data3 >> 8),  static_cast<std::uint8_t>(guid.Data3)};
  std::copy(std::begin(guid.Data4), std::end(guid.Data4), bytes.begin() + 8);
  return Uuid(bytes);
}

::winrt::guid to_guid(const Uuid& uuid) noexcept {
  const auto& bytes = uuid.bytes();
  ::winrt::guid guid{};
  guid.Data1 = static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
               static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3];
  guid.Data2 = static_cast<std::uint16_t>(bytes[4] << 8 | bytes[5]);
  guid.Data3 = static_cast<std::uint16_t>(bytes[6] << 8 | bytes[7]);
  std::copy(bytes.begin() + 8, bytes.end(), std::begin(guid.Data4));
  return guid;
}

Bytes to_bytes(const streams::IBuffer& buffer) {
  if (!buffer || buffer.Length() == 0) return {};
  const std::uint8_t* data = buffer.data();
  return Bytes(data, data + buffer.Length());
}

streams::IBuffer to_buffer(ByteView bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  const streams::Buffer buffer(size);
  buffer.Length(size);
  if (size != 0) std::memcpy(buffer.data(), bytes.data(), size);
  return buffer;
}

std::optional<AddressType> to_address_type(BluetoothAddressType type) noexcept {
  if (type == BluetoothAddressType::Public) return AddressType::public_;
  if (type == BluetoothAddressType::Random) return AddressType::random;
  return std::nullopt;
}

BluetoothAddressType to_winrt(AddressType type) noexcept {
  return type == AddressType::public_ ? BluetoothAddressType::Public : BluetoothAddressType::Random;
}

std::optional<std::string> name_of(const ::winrt::hstring& name) {
  constexpr std::string_view placeholder = "Bluetooth ";
  auto text = to_text(name);
  if (text.empty()) return std::nullopt;
  if (text.starts_with(placeholder) && Address::parse(std::string_view(text).substr(placeholder.size())))
    return std::nullopt;
  return text;
}

}  // namespace blau::detail::windows
