// The table has no empty cell, names no case that is not there, and knows what the headers document.

#include "table.hpp"
#include "driven.hpp"
#include "header_text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace blau::conformance {
namespace {

std::set<std::string> all_cases() {
  std::set<std::string> names;
  const auto& unit = *testing::UnitTest::GetInstance();
  for (int i = 0; i < unit.total_test_suite_count(); ++i) {
    const auto& suite = *unit.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j)
      names.insert(std::string(suite.name()) + "." + suite.GetTestInfo(j)->name());
  }
  return names;
}

void expect_filled(const Row& row, const std::string& column, const Cell& cell, const std::set<std::string>& known) {
  const auto where = std::string(row.type) + "::" + std::string(row.method) + ", " + column;
  EXPECT_NE(cell.cases.empty(), cell.reason.empty()) << where << ": the cell needs a case or a reason, one of both";
  for (const auto& name : cases_of(row, cell))
    EXPECT_TRUE(known.contains(name)) << where << ": there is no case " << name;
}

TEST(Table, HasNoEmptyCell) {
  const auto known = all_cases();
  for (const auto& row : table()) {
    for (const auto& [column, cell] : row.columns()) expect_filled(row, std::string(column), cell, known);
    EXPECT_NE(row.errors.empty(), row.no_errors.empty()) << row.name() << ": errors, or a reason why there are none";
    for (const auto& [code, cell] : row.errors) expect_filled(row, std::string(to_string(code)), cell, known);
  }
}

struct Source {
  const char* header;
  const char* type;
};
constexpr Source sources[] = {{"client.hpp", "Client"}, {"scanner.hpp", "Scanner"}, {"adapter.hpp", "Adapter"}};

std::set<std::string> methods_of(std::string_view type) {
  std::set<std::string> names;
  for (const auto& row : table()) {
    if (row.type != type) continue;
    EXPECT_TRUE(names.insert(row.name()).second) << row.name() << " stands there twice";
  }
  return names;
}

TEST(Table, HasEachMethodOfTheHeaders) {
  for (const auto& source : sources) {
    std::set<std::string> declared;
    for (const auto& method : read_class(source.header, source.type).methods) {
      auto name = std::string(source.type) + "_" + method.name;
      if (method.overload > 0) name.append("_").append(std::to_string(method.overload));
      declared.insert(name);
    }
    EXPECT_EQ(methods_of(source.type), declared) << source.header;
  }
}

/// What the comments say that a row's method can fail with.
std::set<std::string> documented(const Row& row, const DeclaredClass& type,
                                 const std::set<std::string>& of_operations) {
  for (const auto& method : type.methods) {
    if (method.name != row.method || method.overload != row.overload) continue;
    EXPECT_EQ(method.gives_operation, row.gives_operation) << row.name();
    auto errors = method.errors;
    if (row.gives_operation) errors.insert(of_operations.begin(), of_operations.end());
    if (row.is_gatt) errors.insert(type.errors.begin(), type.errors.end());
    return errors;
  }
  return {};
}

TEST(Table, HasEachErrorThatTheHeadersDocument) {
  const std::set<std::string> of_operations{"canceled", "timed_out", "loop_closed"};
  EXPECT_EQ(read_class("operation.hpp", "Operation").errors, of_operations);
  for (const auto& source : sources) {
    const auto type = read_class(source.header, source.type);
    for (const auto& row : table()) {
      if (row.type != source.type) continue;
      std::set<std::string> listed;
      for (const auto& [code, cell] : row.errors) listed.emplace(to_string(code));
      EXPECT_EQ(listed, documented(row, type, of_operations)) << row.name();
    }
  }
}

}  // namespace
}  // namespace blau::conformance
