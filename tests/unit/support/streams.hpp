#pragma once

#include "loops.hpp"

#include <blau/stream.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace blau::test {

/// A stream on a virtual loop, and what feeds it.
class StreamScene : public testing::Test {
 protected:
  explicit StreamScene(StreamOptions options = StreamOptions()) { make(options); }
  void make(StreamOptions options) {
    channel_ = std::make_shared<detail::Channel<int>>(loop_.loop(), options);
    stream_ = Stream<int>(channel_);
  }
  void push(int first, int last) {
    for (int i = first; i <= last; ++i) channel_->push(i);
  }
  template <class Function>
  void run(Function function) {
    loop_.run(function());
  }
  Task<std::vector<int>> read_all() {
    std::vector<int> values;
    while (auto value = co_await stream_.next()) values.push_back(*value);
    co_return values;
  }

  VirtualLoop loop_;
  std::shared_ptr<detail::Channel<int>> channel_;
  Stream<int> stream_;
};

}  // namespace blau::test
