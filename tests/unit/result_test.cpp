#include <blau/bytes.hpp>
#include <blau/result.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using blau::Error;
using blau::ErrorCode;
using blau::Result;

static_assert(std::is_convertible_v<int, Result<int>> && std::is_convertible_v<const char*, Result<std::string>>);
static_assert(std::is_convertible_v<Error, Result<int>> && std::is_convertible_v<Error, Result<void>>);
static_assert(!std::is_convertible_v<std::vector<int>, Result<int>> &&
              !std::is_constructible_v<Result<int>, std::string>);
static_assert(!std::is_convertible_v<Result<int>, Result<std::string>>);
static_assert(!std::is_constructible_v<Result<bool>, Result<int>>, "a result is not its truth value");
static_assert(!std::is_convertible_v<Result<int>, bool>);
static_assert(!std::is_copy_constructible_v<Result<std::unique_ptr<int>>>);
static_assert(std::is_nothrow_move_constructible_v<Result<std::unique_ptr<int>>>);
static_assert(std::is_nothrow_move_constructible_v<Result<blau::Bytes>>);
static_assert(std::is_same_v<Result<int>::value_type, int> && std::is_same_v<Result<void>::value_type, void>);

Error failure() { return Error(ErrorCode::busy, "wait for the other call"); }

TEST(Result, HoldsAValue) {
  Result<std::string> result = "text";
  EXPECT_TRUE(result);
  EXPECT_TRUE(result.has_value());
  EXPECT_EQ(result.value(), "text");
  EXPECT_EQ(result->size(), 4u);
  *result += "!";
  EXPECT_EQ(*std::as_const(result), "text!");
  EXPECT_EQ(std::as_const(result)->size(), 5u);
  EXPECT_EQ(result.value_or("other"), "text!");
}

TEST(Result, HoldsAnError) {
  const Result<std::string> result = failure();
  EXPECT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::busy);
  EXPECT_EQ(result.value_or("other"), "other");
}

TEST(Result, ThrowsItsErrorWhereAValueIsWanted) {
  Result<int> result = failure();
  EXPECT_THROW(std::ignore = result.value(), Error);
  EXPECT_THROW(std::ignore = std::as_const(result).value(), Error);
  try {
    std::ignore = std::move(result).value();
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::busy);
    EXPECT_STREQ(error.what(), "wait for the other call");
  }
}

TEST(Result, MovesWhatOnlyMoves) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  Result<std::unique_ptr<int>> moved = std::move(result);
  EXPECT_EQ(**moved, 7);
  const std::unique_ptr<int> taken = std::move(moved).value();
  EXPECT_EQ(*taken, 7);
  Result<std::unique_ptr<int>> again = std::make_unique<int>(8);
  const std::unique_ptr<int> other = *std::move(again);
  EXPECT_EQ(*other, 8);
  const auto instead = Result<std::unique_ptr<int>>(failure()).value_or(std::make_unique<int>(9));
  EXPECT_EQ(*instead, 9);
}

TEST(Result, IsAssignedEitherWay) {
  Result<int> result = 1;
  result = failure();
  EXPECT_FALSE(result);
  result = 2;
  EXPECT_EQ(*result, 2);
  const Result<int> copy = result;
  EXPECT_EQ(*copy, 2);
}

TEST(Result, OfAnErrorCodeOrABoolIsAValue) {
  const Result<ErrorCode> code = ErrorCode::failed;
  EXPECT_TRUE(code);
  const Result<bool> no = false;
  EXPECT_TRUE(no.has_value());
  EXPECT_FALSE(*no);
}

TEST(Result, OfAnOptionalTellsEmptyFromError) {
  const Result<std::optional<int>> empty = std::nullopt;
  EXPECT_TRUE(empty);
  EXPECT_EQ(*empty, std::nullopt);
  const Result<std::optional<int>> five = 5;
  EXPECT_EQ(*five, 5);
  EXPECT_FALSE(Result<std::optional<int>>(failure()));
}

TEST(Result, OfVoidIsSuccessOrAnError) {
  const Result<void> success;
  EXPECT_TRUE(success);
  EXPECT_TRUE(success.has_value());
  EXPECT_NO_THROW(success.value());
  const Result<void> failed = failure();
  EXPECT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::busy);
  EXPECT_THROW(failed.value(), Error);
}

}  // namespace
