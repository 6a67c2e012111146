// What Windows and Blau call the same thing.

#include "backend/winrt/values.hpp"

#include <gtest/gtest.h>
#include <unknwn.h>

namespace blau::test {

/// Of robuffer.h, which not every SDK has.
struct BufferByteAccess : ::IUnknown {
  virtual HRESULT __stdcall Buffer(BYTE** value) = 0;
};

}  // namespace blau::test

template <>
inline constexpr ::winrt::guid winrt::impl::guid_v<blau::test::BufferByteAccess> =
    winrt::impl::guid_v<winrt::impl::IBufferByteAccess>;

namespace {

using namespace blau::detail::windows;
using blau::Uuid;

namespace streams = ::winrt::Windows::Storage::Streams;

/// Wine has no buffers of its own.
class OwnBuffer : public ::winrt::implements<OwnBuffer, streams::IBuffer, blau::test::BufferByteAccess> {
 public:
  explicit OwnBuffer(blau::Bytes bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::uint32_t Capacity() const noexcept { return Length(); }
  [[nodiscard]] std::uint32_t Length() const noexcept { return static_cast<std::uint32_t>(bytes_.size()); }
  void Length(std::uint32_t length) { bytes_.resize(length); }
  HRESULT __stdcall Buffer(BYTE** value) noexcept final {
    *value = bytes_.data();
    return 0;
  }

 private:
  blau::Bytes bytes_;
};

TEST(WinRtValues, UuidsAreGuidsInTheOrderOfTheirText) {
  const Uuid uuid("12345678-9abc-def0-1122-334455667788");
  const auto guid = to_guid(uuid);
  EXPECT_EQ(guid.Data1, 0x12345678U);
  EXPECT_EQ(guid.Data2, 0x9abc);
  EXPECT_EQ(guid.Data3, 0xdef0);
  EXPECT_EQ(guid.Data4[0], 0x11);
  EXPECT_EQ(guid.Data4[7], 0x88);
  EXPECT_EQ(to_uuid(guid), uuid);
}

TEST(WinRtValues, TextIsUtf8) {
  EXPECT_EQ(to_text(L"Gr\u00fc\u00dfe \u20ac \U0001F600"),
            "Gr\xc3\xbc\xc3\x9f"
            "e \xe2\x82\xac \xf0\x9f\x98\x80");
  EXPECT_EQ(to_text(to_hstring("Gr\xc3\xbc\xc3\x9f"
                               "e \xf0\x9f\x98\x80")),
            "Gr\xc3\xbc\xc3\x9f"
            "e \xf0\x9f\x98\x80");
  EXPECT_EQ(to_text({}), "");
}

TEST(WinRtValues, HalfOfACharacterIsReplaced) {
  const wchar_t broken[] = {L'a', 0xd83d, L'b', 0xde00, 0};
  EXPECT_EQ(to_text(broken),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd");
  const wchar_t cut[] = {L'a', 0xd83d, 0};
  EXPECT_EQ(to_text(cut), "a\xef\xbf\xbd");
}

TEST(WinRtValues, BytesOfABuffer) {
  EXPECT_EQ(to_bytes(nullptr), blau::Bytes());
  EXPECT_EQ(to_bytes(::winrt::make<OwnBuffer>(blau::Bytes())), blau::Bytes());
  EXPECT_EQ(to_bytes(::winrt::make<OwnBuffer>(blau::bytes(0, 0xff, 7))), blau::bytes(0, 0xff, 7));
}

TEST(WinRtValues, AddressTypes) {
  using ::winrt::Windows::Devices::Bluetooth::BluetoothAddressType;
  EXPECT_EQ(to_address_type(BluetoothAddressType::Public), blau::AddressType::public_);
  EXPECT_EQ(to_address_type(BluetoothAddressType::Random), blau::AddressType::random);
  EXPECT_EQ(to_address_type(BluetoothAddressType::Unspecified), std::nullopt);
  EXPECT_EQ(to_winrt(blau::AddressType::public_), BluetoothAddressType::Public);
  EXPECT_EQ(to_winrt(blau::AddressType::random), BluetoothAddressType::Random);
}

TEST(WinRtValues, ThePlaceholderIsNoName) {
  EXPECT_EQ(name_of(L"Bluetooth c4:11:22:33:44:55"), std::nullopt);
  EXPECT_EQ(name_of(L""), std::nullopt);
  EXPECT_EQ(name_of(L"Bluetooth speaker"), "Bluetooth speaker");
}

}  // namespace
