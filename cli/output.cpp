#include "output.hpp"

#include <blau/error.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <numeric>
#include <system_error>

#include "terminal.hpp"
#include "text.hpp"

namespace blau::cli {
namespace {

constexpr std::string_view gap = "  ";

/// Whether a write failed since nobody reads any more.
bool says_closed(int fault) noexcept {
#ifdef _WIN32
  if (fault == EINVAL) return true;  // the C runtime has no number for ERROR_NO_DATA
#endif
  return fault == EPIPE;
}

}  // namespace

std::string styled(std::string_view text, Style style) {
  constexpr std::array<std::string_view, 7> codes{"", "1", "2", "31", "32", "33", "36"};
  if (style == Style::plain || text.empty()) return std::string(text);
  return std::string("\033[").append(codes[static_cast<std::size_t>(style)]).append("m").append(text).append("\033[0m");
}

Cell::Cell(std::string_view content, Style cell_style) : text(printable(content)), style(cell_style) {}

std::vector<std::size_t> Table::widths(std::size_t limit) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    widths.push_back(display_width(columns_[i].title));
    for (const auto& row : rows_) widths[i] = std::max(widths[i], display_width(row[i].text));
  }
  const auto gaps = gap.size() * (columns_.size() - 1);
  auto total = std::accumulate(widths.begin(), widths.end(), gaps);
  while (limit != 0 && total > limit) {
    const auto giver = widest_that_can_give(widths);
    if (!giver) break;
    --widths[*giver];
    --total;
  }
  return widths;
}

std::optional<std::size_t> Table::widest_that_can_give(const std::vector<std::size_t>& widths) const {
  for (const bool last_resort : {false, true}) {
    std::optional<std::size_t> widest;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const auto least = last_resort ? std::min<std::size_t>(columns_[i].least, 1) : columns_[i].least;
      const bool can_give = least != 0 && widths[i] > least;
      if (can_give && (!widest || widths[i] > widths[*widest])) widest = i;
    }
    if (widest) return widest;
  }
  return std::nullopt;
}

std::string Table::line(const std::vector<Cell>& cells, const std::vector<std::size_t>& widths, bool colour) const {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto text = cut(cells[i].text, widths[i]);
    const bool last = i + 1 == cells.size();
    const auto padding =
        last && columns_[i].align == Column::Align::left ? 0 : widths[i] - std::min(widths[i], display_width(text));
    const auto shown = colour ? cli::styled(text, cells[i].style) : text;
    if (columns_[i].align == Column::Align::right) line.append(padding, ' ').append(shown);
    if (columns_[i].align == Column::Align::left) line.append(shown).append(padding, ' ');
    if (!last) line.append(gap);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::vector<std::string> Table::lines(std::size_t width, bool colour) const {
  const auto chosen = widths(width);
  std::vector<Cell> titles;
  for (const auto& column : columns_) titles.emplace_back(column.title, Style::bold);
  std::vector<std::string> lines{line(titles, chosen, colour)};
  for (const auto& row : rows_) lines.push_back(line(row, chosen, colour));
  return lines;
}

Output::Output(bool json)
    : json_(json), terminal_(!json && is_terminal(Channel::output)), colour_(!json && wants_colour(Channel::output)) {}

std::size_t Output::width() const noexcept { return terminal_ ? terminal_size(Channel::output).columns : 0; }

std::size_t Output::height() const noexcept { return terminal_size(Channel::output).rows; }

std::string Output::styled(std::string_view text, Style style) const {
  const auto clean = printable(text);
  return colour_ ? cli::styled(clean, style) : clean;
}

void Output::write(std::string_view text) const {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (written) return;
  const int fault = errno;
  if (says_closed(fault)) throw OutputClosed();
  throw Error(ErrorCode::failed, "the output cannot be written: " + std::generic_category().message(fault));
}

void Output::line(std::string_view text) const { write(std::string(text).append("\n")); }

void Output::table(const Table& table) const {
  std::string text;
  for (const auto& line : table.lines(width(), colour_)) text.append(line).append("\n");
  write(text);
}

void write_log_line(LogLevel level, std::string_view component, std::string_view message) {
  std::string line;
  line.append(to_string(level)).append(" [").append(component).append("] ").append(printable(message)).append("\n");
  std::fputs(line.c_str(), stderr);
}

void complain(std::string_view message) noexcept {
  try {
    const auto text = printable(message);
    const bool red = wants_colour(Channel::errors);
    std::fprintf(stderr, "%s %s\n", red ? styled("blau:", Style::red).c_str() : "blau:", text.c_str());
  } catch (...) {
    std::fputs("blau: not enough memory\n", stderr);
  }
}

}  // namespace blau::cli
