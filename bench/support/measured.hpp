#pragma once

#include "allocations.hpp"

#include <benchmark/benchmark.h>

#include <cstddef>

namespace blau::bench {

/// Reports how many allocations an iteration made, from its own making to its end.
class CountedAllocations {
 public:
  explicit CountedAllocations(benchmark::State& state) : state_(state), before_(allocations()) {}
  CountedAllocations(const CountedAllocations&) = delete;
  CountedAllocations& operator=(const CountedAllocations&) = delete;
  ~CountedAllocations() {
    const auto made = static_cast<double>(allocations() - before_);
    state_.counters["allocs"] = benchmark::Counter(made, benchmark::Counter::kAvgIterations);
  }

 private:
  benchmark::State& state_;
  std::size_t before_;
};

}  // namespace blau::bench
