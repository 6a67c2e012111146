#pragma once

#include <blau/bytes.hpp>

#include <string>
#include <string_view>

namespace blau::detail {

/// A user's text for an error message: in quotes, valid UTF-8, control characters as `?`, long text cut.
[[nodiscard]] std::string quoted(std::string_view text);

/// The text with each maximal ill-formed part replaced by U+FFFD, as Unicode 15 chapter 3.9 recommends.
[[nodiscard]] std::string to_valid_utf8(std::string_view text);

/// The text without the character at its end that was cut off in its middle, if there is one.
[[nodiscard]] std::string_view without_cut_character(std::string_view text) noexcept;

}  // namespace blau::detail
