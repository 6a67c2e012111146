// blau/winrt.hpp in real apartments, with real message queues.

#include <blau/event_loop.hpp>
#include <blau/winrt.hpp>

#include <windows.h>

#include <gtest/gtest.h>
#include <objbase.h>

#include <cstdlib>
#include <exception>
#include <functional>
#include <optional>
#include <thread>

namespace {

using blau::ErrorCode;

/// Runs it on a thread of its own, so that no test changes another one's apartment; what it throws is a failure.
void on_new_thread(const std::function<void()>& body) {
  std::exception_ptr thrown;
  std::thread([&] {
    try {
      body();
    } catch (...) {
      thrown = std::current_exception();
    }
  }).join();
  if (thrown) std::rethrow_exception(thrown);
}

class Com {
 public:
  explicit Com(DWORD kind) { EXPECT_TRUE(SUCCEEDED(::CoInitializeEx(nullptr, kind))); }
  ~Com() { ::CoUninitialize(); }
  Com(const Com&) = delete;
  Com& operator=(const Com&) = delete;
};

/// The code and the native text of what `call` throws.
template <class Call>
std::optional<blau::Error> thrown_by(Call call) {
  try {
    call();
    return std::nullopt;
  } catch (const blau::Error& error) {
    return error;
  }
}

bool is_sta() {
  APTTYPE type{};
  APTTYPEQUALIFIER qualifier{};
  if (FAILED(::CoGetApartmentType(&type, &qualifier))) return false;
  return type == APTTYPE_STA || type == APTTYPE_MAINSTA;
}

/// A GUI thread's message loop, until `end_of_messages`.
void pump() {
  MSG message;
  while (::GetMessageW(&message, nullptr, 0, 0) > 0) ::DispatchMessageW(&message);
}

void end_of_messages(DWORD thread) { ::PostThreadMessageW(thread, WM_QUIT, 0, 0); }

TEST(WinRtAssertMta, ReturnsInTheMultiThreadedApartment) {
  on_new_thread([] {
    const Com com(COINIT_MULTITHREADED);
    EXPECT_NO_THROW(blau::assert_mta());
  });
}

TEST(WinRtAssertMta, ReturnsWhereComIsNotInitialised) {
  on_new_thread([] { EXPECT_NO_THROW(blau::assert_mta()); });
}

TEST(WinRtAssertMta, ThrowsWrongApartmentInAnSta) {
  on_new_thread([] {
    const Com com(COINIT_APARTMENTTHREADED);
    const auto error = thrown_by([] { blau::assert_mta(); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::wrong_apartment);
    EXPECT_EQ(error->native(), "APTTYPE_STA");
  });
}

// It holds for the whole process, so it gets one.
TEST(WinRtAllowStaDeathTest, LetsBothAssertionsPassInAnSta) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto allowed = [] {
    const Com com(COINIT_APARTMENTTHREADED);
    const bool refused = thrown_by([] { blau::assert_mta(); }).has_value();
    blau::allow_sta();
    const bool accepted = !thrown_by([] { blau::assert_mta(); }) && !thrown_by([] { blau::assert_pumped().get(); });
    std::_Exit(refused && accepted ? 0 : 1);
  };
  EXPECT_EXIT(allowed(), testing::ExitedWithCode(0), "");
}

TEST(WinRtUninitializeSta, LeavesAnSta) {
  on_new_thread([] {
    ASSERT_TRUE(SUCCEEDED(::CoInitializeEx(nullptr, COINIT_APARTMENTTHREADED)));
    ASSERT_TRUE(is_sta());
    EXPECT_NO_THROW(blau::uninitialize_sta());
    EXPECT_FALSE(is_sta());
    EXPECT_NO_THROW(blau::assert_mta());
  });
}

TEST(WinRtUninitializeSta, UndoesOneInitialisationAndTellsOfAnother) {
  on_new_thread([] {
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(SUCCEEDED(::CoInitializeEx(nullptr, COINIT_APARTMENTTHREADED)));
    const auto error = thrown_by([] { blau::uninitialize_sta(); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::wrong_apartment);
    EXPECT_TRUE(is_sta());
    EXPECT_NO_THROW(blau::uninitialize_sta());
    EXPECT_FALSE(is_sta());
  });
}

TEST(WinRtUninitializeSta, DoesNothingInTheMultiThreadedApartment) {
  on_new_thread([] {
    const Com com(COINIT_MULTITHREADED);
    blau::uninitialize_sta();
    // An apartment that was left would let this in.
    EXPECT_EQ(::CoInitializeEx(nullptr, COINIT_APARTMENTTHREADED), RPC_E_CHANGED_MODE);
  });
}

TEST(WinRtAssertPumped, SucceedsInAnStaWithAMessageLoop) {
  on_new_thread([] {
    const Com com(COINIT_APARTMENTTHREADED);
    auto operation = blau::assert_pumped();
    std::optional<blau::Result<void>> result;
    std::thread waiter([&, gui = ::GetCurrentThreadId()] {
      result = std::move(operation).as_result().get();
      end_of_messages(gui);
    });
    pump();
    waiter.join();
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->has_value());
  });
}

// Half a second of real time: a queue that is not pumped gives no event to wait for.
TEST(WinRtAssertPumped, TellsOfAnStaWithoutAMessageLoop) {
  on_new_thread([] {
    const Com com(COINIT_APARTMENTTHREADED);
    const auto error = thrown_by([] { blau::assert_pumped().get(); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::wrong_apartment);
  });
}

TEST(WinRtAssertPumped, SucceedsInTheMultiThreadedApartment) {
  on_new_thread([] {
    const Com com(COINIT_MULTITHREADED);
    EXPECT_NO_THROW(blau::assert_pumped().get());
  });
}

// The message comes when nobody waits for it any more, and finds its way to the end of its timer.
TEST(WinRtAssertPumped, MayBeGivenUpBeforeItsMessageCame) {
  on_new_thread([] {
    const Com com(COINIT_APARTMENTTHREADED);
    {
      auto dropped = blau::assert_pumped();
    }
    auto second = blau::assert_pumped();
    std::thread waiter([&, gui = ::GetCurrentThreadId()] {
      EXPECT_NO_THROW(std::move(second).get());
      end_of_messages(gui);
    });
    pump();
    waiter.join();
  });
}

}  // namespace
