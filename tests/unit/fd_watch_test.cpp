#include "support/loops.hpp"

#include "core/fd_watch.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;
using blau::EventLoop;
using blau::detail::FdWatch;
using blau::test::VirtualLoop;

/// Two connected sockets, closed in the end.
class FdWatchTest : public testing::Test {
 protected:
  FdWatchTest() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_.data()), 0); }
  ~FdWatchTest() override {
    watch_.reset();
    for (const int end : ends_)
      if (end >= 0) ::close(end);
  }
  void write_far(std::string_view text) {
    EXPECT_EQ(::write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void close_far() { ::close(std::exchange(ends_[1], -1)); }
  std::string read_near(std::size_t most = 100) {
    std::string text(most, '\0');
    const auto got = ::read(ends_[0], text.data(), text.size());
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }
  void fill_near() {
    const std::string block(4096, 'x');
    while (::write(ends_[0], block.data(), block.size()) > 0) {
    }
  }
  void drain_far() {
    std::array<char, 65536> buffer;
    while (::read(ends_[1], buffer.data(), buffer.size()) > 0) {
    }
  }
  /// Runs the loop until `done`; the watch lives on it.
  void run(const bool& done) {
    loop_.loop()->run_until([&done] { return done; });
  }

  std::array<int, 2> ends_{-1, -1};
  EventLoop loop_;
  std::optional<FdWatch> watch_;
};

TEST_F(FdWatchTest, CallsWheneverThereIsSomethingToRead) {
  std::string seen;
  bool done = false;
  loop_.post([&] {
    watch_.emplace(*loop_.loop(), ends_[0]);
    watch_->on_readable([&] {
      seen += read_near(2);  // leaves the rest: it is called again
      done = seen.size() == 5;
    });
    write_far("hello");
  });
  run(done);
  EXPECT_EQ(seen, "hello");
}

TEST_F(FdWatchTest, IsWokenByAnotherThread) {
  bool done = false;
  std::jthread writer;
  loop_.post([&] {
    watch_.emplace(*loop_.loop(), ends_[0]);
    watch_->on_readable([&] { done = read_near() == "x"; });
    writer = std::jthread([&] { write_far("x"); });
  });
  run(done);
  EXPECT_TRUE(done);
}

TEST_F(FdWatchTest, ReportsAHangUp) {
  bool done = false;
  loop_.post([&] {
    watch_.emplace(*loop_.loop(), ends_[0]);
    watch_->on_readable([&] {
      done = read_near().empty();
      watch_.reset();
    });
    close_far();
  });
  run(done);
  EXPECT_TRUE(done);
}

TEST_F(FdWatchTest, TellsOnceWhenItCanBeWritten) {
  int calls = 0;
  bool done = false;
  loop_.post([&] {
    fill_near();
    watch_.emplace(*loop_.loop(), ends_[0]);
    watch_->once_writable([&] {
      ++calls;
      loop_.post([&done] { done = true; });
    });
    loop_.post([&] {
      EXPECT_EQ(calls, 0);
      drain_far();
    });
  });
  run(done);
  EXPECT_EQ(calls, 1);
}

TEST_F(FdWatchTest, OnceWritableMayBeAskedForAgainInItsOwnCall) {
  int calls = 0;
  bool done = false;
  std::function<void()> again = [&] {
    if (++calls == 3) {
      done = true;
      return;
    }
    watch_->once_writable([&again] { again(); });
  };
  loop_.post([&] {
    watch_.emplace(*loop_.loop(), ends_[0]);
    watch_->once_writable([&again] { again(); });
  });
  run(done);
  EXPECT_EQ(calls, 3);
}

TEST_F(FdWatchTest, MayBeDestroyedInItsOwnCallAndLetsItGo) {
  const auto held = std::make_shared<int>(0);
  bool done = false;
  loop_.post([&] {
    watch_.emplace(*loop_.loop(), ends_[0]);
    watch_->on_readable([&, held] {
      watch_.reset();
      loop_.post([&done] { done = true; });
    });
    watch_->once_writable([held] {});
    write_far("x");
  });
  run(done);
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(read_near(), "x") << "the descriptor stays open";
}

TEST_F(FdWatchTest, AnotherCallMaySetANewOneEvenFromInside) {
  std::string log;
  bool done = false;
  loop_.post([&] {
    watch_.emplace(*loop_.loop(), ends_[0]);
    watch_->on_readable([&] {
      log += "first;";
      watch_->on_readable([&] {
        log += "second " + read_near();
        done = true;
      });
    });
    write_far("x");
  });
  run(done);
  EXPECT_EQ(log, "first;second x");
}

TEST_F(FdWatchTest, ADestroyedWatchIsNotCalledThoughItsDescriptorIsReady) {
  bool called = false;
  bool done = false;
  loop_.post([&] {
    watch_.emplace(*loop_.loop(), ends_[0]);
    watch_->on_readable([&called] { called = true; });
    write_far("x");
    watch_.reset();
    watch_.emplace(*loop_.loop(), ends_[0]);  // the same descriptor may be watched again
    watch_->on_readable([&] {
      (void)read_near();
      done = true;
    });
  });
  run(done);
  EXPECT_FALSE(called);
}

TEST_F(FdWatchTest, ItsTurnComesThoughTheQueueNeverEmpties) {
  bool done = false;
  std::function<void()> again = [&] {
    if (!done) loop_.post([&again] { again(); });
  };
  loop_.post([&] {
    watch_.emplace(*loop_.loop(), ends_[0]);
    watch_->on_readable([&] {
      (void)read_near();
      done = true;
    });
    write_far("x");
    again();
  });
  run(done);
  loop_.loop()->close();
}

TEST_F(FdWatchTest, Rule11AnExceptionEndsRunAndTheWatchGoesOn) {
  int calls = 0;
  bool done = false;
  loop_.post([&] {
    watch_.emplace(*loop_.loop(), ends_[0]);
    watch_->on_readable([&] {
      if (++calls == 1) throw std::out_of_range("from a descriptor");
      (void)read_near();
      done = true;
    });
    write_far("x");
  });
  EXPECT_THROW(run(done), std::out_of_range);
  run(done);
  EXPECT_EQ(calls, 2);
}

// The wait itself is the place where such a callback runs on an idle loop.
TEST_F(FdWatchTest, Rule11OnTheBackgroundLoopAnExceptionDoesNotEndIt) {
  auto& background = EventLoop::background();
  std::exception_ptr seen;
  background.on_unhandled([&seen](std::exception_ptr exception) { seen = std::move(exception); });
  std::atomic<bool> thrown{false};
  blau::test::on_loop(background.loop(), [&] {
    watch_.emplace(*background.loop(), ends_[0]);
    watch_->on_readable([&] {
      (void)read_near();
      thrown = true;
      thrown.notify_all();
      throw std::out_of_range("from a descriptor");
    });
  });
  for (int i = 0; i < 10; ++i) {
    thrown = false;
    write_far("x");
    thrown.wait(false);
  }
  blau::test::on_loop(background.loop(), [&] { watch_.reset(); });
  background.on_unhandled({});
  EXPECT_TRUE(seen);
}

TEST_F(FdWatchTest, RealDescriptorsWakeAVirtualLoopThatHolds) {
  VirtualLoop virtual_loop;
  bool done = false;
  std::jthread writer;
  virtual_loop.facade().post([&] {
    virtual_loop.loop()->hold();
    watch_.emplace(*virtual_loop.loop(), ends_[0]);
    watch_->on_readable([&] {
      (void)read_near();
      virtual_loop.loop()->release();
      watch_.reset();
      done = true;
    });
    writer = std::jthread([&] { write_far("x"); });
  });
  virtual_loop.loop()->run_until([&done] { return done; });
  EXPECT_TRUE(done);
}

TEST_F(FdWatchTest, WhatCannotBeWaitedForIsAnError) { EXPECT_THROW(FdWatch(*loop_.loop(), -1), std::system_error); }

}  // namespace
