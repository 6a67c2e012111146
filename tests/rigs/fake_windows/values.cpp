#include "values.hpp"

#include <algorithm>
#include <array>

namespace fake_windows {

/// Windows' own, which Debian's headers lack: the way to a buffer's bytes.
struct IBufferBytes : ::IUnknown {
  virtual HRESULT __stdcall Buffer(std::uint8_t** value) = 0;
};

}  // namespace fake_windows

namespace winrt::impl {
template <>
inline constexpr guid guid_v<fake_windows::IBufferBytes>{
    0x905a0fef, 0xbc53, 0x11df, {0x8c, 0x49, 0x00, 0x1e, 0x4f, 0xc6, 0x86, 0xda}};
}  // namespace winrt::impl

namespace fake_windows {
namespace {

class MemoryBuffer : public winrt::implements<MemoryBuffer, streams::IBuffer, IBufferBytes> {
 public:
  explicit MemoryBuffer(blau::ByteView bytes)
      : bytes_(bytes.begin(), bytes.end()), length_(static_cast<std::uint32_t>(bytes.size())) {}
  explicit MemoryBuffer(std::uint32_t capacity) : bytes_(capacity) {}

  std::uint32_t Capacity() const noexcept { return static_cast<std::uint32_t>(bytes_.size()); }
  std::uint32_t Length() const noexcept { return length_; }
  void Length(std::uint32_t length) {
    if (length > bytes_.size()) throw winrt::hresult_invalid_argument();
    length_ = length;
  }
  HRESULT __stdcall Buffer(std::uint8_t** value) noexcept override {
    *value = bytes_.data();
    return S_OK;
  }

 private:
  blau::Bytes bytes_;
  std::uint32_t length_ = 0;
};

}  // namespace

winrt::guid guid_of(const blau::Uuid& uuid) noexcept {
  const auto& b = uuid.bytes();
  winrt::guid made{};
  made.Data1 = static_cast<std::uint32_t>(b[0]) << 24 | static_cast<std::uint32_t>(b[1]) << 16 |
               static_cast<std::uint32_t>(b[2]) << 8 | b[3];
  made.Data2 = static_cast<std::uint16_t>(b[4] << 8 | b[5]);
  made.Data3 = static_cast<std::uint16_t>(b[6] << 8 | b[7]);
  std::copy_n(b.begin() + 8, 8, made.Data4);
  return made;
}

blau::Uuid uuid_of(const winrt::guid& guid) noexcept {
  std::array<std::uint8_t, 16> b{};
  for (unsigned i = 0; i < 4; ++i) b[i] = static_cast<std::uint8_t>(guid.Data1 >> (24 - 8 * i));
  for (unsigned i = 0; i < 2; ++i) b[4 + i] = static_cast<std::uint8_t>(guid.Data2 >> (8 - 8 * i));
  for (unsigned i = 0; i < 2; ++i) b[6 + i] = static_cast<std::uint8_t>(guid.Data3 >> (8 - 8 * i));
  std::copy_n(guid.Data4, 8, b.begin() + 8);
  return blau::Uuid(b);
}

std::string lower_case(const blau::Address& address) {
  std::string text = address.to_string();
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'F' ? char(c - 'A' + 'a') : c; });
  return text;
}

std::optional<blau::Address> address_of_id(const winrt::hstring& id) {
  const std::string text = winrt::to_string(id);
  constexpr std::size_t size = 17;
  if (!text.starts_with("BluetoothLE#") || text.size() < size) return std::nullopt;
  return blau::Address::parse(std::string_view(text).substr(text.size() - size));
}

streams::IBuffer buffer_of(blau::ByteView bytes) { return winrt::make<MemoryBuffer>(bytes); }

blau::Bytes bytes_of(const streams::IBuffer& buffer) {
  if (!buffer) return {};
  std::uint8_t* data = nullptr;
  winrt::check_hresult(buffer.as<IBufferBytes>()->Buffer(&data));
  return {data, data + buffer.Length()};
}

streams::Buffer empty_buffer(std::uint32_t capacity) {
  return winrt::make<MemoryBuffer>(capacity).as<streams::Buffer>();
}

}  // namespace fake_windows
