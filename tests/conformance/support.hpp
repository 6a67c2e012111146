#pragma once

#include "rig.hpp"

#include <gtest/gtest.h>
#include <blau/blau.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace blau::conformance {

using namespace std::chrono_literals;

/// Longer than anything takes that is awaited here, on a slow machine too.
inline constexpr auto patience = 20s;

// The peripherals of world.json.
inline const std::string gatt = "C4:B1:A0:00:00:01";
inline const std::string tag = "C4:B1:A0:00:00:02";
inline const std::string beacon = "C4:B1:A0:00:00:03";
inline const std::string dropper = "C4:B1:A0:00:00:04";
inline const std::string spare = "C4:B1:A0:00:00:05";
inline const std::string north = "C4:B1:A0:00:00:06";
inline const std::string south = "C4:B1:A0:00:00:07";
inline const std::string chameleon = "C4:B1:A0:00:00:08";
inline const std::string nobody = "C4:B1:A0:00:00:99";

/// A UUID of the world's own: the service in the upper byte, the characteristic in the lower one.
constexpr Uuid own(std::uint16_t number) {
  return Uuid{std::array<std::uint8_t, 16>{0xb1, 0xa0, static_cast<std::uint8_t>(number >> 8),
                                           static_cast<std::uint8_t>(number), 0x00, 0x00, 0x40, 0x00, 0x80, 0x00, 0x00,
                                           0xb1, 0xa0, 0xb1, 0xa0, 0xb1}};
}

/// Notifies when the rig is told to.
inline constexpr Uuid quiet = own(0x0305);

/// Something that happens once; waited for by one task at a time. `set` from any thread.
class Event {
 public:
  void set() {
    set_ = true;
    source_.request_stop();
  }
  [[nodiscard]] bool is_set() const noexcept { return set_; }
  /// @throws Error `timed_out` where it does not happen
  [[nodiscard]] Task<> wait(std::chrono::nanoseconds limit = patience);

 private:
  std::atomic<bool> set_{false};
  std::stop_source source_;
};

/// What callbacks were given, in order. The loop's thread. Copies are the same inbox: a callback that may outlast the case's own frame captures one by value.
template <class T>
class Inbox {
 public:
  void push(T item) const {
    state_->items.push_back(std::move(item));
    state_->news.request_stop();
  }
  [[nodiscard]] const std::vector<T>& items() const noexcept { return state_->items; }
  [[nodiscard]] std::size_t size() const noexcept { return state_->items.size(); }

  /// Waits until it holds so many. @throws Error `timed_out`
  [[nodiscard]] Task<> reach(std::size_t count, std::chrono::nanoseconds limit = patience) {
    while (size() < count) {
      state_->news = std::stop_source();
      const auto woken = co_await sleep_for(limit).cancel_with(state_->news.get_token()).as_result();
      if (woken || !state_->news.stop_requested()) {
        throw Error(ErrorCode::timed_out, std::to_string(size()) + " came, not " + std::to_string(count));
      }
    }
  }

 private:
  struct State {
    std::vector<T> items;
    std::stop_source news;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// A callback that keeps the values that it is given.
inline auto into(const Inbox<Bytes>& inbox) {
  return [inbox](const Characteristic&, ByteView value) { inbox.push(Bytes(value.begin(), value.end())); };
}

/// What every case shares.
class Case : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;
  static Rig& rig();
  /// Runs a case's coroutine.
  static void run_case(Task<> (*body)(Rig&));
  /// The same with a client that is connected before and disconnected by the peripheral afterwards.
  static void run_linked(Task<> (*body)(Rig&, Client&));
};

/// Notes that the rig cannot do what the case needs; then the case returns.
void skip(const std::string& reason);
/// False, and the case is skipped with the rig's reason, where it cannot do this.
[[nodiscard]] bool can(const Rig& rig, Ability ability);

/// Waits until the system says that its adapter is on, or off. @throws Error `timed_out`
[[nodiscard]] Task<> switch_adapter(Rig& rig, bool on);

/// Ends all links of the peripheral and waits until the client has noticed.
[[nodiscard]] Task<> drop_and_await(Rig& rig, Client& client);

/// The next value of a stream or subscription. @throws Error `timed_out`, `failed` where it has ended
template <class Source>
[[nodiscard]] auto next_of(Source& source) -> Task<typename decltype(source.next().get())::value_type> {
  auto value = co_await source.next().timeout(patience);
  if (!value) throw Error(ErrorCode::failed, "the stream ended");
  co_return std::move(*value);
}

/// Reads to the end. @throws Error `timed_out` where it does not end
template <class Source>
[[nodiscard]] Task<> drain(Source& source) {
  for (;;) {
    const auto value = co_await source.next().timeout(patience);
    if (!value) co_return;
  }
}

/// So many next values.
template <class Source>
[[nodiscard]] Task<std::vector<Bytes>> take(Source& source, std::size_t count) {
  std::vector<Bytes> values;
  while (values.size() < count) values.push_back(co_await next_of(source));
  co_return values;
}

/// One-byte values that count up from `first`.
[[nodiscard]] std::vector<Bytes> counter(std::size_t count, std::uint8_t first = 0);
/// So many bytes, each its place.
[[nodiscard]] Bytes pattern(std::size_t size);

template <class T>
void expect_error(const Result<T>& result, ErrorCode code) {
  if (result) {
    ADD_FAILURE() << "succeeded, but expected " << to_string(code);
    return;
  }
  EXPECT_EQ(to_string(result.error().code()), to_string(code)) << result.error().what();
}

template <class T>
void expect_att_error(const Result<T>& result, std::uint8_t number) {
  expect_error(result, ErrorCode::att);
  if (result) return;
  const auto att = result.error().att();
  ASSERT_TRUE(att.has_value()) << result.error().what();
  EXPECT_EQ(static_cast<int>(*att), number);
}

template <class T>
void expect_success(const Result<T>& result) {
  EXPECT_TRUE(result.has_value()) << result.error().what();
}

}  // namespace blau::conformance

/// A case: a coroutine that is given `rig`.
#define BLAU_CASE(suite, name)                                            \
  static blau::Task<> case_##suite##_##name(blau::conformance::Rig& rig); \
  TEST_F(suite, name) { run_case(&case_##suite##_##name); }               \
  static blau::Task<> case_##suite##_##name([[maybe_unused]] blau::conformance::Rig& rig)

/// A case with a connection to the peripheral Gatt: a coroutine that is given `rig` and `client`.
#define BLAU_LINKED_CASE(suite, name)                                                           \
  static blau::Task<> case_##suite##_##name(blau::conformance::Rig& rig, blau::Client& client); \
  TEST_F(suite, name) { run_linked(&case_##suite##_##name); }                                   \
  static blau::Task<> case_##suite##_##name([[maybe_unused]] blau::conformance::Rig& rig,       \
                                            [[maybe_unused]] blau::Client& client)

/// Ends a coroutine case where going on makes no sense.
#define BLAU_REQUIRE(condition)  \
  if (!(condition)) {            \
    ADD_FAILURE() << #condition; \
    co_return;                   \
  }                              \
  static_assert(true)
