// Searches for races: the order of ready events, and what happens when, follow from a seed.

#include "scene.hpp"
#ifdef BLAU_WITH_BLUEZ
#include "bluez/bluetoothd.hpp"
#endif

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <unordered_set>

namespace {

using blau::interleave::Scene;
using blau::interleave::StackMaker;

struct Arguments {
  std::uint64_t first = 1;
  std::uint64_t seeds = 1000;
  bool verbose = false;
  bool until_failure = false;
  std::string_view backend = "sim";
};

[[noreturn]] void usage() {
  std::fputs("usage: blau_interleave [--backend sim|bluez] [--seeds N] [--first SEED] [--until-failure] [--verbose]\n",
             stderr);
  std::exit(2);
}

Arguments parse(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--verbose") {
      arguments.verbose = true;
    } else if (word == "--until-failure") {
      arguments.until_failure = true;
    } else if (word == "--backend" && i + 1 < count) {
      arguments.backend = words[++i];
    } else if ((word == "--seeds" || word == "--first") && i + 1 < count) {
      (word == "--seeds" ? arguments.seeds : arguments.first) = std::strtoull(words[++i], nullptr, 10);
    } else {
      usage();
    }
  }
  return arguments;
}

/// What lies between the library and the simulated world.
StackMaker stack_of(std::string_view backend) {
  if (backend == "sim") return nullptr;
#ifdef BLAU_WITH_BLUEZ
  if (backend == "bluez") return blau::interleave::imitation::make_bluetoothd;
#endif
  usage();
}

void tell(std::uint64_t seed, const Scene& scene, bool whole) {
  if (whole)
    for (const auto& line : scene.log().lines()) std::printf("  %s\n", line.c_str());
  for (const auto& fault : scene.log().faults())
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), fault.c_str());
}

}  // namespace

int main(int count, char** words) {
  const auto arguments = parse(count, words);
  const auto make_stack = stack_of(arguments.backend);
  std::unordered_set<std::uint64_t> schedules;
  std::uint64_t operations = 0;
  std::uint64_t failed = 0;
  std::uint64_t done = 0;
  for (auto seed = arguments.first; seed < arguments.first + arguments.seeds; ++seed) {
    Scene scene(seed, make_stack);
    scene.run();
    ++done;
    schedules.insert(scene.log().hash());
    operations += scene.operations();
    const bool bad = !scene.log().faults().empty();
    if (bad || arguments.verbose) tell(seed, scene, arguments.verbose);
    if (!bad) continue;
    if (++failed == 1)
      std::printf("replay with: blau_interleave --backend %s --first %llu --seeds 1 --verbose\n",
                  arguments.backend.data(), static_cast<unsigned long long>(seed));
    if (arguments.until_failure) break;
  }
  std::printf("%llu seeds, %zu distinct schedules, %llu operations\n", static_cast<unsigned long long>(done),
              schedules.size(), static_cast<unsigned long long>(operations));
  std::printf("%llu passed, %llu failed, 0 skipped\n", static_cast<unsigned long long>(done - failed),
              static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}
