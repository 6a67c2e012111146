#pragma once

#include <cstddef>
#include <cstdint>

namespace blau::cli {

/// The two streams that people see.
enum class Channel : std::uint8_t { output, errors };

/// Whether a stream is a terminal that understands control sequences.
[[nodiscard]] bool is_terminal(Channel channel) noexcept;

/// Whether colours are wanted on a stream: a terminal, and no NO_COLOR (https://no-color.org).
[[nodiscard]] bool wants_colour(Channel channel) noexcept;

/// Whether somebody can be asked: standard input and standard error are a terminal.
[[nodiscard]] bool can_ask() noexcept;

struct TerminalSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// How large the terminal of a stream is now; 80 × 24 where it does not say.
[[nodiscard]] TerminalSize terminal_size(Channel channel) noexcept;

/// Whether TERM says that no control sequence is understood.
[[nodiscard]] bool is_dumb() noexcept;

/// To be called first. Makes a write to a closed pipe an error of that write rather than the end of the process, which may hold
/// a link. What is written arrives as it is: UTF-8, with its own line ends.
void prepare_streams() noexcept;

}  // namespace blau::cli
