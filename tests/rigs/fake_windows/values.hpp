#pragma once

#include "platform.hpp"

#include <blau/address.hpp>
#include <blau/bytes.hpp>
#include <blau/uuid.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace fake_windows {

// Plain values, back and forth.

[[nodiscard]] winrt::guid guid_of(const blau::Uuid& uuid) noexcept;
[[nodiscard]] blau::Uuid uuid_of(const winrt::guid& guid) noexcept;
/// `c4:11:22:33:44:55`, as Windows writes it in its ids.
[[nodiscard]] std::string lower_case(const blau::Address& address);

/// The address at the end of a device id; empty if there is none.
[[nodiscard]] std::optional<blau::Address> address_of_id(const winrt::hstring& id);

/// A buffer with these bytes.
[[nodiscard]] streams::IBuffer buffer_of(blau::ByteView bytes);
[[nodiscard]] blau::Bytes bytes_of(const streams::IBuffer& buffer);
/// An empty one with room: what Windows.Storage.Streams.Buffer makes.
[[nodiscard]] streams::Buffer empty_buffer(std::uint32_t capacity);

/// A boxed value; Wine cannot box all that Windows can.
template <class T>
class Reference : public winrt::implements<Reference<T>, foundation::IReference<T>> {
 public:
  explicit Reference(T value) : value_(std::move(value)) {}
  T Value() const { return value_; }

 private:
  T value_;
};

template <class T>
[[nodiscard]] foundation::IReference<T> boxed(const std::optional<T>& value) {
  if (!value) return nullptr;
  return winrt::make<Reference<T>>(*value);
}

}  // namespace fake_windows
