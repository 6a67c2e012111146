// What the rows of the table have in common.

#include "table.hpp"

#include <sstream>

namespace blau::conformance {
namespace {

constexpr std::string_view at_once = "its value is there when it returns: nothing is under way";

}  // namespace

std::string Row::name() const {
  auto words = std::string(type) + "_" + std::string(method);
  if (overload > 0) words += "_" + std::to_string(overload);
  return words;
}

std::vector<std::pair<std::string_view, Cell>> Row::columns() const {
  return {{"success", success},
          {"canceled before", canceled_before},
          {"canceled meanwhile", canceled_meanwhile},
          {"canceled after", canceled_after},
          {"timed out", timed_out},
          {"link lost meanwhile", link_lost},
          {"destroyed meanwhile", destroyed},
          {"inside a callback", in_callback},
          {"from another thread", other_thread},
          {"several at once", at_once}};
}

std::vector<std::string> cases_of(const Row& row, const Cell& cell) {
  std::vector<std::string> names;
  std::istringstream words{std::string(cell.cases)};
  for (std::string word; words >> word;)
    names.push_back(word.find('.') == std::string::npos ? word + "." + row.name() : word);
  return names;
}

Row operation_row(std::string_view type, std::string_view method, int overload) {
  Row row;
  row.type = type;
  row.method = method;
  row.overload = overload;
  row.gives_operation = true;
  row.canceled_before = row.canceled_meanwhile = row.canceled_after = {.cases = "Canceled"};
  row.timed_out = {.cases = "TimedOut"};
  row.link_lost = {.cases = "LinkLost"};
  row.destroyed = {.cases = "Destroyed"};
  row.in_callback = {.cases = "InCallback"};
  row.other_thread = row.at_once = {.cases = "FromThreads"};
  return row;
}

Row value_row(std::string_view type, std::string_view method, std::string_view success, std::string_view everywhere) {
  Row row;
  row.type = type;
  row.method = method;
  row.success = {.cases = success};
  row.no_errors = "it gives what is known and cannot fail";
  const Cell nothing{.reason = at_once};
  row.canceled_before = row.canceled_meanwhile = row.canceled_after = row.timed_out = nothing;
  row.link_lost = row.destroyed = nothing;
  row.in_callback = row.other_thread = row.at_once = {.cases = everywhere};
  return row;
}

const std::vector<Row>& table() {
  static const auto all = [] {
    std::vector<Row> made;
    for (auto part : {&link_rows, &gatt_rows, &client_value_rows, &scanner_rows, &adapter_rows})
      for (auto& row : part()) made.push_back(std::move(row));
    return made;
  }();
  return all;
}

}  // namespace blau::conformance
