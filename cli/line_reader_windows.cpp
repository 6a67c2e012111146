#include "line_reader.hpp"

#include <blau/error.hpp>
#include <blau/event_loop.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <windows.h>

namespace blau::cli {
namespace {

/// What the thread has read, for the loop.
struct Reading {
  std::optional<std::string> line;
  bool ended = false;
  std::stop_source stop;  // asked when `ended`: wakes who waits
};

std::string utf8_of(const std::wstring& text) {
  const int length = static_cast<int>(text.size());
  std::string bytes(
      static_cast<std::size_t>(WideCharToMultiByte(CP_UTF8, 0, text.data(), length, nullptr, 0, nullptr, nullptr)),
      '\0');
  WideCharToMultiByte(CP_UTF8, 0, text.data(), length, bytes.data(), static_cast<int>(bytes.size()), nullptr, nullptr);
  return bytes;
}

void echo(std::wstring_view text) noexcept {
  DWORD written = 0;
  WriteConsoleW(GetStdHandle(STD_ERROR_HANDLE), text.data(), static_cast<DWORD>(text.size()), &written, nullptr);
}

/// The line as it is typed, key by key: the console's own editing of lines could not be broken off.
class TypedLine {
 public:
  enum class State : std::uint8_t { open, complete, ended };

  State take(const KEY_EVENT_RECORD& key) {
    constexpr wchar_t control_d = 0x04;
    constexpr wchar_t control_z = 0x1a;
    const wchar_t typed = key.uChar.UnicodeChar;
    if (!key.bKeyDown || typed == 0) return State::open;
    if (typed == L'\r') {
      echo(L"\r\n");
      return State::complete;
    }
    if (typed == control_d || typed == control_z) return State::ended;
    if (typed == L'\b') {
      erase();
    } else if (typed >= L' ') {
      text_.append(key.wRepeatCount, typed);
      echo(std::wstring(key.wRepeatCount, typed));
    }
    return State::open;
  }
  [[nodiscard]] std::string text() const { return utf8_of(text_); }

 private:
  void erase() {
    if (text_.empty()) return;
    text_.pop_back();
    echo(L"\b \b");
  }
  std::wstring text_;
};

/// Reads a line in a thread, until destroyed.
class LineThread {
 public:
  explicit LineThread(const std::shared_ptr<Reading>& reading);
  ~LineThread() {
    SetEvent(wake_);
    thread_.join();
    CloseHandle(wake_);
  }
  LineThread(const LineThread&) = delete;
  LineThread& operator=(const LineThread&) = delete;

 private:
  [[nodiscard]] std::optional<std::string> read_text() const;

  HANDLE wake_ = CreateEventW(nullptr, TRUE, FALSE, nullptr);
  std::thread thread_;
};

LineThread::LineThread(const std::shared_ptr<Reading>& reading) {
  if (!wake_) throw Error(ErrorCode::failed, "the console cannot be read: no event");
  const auto loop = EventLoop::current()->handle();
  auto work = [this, loop, reading] {
    auto told = [reading, text = read_text()]() mutable {
      reading->line = std::move(text);
      reading->ended = true;
      reading->stop.request_stop();
    };
    loop.post(std::move(told));
  };
  try {
    thread_ = std::thread(std::move(work));
  } catch (const std::system_error& error) {
    CloseHandle(wake_);
    throw Error(ErrorCode::failed, std::string("the console cannot be read: ") + error.what());
  }
}

/// The end of input, an error and the end of the thread are all the same: there is no line.
std::optional<std::string> LineThread::read_text() const {
  const HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
  const std::array<HANDLE, 2> waited{wake_, input};
  TypedLine line;
  while (WaitForMultipleObjects(2, waited.data(), FALSE, INFINITE) == WAIT_OBJECT_0 + 1) {
    INPUT_RECORD record{};
    DWORD count = 0;
    if (ReadConsoleInputW(input, &record, 1, &count) == 0) return std::nullopt;
    if (count == 0 || record.EventType != KEY_EVENT) continue;
    const auto state = line.take(record.Event.KeyEvent);
    if (state == TypedLine::State::ended) return std::nullopt;
    if (state == TypedLine::State::complete) return line.text();
  }
  return std::nullopt;
}

}  // namespace

Task<std::optional<std::string>> read_line() {
  constexpr auto for_ever = std::chrono::hours(24 * 365);
  const auto reading = std::make_shared<Reading>();
  const LineThread thread(reading);
  const auto token = reading->stop.get_token();
  const auto waited = co_await sleep_for(for_ever).cancel_with(token).as_result();
  if (!waited && !reading->ended) throw Error(waited.error());
  co_return std::move(reading->line);
}

void forget_what_was_typed() noexcept { FlushConsoleInputBuffer(GetStdHandle(STD_INPUT_HANDLE)); }

}  // namespace blau::cli
