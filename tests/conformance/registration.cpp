// Makes the cases that the table asks for.

#include "driven.hpp"
#include "table.hpp"

#include <gtest/gtest.h>

#include <set>

namespace blau::conformance {
namespace {

class DrivenCase : public Case {
 public:
  DrivenCase(Body body, const Act& act) : body_(body), act_(act) {}

 private:
  void TestBody() override {
    if (!act_.needs || can(rig(), *act_.needs)) body_(rig(), act_);
  }

  Body body_;
  const Act& act_;
};

void register_case(const Row& row, const std::string& full_name, std::set<std::string>& known) {
  const auto dot = full_name.find('.');
  const auto kind = full_name.substr(0, dot);
  const auto name = full_name.substr(dot + 1);
  const Body body = body_of(kind);
  // What another row's cases show is registered there.
  if (!body || name != row.name() || !known.insert(full_name).second) return;
  const auto& act = act_of(row.type, row.method, row.overload);
  auto make = [body, &act]() -> Case* { return new DrivenCase(body, act); };
  testing::RegisterTest(kind.c_str(), name.c_str(), nullptr, nullptr, __FILE__, __LINE__, make);
}

}  // namespace

void register_driven_cases() {
  std::set<std::string> known;
  for (const auto& row : table()) {
    for (const auto& [column, cell] : row.columns())
      for (const auto& name : cases_of(row, cell)) register_case(row, name, known);
    for (const auto& [code, cell] : row.errors)
      for (const auto& name : cases_of(row, cell)) register_case(row, name, known);
  }
}

}  // namespace blau::conformance
