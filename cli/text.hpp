#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace blau::cli {

/// The text with everything escaped that could steer a terminal or break a line: control characters and what is not UTF-8
/// as `\xNN`, characters that turn the direction of writing as U+FFFD. Names come from the air, from anybody.
[[nodiscard]] std::string printable(std::string_view text);

/// The printable text in single quotes.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// Whether `printable` would change nothing.
[[nodiscard]] bool is_printable(std::string_view text);

/// How many columns a terminal needs for printable text.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// Printable text cut to so many columns, with `…` at the end if something is missing.
[[nodiscard]] std::string cut(std::string_view text, std::size_t columns);

/// Blanks up to so many columns, behind the text or before it.
[[nodiscard]] std::string pad_right(std::string text, std::size_t columns);
[[nodiscard]] std::string pad_left(const std::string& text, std::size_t columns);

/// Whether `part` is somewhere in `text`; upper and lower case of ASCII letters are alike.
[[nodiscard]] bool contains_ignoring_case(std::string_view text, std::string_view part);

/// `1 byte`, `2 bytes`.
[[nodiscard]] std::string counted(std::size_t count, std::string_view one, std::string_view many);

}  // namespace blau::cli
