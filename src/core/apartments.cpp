// COM apartments. Plain Win32: here without C++/WinRT, too.

#include "hex.hpp"

#include <blau/event_loop.hpp>
#include <blau/winrt.hpp>

#include <windows.h>

#include <objbase.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace blau {

namespace {

using detail::Completer;
using detail::Loop;
using detail::Timer;

constexpr auto pump_limit = std::chrono::milliseconds(500);

std::atomic<bool> sta_is_allowed{false};

Error windows_error(const char* what, unsigned long code) {
  const std::string native = detail::hex_number(code, 8);
  return {ErrorCode::failed, what + native, native};
}

/// Empty where COM is not initialised. @throws Error `failed`
std::optional<APTTYPE> apartment() {
  APTTYPE type{};
  APTTYPEQUALIFIER qualifier{};
  const auto result = ::CoGetApartmentType(&type, &qualifier);
  if (result == CO_E_NOTINITIALIZED) return std::nullopt;
  if (FAILED(result))
    throw windows_error("Windows does not tell this thread's apartment: ", static_cast<unsigned long>(result));
  // The neutral apartment borrows the thread of another one.
  const bool on_mta = qualifier == APTTYPEQUALIFIER_NA_ON_MTA || qualifier == APTTYPEQUALIFIER_NA_ON_IMPLICIT_MTA;
  if (type == APTTYPE_NA) return on_mta ? APTTYPE_MTA : APTTYPE_STA;
  return type;
}

bool is_sta(const std::optional<APTTYPE>& type) { return type == APTTYPE_STA || type == APTTYPE_MAINSTA; }

/// A timer's message on its way through the queue of the thread that asked. Held by that thread until it comes, and by the operation.
class PumpTest : public std::enable_shared_from_this<PumpTest> {
 public:
  /// On the thread that is tested. @throws Error `failed`
  void send();
  /// On the loop.
  void wait(Completer<void> done);

 private:
  // KillTimer works on the thread of SetTimer alone, so a timer that nobody waits for any more ends here or with its thread.
  static void CALLBACK arrived(HWND, UINT, UINT_PTR id, DWORD) noexcept;
  void pumped();
  void answer(const Result<void>& result);

  std::mutex mutex_;
  bool pumped_ = false;       // guarded by mutex_
  std::weak_ptr<Loop> loop_;  // guarded by mutex_: where somebody waits
  Completer<void> done_;      // the loop's
  Timer limit_;               // the loop's
};

/// The messages that a thread waits for, by their timers.
std::map<UINT_PTR, std::shared_ptr<PumpTest>>& tests_of_this_thread() {
  thread_local std::map<UINT_PTR, std::shared_ptr<PumpTest>> tests;
  return tests;
}

void PumpTest::send() {
  const auto id = ::SetTimer(nullptr, 0, 0, &PumpTest::arrived);
  if (id == 0) throw windows_error("Windows gives no timer: ", ::GetLastError());
  tests_of_this_thread()[id] = shared_from_this();
}

void PumpTest::arrived(HWND, UINT, UINT_PTR id, DWORD) noexcept {
  ::KillTimer(nullptr, id);
  if (auto found = tests_of_this_thread().extract(id)) found.mapped()->pumped();
}

void PumpTest::pumped() {
  const std::lock_guard lock(mutex_);
  pumped_ = true;
  if (const auto loop = loop_.lock()) loop->post([self = shared_from_this()] { self->answer(Result<void>()); });
}

void PumpTest::wait(Completer<void> done) {
  auto& loop = *Loop::current();
  std::unique_lock lock(mutex_);
  if (pumped_) {
    lock.unlock();
    return done(Result<void>());
  }
  loop_ = loop.weak_from_this();
  done_ = std::move(done);
  limit_.start_after(loop, pump_limit, [self = shared_from_this()] {
    self->answer(Error(ErrorCode::wrong_apartment,
                       "this thread is in a single-threaded apartment and its messages are not pumped; run a message "
                       "loop on it, or call uninitialize_sta() early"));
  });
  done_.on_early_end([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->limit_.stop();
    self->done_ = {};
  });
}

void PumpTest::answer(const Result<void>& result) {
  limit_.stop();
  if (auto done = std::exchange(done_, {}); done.pending()) done(result);
}

}  // namespace

void assert_mta() {
  if (sta_is_allowed.load() || !is_sta(apartment())) return;
  throw Error(ErrorCode::wrong_apartment,
              "this thread is in a single-threaded apartment; call uninitialize_sta() early, or allow_sta() if the "
              "program pumps its messages",
              "APTTYPE_STA");
}

void allow_sta() noexcept { sta_is_allowed.store(true); }

Operation<void> assert_pumped() {
  Result<void> known;
  std::shared_ptr<PumpTest> test;
  try {
    if (!sta_is_allowed.load() && is_sta(apartment())) {
      test = std::make_shared<PumpTest>();
      test->send();
    }
  } catch (const Error& error) {
    known = error;
    test = nullptr;
  }
  auto begin = [test = std::move(test), known = std::move(known)](Completer<void> done) {
    if (!test) return done(known);
    test->wait(std::move(done));
  };
  return detail::make_operation<void>(nullptr, "assert_pumped", std::nullopt, std::move(begin));
}

void uninitialize_sta() {
  if (!is_sta(apartment())) return;
  ::CoUninitialize();
  if (!is_sta(apartment())) return;
  throw Error(ErrorCode::wrong_apartment,
              "this thread is in a single-threaded apartment still: COM was initialised on it more than once; find out "
              "by what, and call uninitialize_sta() as often");
}

}  // namespace blau
