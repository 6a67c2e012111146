#pragma once

#include <blau/error.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace blau::conformance {

/// What shows a property of a method: names of cases, or the reason why there is nothing to be shown.
struct Cell {
  /// `Suite.Name`, with blanks between; a kind of `driven.cpp` without a name means the method's own case.
  std::string_view cases = {};
  std::string_view reason = {};
};

using DocumentedError = std::pair<ErrorCode, Cell>;

/// One method of the public API. Every member is a column, and none may stay empty.
struct Row {
  std::string_view type = {};
  std::string_view method = {};
  /// Which of several of that name, in the order of the header.
  int overload = 0;
  /// What the classes and `Operation` document for many methods alike counts for it, too.
  bool gives_operation = false;
  bool is_gatt = false;
  Cell success = {};
  /// Each documented error.
  std::vector<DocumentedError> errors = {};
  /// Why it has none.
  std::string_view no_errors = {};
  Cell canceled_before = {};
  Cell canceled_meanwhile = {};
  Cell canceled_after = {};
  Cell timed_out = {};
  Cell link_lost = {};
  Cell destroyed = {};
  Cell in_callback = {};
  Cell other_thread = {};
  Cell at_once = {};

  /// `Client_get_services_1`: what its own cases are called.
  [[nodiscard]] std::string name() const;
  /// All columns but the errors, with what they are called.
  [[nodiscard]] std::vector<std::pair<std::string_view, Cell>> columns() const;
};

/// The whole table: every method of Client, Scanner and Adapter.
[[nodiscard]] const std::vector<Row>& table();

// The errors that every operation documents.
inline const DocumentedError ends_canceled{ErrorCode::canceled, {.cases = "Canceled"}};
inline const DocumentedError ends_timed_out{ErrorCode::timed_out, {.cases = "TimedOut"}};
inline const DocumentedError ends_with_loop{ErrorCode::loop_closed, {.cases = "LoopClosed"}};

// Its parts.
[[nodiscard]] std::vector<Row> link_rows();
[[nodiscard]] std::vector<Row> gatt_rows();
[[nodiscard]] std::vector<Row> client_value_rows();
[[nodiscard]] std::vector<Row> scanner_rows();
[[nodiscard]] std::vector<Row> adapter_rows();

/// The full names of a cell's cases.
[[nodiscard]] std::vector<std::string> cases_of(const Row& row, const Cell& cell);

/// A row of a method that gives an operation: every column is a case that is made of the row.
[[nodiscard]] Row operation_row(std::string_view type, std::string_view method, int overload = 0);
/// A row of a method that gives its value at once. The case shows it from many threads at a time and inside a callback.
[[nodiscard]] Row value_row(std::string_view type, std::string_view method, std::string_view success,
                            std::string_view everywhere);

}  // namespace blau::conformance
