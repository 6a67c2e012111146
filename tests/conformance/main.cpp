// Runs the suite and closes with what passed, failed and was skipped, each reason counted.

#include "driven.hpp"

#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <string>

namespace {

class ClosingLines final : public testing::EmptyTestEventListener {
 private:
  void OnTestPartResult(const testing::TestPartResult& part) override {
    if (part.skipped()) ++reasons_[part.message()];
  }

  void OnTestProgramEnd(const testing::UnitTest& suite) override {
    for (const auto& [reason, count] : reasons_) std::cout << "skipped " << count << ": " << reason << '\n';
    std::cout << suite.successful_test_count() << " passed, " << suite.failed_test_count() << " failed, "
              << suite.skipped_test_count() << " skipped" << std::endl;
  }

  std::map<std::string, int> reasons_;
};

}  // namespace

int main(int argc, char** argv) {
  blau::conformance::register_driven_cases();
  testing::InitGoogleTest(&argc, argv);
  testing::UnitTest::GetInstance()->listeners().Append(new ClosingLines);
  return RUN_ALL_TESTS();
}
