// Long runs, and whether anything grows in them.

#include "modes.hpp"
#include "place_sim.hpp"

#ifdef BLAU_WITH_BLUEZ
#include "bus_figures.hpp"
#include "place_fake.hpp"
#endif

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

namespace {

using namespace blau::soak;
using namespace std::chrono_literals;

[[noreturn]] void usage() {
  std::fputs(
      "usage: blau_soak life [SECONDS] | connects [COUNT] | notifications [COUNT] | scans [ADDRESSES] | fake "
      "[SECONDS]\n",
      stderr);
  std::exit(2);
}

#ifdef BLAU_WITH_BLUEZ
Outcome soak_fake(std::chrono::seconds length, std::chrono::seconds round) {
  const char* control = std::getenv("BLAU_RIG_CONTROL");
  if (!control) throw std::runtime_error("BLAU_RIG_CONTROL is not set: run this by tests/rigs/fake_bluez/run");
  FakePlace place(control);
  Watch watch([] {
    Figures figures;
    measure_bus(figures);
    const Figures own = measure();
    figures.resident_kib = own.resident_kib;
    figures.in_use = own.in_use;
    figures.descriptors = own.descriptors;
    return figures;
  });
  return live(place, watch, length, round);
}
#endif

Outcome soak(std::string_view mode, std::uint64_t amount) {
  Watch watch(&measure);
  if (mode == "life") {
    SimPlace place(BLAU_SOAK_WORLD);
    return live(place, watch, std::chrono::seconds(amount != 0 ? amount : 3600), 60s);
  }
  if (mode == "connects") return connect_often(watch, amount != 0 ? amount : 10'000);
  if (mode == "scans") return scan_for_long(watch, amount != 0 ? amount : 10'000);
  if (mode == "notifications") return notify_often(watch, amount != 0 ? amount : 1'000'000);
#ifdef BLAU_WITH_BLUEZ
  if (mode == "fake") {
    const std::chrono::seconds length(amount != 0 ? amount : 300);
    return soak_fake(length, length < 60s ? 1s : 10s);
  }
#endif
  usage();
}

/// The C library keeps freed memory for each thread, and counts it as used: without that the figures are exact.
void count_exactly(char** words) {
  if (std::getenv("GLIBC_TUNABLES")) return;
  ::setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1);
  ::execv("/proc/self/exe", words);
  std::perror("blau_soak cannot start itself anew");
  std::exit(2);
}

}  // namespace

int main(int count, char** words) {
  if (count < 2 || count > 3) usage();
  count_exactly(words);
  try {
    // Before anything is measured: the buffer is made now.
    std::printf("%s:\n", words[1]);
    const auto began = std::chrono::steady_clock::now();
    const Outcome outcome = soak(words[1], count == 3 ? std::strtoull(words[2], nullptr, 10) : 0);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    for (const auto& fault : outcome.faults) std::printf("FAULT: %s\n", fault.c_str());
    std::printf("%s: %s, in %.1f s: %s\n", words[1], outcome.line.c_str(), took.count(),
                outcome.faults.empty() ? "flat" : "NOT flat, or not right");
    return outcome.faults.empty() ? 0 : 1;
  } catch (const std::exception& error) {
    std::printf("%s: ended with: %s\n", words[1], error.what());
    return 1;
  }
}
