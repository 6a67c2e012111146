#include <blau/unique_function.hpp>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace {

using blau::unique_function;

static_assert(!std::is_copy_constructible_v<unique_function<void()>>);
static_assert(std::is_nothrow_move_constructible_v<unique_function<void()>>);
static_assert(std::is_constructible_v<unique_function<long()>, int (*)()>);
static_assert(!std::is_constructible_v<unique_function<void(int)>, void (*)(std::string)>);
static_assert(!std::is_constructible_v<unique_function<std::string()>, int (*)()>);

/// Counts how many of it are alive; as large as a test wants it.
template <std::size_t Bytes>
struct Counted {
  explicit Counted(int& alive) : alive_(&alive) { ++*alive_; }
  Counted(Counted&& other) noexcept : alive_(other.alive_) { ++*alive_; }
  ~Counted() { --*alive_; }
  int operator()() const { return 7; }
  int* alive_;
  std::array<char, Bytes> filler{};
};

template <class F>
void expect_one_life(F (*make)(int&)) {
  int alive = 0;
  {
    unique_function<int()> first(make(alive));
    EXPECT_EQ(alive, 1);
    EXPECT_EQ(first(), 7);
    unique_function<int()> second(std::move(first));
    EXPECT_EQ(alive, 1);
    EXPECT_FALSE(first);  // NOLINT: a moved-from one is empty
    EXPECT_TRUE(second);
    first = std::move(second);
    EXPECT_EQ(alive, 1);
    EXPECT_EQ(first(), 7);
    first = unique_function<int()>(make(alive));
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

TEST(UniqueFunction, MovesAndDestroysASmallCallableOnce) {
  expect_one_life<Counted<1>>([](int& alive) { return Counted<1>(alive); });
}

TEST(UniqueFunction, MovesAndDestroysALargeCallableOnce) {
  expect_one_life<Counted<200>>([](int& alive) { return Counted<200>(alive); });
}

TEST(UniqueFunction, HoldsWhatOnlyMoves) {
  unique_function<int()> call([value = std::make_unique<int>(5)] { return *value; });
  EXPECT_EQ(call(), 5);
}

TEST(UniqueFunction, PassesArgumentsAndReferencesThrough) {
  unique_function<std::string&(std::string&, std::unique_ptr<int>)> call(
      [](std::string& text, std::unique_ptr<int> number) -> std::string& { return text += std::to_string(*number); });
  std::string text = "n";
  EXPECT_EQ(&call(text, std::make_unique<int>(3)), &text);
  EXPECT_EQ(text, "n3");
}

TEST(UniqueFunction, KeepsTheStateOfAMutableCallable) {
  unique_function<int()> count([n = 0]() mutable { return ++n; });
  EXPECT_EQ(count(), 1);
  unique_function<int()> moved(std::move(count));
  EXPECT_EQ(moved(), 2);
}

TEST(UniqueFunction, IsEmptyWithoutACallableAndAfterReset) {
  unique_function<void()> call;
  EXPECT_FALSE(call);
  call = nullptr;
  EXPECT_FALSE(call);
  const auto held = std::make_shared<int>(1);
  call = [held] {};
  EXPECT_TRUE(call);
  EXPECT_EQ(held.use_count(), 2);
  call.reset();
  EXPECT_FALSE(call);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(UniqueFunction, SurvivesAssignmentToItself) {
  unique_function<int()> call([value = std::make_unique<int>(5)] { return *value; });
  auto& same = call;
  call = std::move(same);
  EXPECT_EQ(call(), 5);
}

TEST(UniqueFunction, TakesFunctionAndMemberPointers) {
  struct Thing {
    int get() const { return value; }
    void* not_too_small_for_gcc12 =
        nullptr;  // which takes the pointer to a member for one to a virtual function, and warns
    int value = 4;
  };
  unique_function<int(const Thing&)> member(&Thing::get);
  EXPECT_EQ(member(Thing{}), 4);
  unique_function<int(int)> plain(+[](int n) { return n + 1; });
  EXPECT_EQ(plain(1), 2);
}

TEST(UniqueFunction, AlignsWhatNeedsIt) {
  struct alignas(64) Wide {
    bool operator()() const { return reinterpret_cast<std::uintptr_t>(this) % 64 == 0; }
    char bytes[64] = {};
  };
  unique_function<bool()> call{Wide()};
  EXPECT_TRUE(call());
}

}  // namespace
