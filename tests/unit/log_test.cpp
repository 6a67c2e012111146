#include "core/log_internal.hpp"
#include "support/environment.hpp"

#include <blau/log.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

namespace {

using blau::LogLevel;
using blau::set_log_sink;
using blau::detail::log;
using blau::detail::log_enabled;
using blau::detail::log_exception;

class Log : public testing::Test {
 protected:
  ~Log() override { set_log_sink({}); }
  void listen(LogLevel most_detailed) {
    set_log_sink(
        [this](LogLevel level, std::string_view component, std::string_view message) {
          lines_.emplace_back(std::string(to_string(level)) + "/" + std::string(component) + "/" +
                              std::string(message));
        },
        most_detailed);
  }
  std::vector<std::string> lines_;
};

TEST_F(Log, GivesLinesUpToTheLevel) {
  listen(LogLevel::info);
  log(LogLevel::error, "bus", "one");
  log(LogLevel::warning, "scan", "two");
  log(LogLevel::info, "link", "three");
  log(LogLevel::debug, "link", "four");
  EXPECT_EQ(lines_, (std::vector<std::string>{"error/bus/one", "warning/scan/two", "info/link/three"}));
  EXPECT_TRUE(log_enabled(LogLevel::info));
  EXPECT_FALSE(log_enabled(LogLevel::debug));
}

TEST_F(Log, AnEmptySinkIsSilence) {
  listen(LogLevel::debug);
  set_log_sink({});
  log(LogLevel::error, "bus", "one");
  EXPECT_TRUE(lines_.empty());
  EXPECT_FALSE(log_enabled(LogLevel::error));
}

TEST_F(Log, ASinkThatThrowsHurtsNobody) {
  set_log_sink([](LogLevel, std::string_view, std::string_view) { throw std::runtime_error("full"); });
  log(LogLevel::error, "bus", "one");
}

TEST_F(Log, AReplacedSinkIsLetGoAndMayLogAtItsEnd) {
  struct Logs {
    ~Logs() { log(LogLevel::error, "sink", "goes"); }
  };
  set_log_sink([logs = std::make_shared<Logs>()](LogLevel, std::string_view, std::string_view) { (void)logs; });
  listen(LogLevel::error);
  EXPECT_EQ(lines_, std::vector<std::string>{"error/sink/goes"});
}

TEST_F(Log, OneCallAtATimeFromManyThreads) {
  listen(LogLevel::debug);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([] {
        for (int i = 0; i < 100; ++i) log(LogLevel::debug, "thread", "line");
      });
  }
  EXPECT_EQ(lines_.size(), 400u);
}

TEST_F(Log, TellsWhatWasThrown) {
  listen(LogLevel::error);
  log_exception("a callback threw", std::make_exception_ptr(std::out_of_range("odd")));
  log_exception("a callback threw", std::make_exception_ptr(5));
  EXPECT_EQ(lines_, (std::vector<std::string>{"error/loop/a callback threw: odd", "error/loop/a callback threw"}));
}

TEST_F(Log, LevelsHaveNames) {
  EXPECT_EQ(to_string(LogLevel::error), "error");
  EXPECT_EQ(to_string(LogLevel::debug), "debug");
  EXPECT_EQ(to_string(static_cast<LogLevel>(9)), "unknown");
}

// $BLAU_LOG counts when the first line is logged: each of these is a process of its own.
class LogEnvironmentDeathTest : public testing::Test {
 protected:
  LogEnvironmentDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
  static void log_both_with(const char* level) {
    blau::test::set_variable("BLAU_LOG", level);
    log(LogLevel::info, "link", "up");
    log(LogLevel::debug, "link", "detail");
    std::exit(0);
  }
};

TEST_F(LogEnvironmentDeathTest, WritesToStandardErrorUpToTheLevel) {
  EXPECT_EXIT(log_both_with("debug"), testing::ExitedWithCode(0),
              "^blau info \\[link\\] up\nblau debug \\[link\\] detail\n$");
  EXPECT_EXIT(log_both_with("info"), testing::ExitedWithCode(0), "^blau info \\[link\\] up\n$");
}

TEST_F(LogEnvironmentDeathTest, IsSilentWithoutItOrBelowIt) {
  EXPECT_EXIT(log_both_with(nullptr), testing::ExitedWithCode(0), "^$");
  EXPECT_EXIT(log_both_with("warning"), testing::ExitedWithCode(0), "^$");
}

TEST_F(LogEnvironmentDeathTest, AnyOtherTextMeansInfo) {
  EXPECT_EXIT(log_both_with("1"), testing::ExitedWithCode(0), "^blau info \\[link\\] up\n$");
}

}  // namespace
