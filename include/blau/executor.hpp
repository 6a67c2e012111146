#pragma once

#include <blau/export.hpp>
#include <blau/unique_function.hpp>

namespace blau {

/// A place where a user's code runs: a thread pool, another library's event loop, a window's message queue.
///
/// What is posted must be run or destroyed, once, on any thread. Destroying it unrun means that nobody wants the result any more.
class BLAU_API Executor {
 public:
  virtual ~Executor();
  /// Called on a Blau loop's thread. Must not throw and should not run `work` inside the call.
  virtual void post(unique_function<void()> work) = 0;
};

}  // namespace blau
