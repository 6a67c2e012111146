// What GCC 12 breaks where the flag of cmake/BlauFlavour.cmake is missing, at -O2: a vector that grew across co_await and is then moved.

#include <blau/blau.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

namespace blau {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t three = 3;
constexpr std::size_t length = 40;

Task<Bytes> make_value() {
  co_await sleep_for(1ns);
  Bytes value(length, 7);
  co_return value;
}

Task<std::vector<Bytes>> returned(std::size_t count) {
  std::vector<Bytes> values;
  while (values.size() < count) values.push_back(co_await make_value());
  co_return values;
}

Task<> assigned_to(std::size_t count, std::vector<Bytes>& out) {
  std::vector<Bytes> values;
  while (values.size() < count) values.push_back(co_await make_value());
  out = std::move(values);
}

TEST(GrownVector, IsReturnedWhole) {
  const auto values = run(returned(three));
  ASSERT_EQ(values.size(), three);
  for (const auto& value : values) EXPECT_EQ(value.size(), length);
}

TEST(GrownVector, IsMovedWhole) {
  std::vector<Bytes> values;
  run(assigned_to(three, values));
  ASSERT_EQ(values.size(), three);
  for (const auto& value : values) EXPECT_EQ(value.size(), length);
}

}  // namespace
}  // namespace blau
