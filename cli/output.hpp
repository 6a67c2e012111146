#pragma once

#include <blau/log.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blau::cli {

/// Whoever read standard output has gone: nothing is left to do, and nobody to tell.
class OutputClosed : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "the output was closed"; }
};

enum class Style : std::uint8_t { plain, bold, dim, red, green, yellow, cyan };

/// The text with the control sequences of a style around it.
[[nodiscard]] std::string styled(std::string_view text, Style style);

/// A cell of a table. The text is escaped when it is put in.
struct Cell {
  Cell(std::string_view content, Style style = Style::plain);            // NOLINT: text is a cell
  Cell(const char* content) : Cell(std::string_view(content)) {}         // NOLINT
  Cell(const std::string& content) : Cell(std::string_view(content)) {}  // NOLINT
  std::string text;
  Style style;
};

struct Column {
  enum class Align : std::uint8_t { left, right };
  std::string title;
  Align align = Align::left;
  /// Is cut down to this where the terminal is narrow, and further if no other column can give; 0: never cut.
  std::size_t least = 0;
};

/// Rows under titles, aligned.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// As many cells as columns.
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  /// The title line and the rows. @param width 0: never cut
  [[nodiscard]] std::vector<std::string> lines(std::size_t width, bool colour) const;

 private:
  [[nodiscard]] std::vector<std::size_t> widths(std::size_t limit) const;
  /// The column to take from; empty where none can give.
  [[nodiscard]] std::optional<std::size_t> widest_that_can_give(const std::vector<std::size_t>& widths) const;
  [[nodiscard]] std::string line(const std::vector<Cell>& cells, const std::vector<std::size_t>& widths,
                                 bool colour) const;
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

/// Standard output.
class Output {
 public:
  explicit Output(bool json);

  /// One object a line is wanted, and nothing else.
  [[nodiscard]] bool json() const noexcept { return json_; }
  /// A person looks at it.
  [[nodiscard]] bool on_terminal() const noexcept { return terminal_; }
  [[nodiscard]] bool colour() const noexcept { return colour_; }
  /// The columns that there are; 0: as many as one likes.
  [[nodiscard]] std::size_t width() const noexcept;
  [[nodiscard]] std::size_t height() const noexcept;
  /// The text in a style where colours are wanted; escaped in any case.
  [[nodiscard]] std::string styled(std::string_view text, Style style) const;

  /// Writes text as it is and flushes it. @throws OutputClosed; Error `failed` where it cannot be written, on a full disk for example
  void write(std::string_view text) const;
  /// Writes a line and flushes it. Errors as `write`.
  void line(std::string_view text) const;
  /// Writes a table. Errors as `write`.
  void table(const Table& table) const;

 private:
  bool json_;
  bool terminal_;
  bool colour_;
};

/// A line of the log on standard error, as `--verbose` wants it.
void write_log_line(LogLevel level, std::string_view component, std::string_view message);

/// One line on standard error: `blau: ` and the message. Never throws for a closed standard error.
void complain(std::string_view message) noexcept;

}  // namespace blau::cli
