// What an order_seed may choose, and what not: events of one source keep their order.

#include "support/loops.hpp"
#include "support/manual.hpp"

#include <blau/client.hpp>
#include <blau/sim.hpp>
#include <blau/when.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace blau::test {
namespace {

using namespace std::chrono_literals;
using detail::Source;
using detail::SourceScope;
using detail::Timer;

constexpr std::uint64_t many_seeds = 200;

/// The orders that `order_of(loop)` gives under many seeds.
template <class OrderOf>
std::set<std::string> orders(OrderOf order_of) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= many_seeds; ++seed) {
    VirtualLoop loop(seed);
    seen.insert(order_of(loop));
  }
  return seen;
}

/// Whether `letters` come in this order in each of the texts.
bool keep_order(const std::set<std::string>& texts, const std::string& letters) {
  return std::ranges::all_of(texts, [&letters](const std::string& text) {
    std::string kept;
    std::ranges::copy_if(text, std::back_inserter(kept),
                         [&letters](char c) { return letters.find(c) != std::string::npos; });
    return kept == letters;
  });
}

void post_letters(EventLoop& loop, std::string& order, const std::string& letters) {
  for (const char letter : letters) loop.post([&order, letter] { order += letter; });
}

TEST(OrderSeed, PostsOfOneThreadKeepTheirOrderAndThoseOfTwoMix) {
  const auto seen = orders([](VirtualLoop& loop) {
    std::string order;
    for (const std::string letters : {"abc", "xyz"})
      std::thread([&] { post_letters(loop.facade(), order, letters); }).join();
    loop.loop()->run_until([&order] { return order.size() == 6; });
    return order;
  });
  EXPECT_TRUE(keep_order(seen, "abc"));
  EXPECT_TRUE(keep_order(seen, "xyz"));
  EXPECT_EQ(seen.size(), 20u) << "every way to mix two rows of three";
}

TEST(OrderSeed, TasksMixAndEachKeepsItsOrder) {
  const auto seen = orders([](VirtualLoop& loop) {
    std::string order;
    auto steps = [&order](std::string letters) -> Task<> {
      for (const char letter : letters) {
        order += letter;
        co_await turns();
      }
    };
    auto all = [&]() -> Task<> { co_await when_all(steps("abc"), steps("klm"), steps("xyz")); };
    loop.run(all());
    return order;
  });
  for (const auto* letters : {"abc", "klm", "xyz"}) EXPECT_TRUE(keep_order(seen, letters)) << letters;
  EXPECT_GT(seen.size(), many_seeds / 3);
}

TEST(OrderSeed, WhatOneTurnCompletesIsDeliveredInThatOrder) {
  const auto seen = orders([](VirtualLoop& loop) {
    std::string order;
    std::vector<Manual<int>> works(4, Manual<int>(loop.loop()));
    for (auto& work : works) work = Manual<int>(loop.loop());
    auto wait_for = [&order](Manual<int>& work, char letter) -> Task<> {
      (void)co_await work.operation();
      order += letter;
    };
    auto all = [&]() -> Task<> {
      auto complete = [&]() -> Task<> {
        co_await turns();
        for (auto& work : works) work.complete(1);
      };
      co_await when_all(wait_for(works[0], 'a'), wait_for(works[1], 'b'), wait_for(works[2], 'c'),
                        wait_for(works[3], 'd'), complete());
    };
    loop.run(all());
    return order;
  });
  EXPECT_EQ(seen, std::set<std::string>{"abcd"});
}

TEST(OrderSeed, TimersKeepTheOrderOfTheirDeadlines) {
  const auto seen = orders([](VirtualLoop& loop) {
    std::string order;
    Timer timers[6];
    const auto set = [&](int i, Source source, std::chrono::nanoseconds when) {
      const SourceScope turn(*loop.loop(), source);
      timers[i].start_after(*loop.loop(), when, [&order, i] { order += static_cast<char>('a' + i); });
    };
    const Source one = detail::new_source();
    const Source other = detail::new_source();
    loop.loop()->run_and_wait([&] {
      set(0, one, 2s);  // equal deadlines of one source
      set(1, one, 2s);
      set(2, other, 2s);  // and of another
      set(3, other, 2s);
      set(4, one, 1s);
      set(5, other, 3s);
    });
    loop.loop()->run_until([&order] { return order.size() == 6; });
    return order;
  });
  EXPECT_EQ(seen, (std::set<std::string>{"eabcdf", "eacbdf", "eacdbf", "ecabdf", "ecadbf", "ecdabf"}));
}

TEST(OrderSeed, ATimerThatIsDueAndWhatIsReadyMix) {
  const auto seen = orders([](VirtualLoop& loop) {
    std::string order;
    Timer timer;
    loop.loop()->run_and_wait([&] {
      timer.start_after(*loop.loop(), 0s, [&order] { order += 't'; });
      post_letters(loop.facade(), order, "ab");
    });
    loop.loop()->run_until([&order] { return order.size() == 3; });
    return order;
  });
  EXPECT_EQ(seen, (std::set<std::string>{"tab", "atb", "abt"}));
}

TEST(OrderSeed, TheSameSeedChoosesTheSame) {
  const auto run_with = [](std::uint64_t seed) {
    VirtualLoop loop(seed);
    std::string order;
    auto note = [&order](char letter) -> Task<> {
      co_await turns(2);
      order += letter;
    };
    auto all = [&]() -> Task<> {
      std::vector<Task<>> tasks;
      for (char letter = 'a'; letter <= 'z'; ++letter) tasks.push_back(note(letter));
      co_await when_all(std::move(tasks));
    };
    loop.run(all());
    return order;
  };
  EXPECT_EQ(run_with(1), run_with(1));
  EXPECT_NE(run_with(1), run_with(2));
}

/// A strap that tells two values one after the other, by two characteristics, and a second strap that does the same.
struct Straps {
  explicit Straps(std::uint64_t seed) : world({.order_seed = seed}) {
    for (const auto* address : {"C0:00:00:00:00:01", "C0:00:00:00:00:02"}) {
      auto& service = world.add_peripheral({.address = address}).add_service(0x180d);
      for (const int uuid : {0x2a37, 0x2a38})
        service.add_characteristic({.uuid = uuid, .properties = Property::notify});
    }
  }

  Task<> listen(Subscription& values, char letter) {
    (void)co_await values.next();
    order += letter;
  }
  Task<> tell() {
    for (auto* strap : world.peripherals()) {
      strap->characteristic(0x2a37).notify(bytes(1));
      strap->characteristic(0x2a38).notify(bytes(2));
    }
    co_return;
  }
  Task<> listen_to_both() {
    Client first{"C0:00:00:00:00:01"};
    Client second{"C0:00:00:00:00:02"};
    co_await when_all(first.connect(), second.connect());
    auto a = co_await first.subscribe("2a37");
    auto b = co_await first.subscribe("2a38");
    auto x = co_await second.subscribe("2a37");
    auto y = co_await second.subscribe("2a38");
    co_await when_all(listen(a, 'a'), listen(b, 'b'), listen(x, 'x'), listen(y, 'y'), tell());
  }
  std::string run() {
    world.run(listen_to_both());
    return order;
  }

  sim::World world;
  std::string order;
};

TEST(OrderSeed, WhatOnePeripheralTellsKeepsItsOrderAndTwoPeripheralsMix) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= many_seeds; ++seed) seen.insert(Straps(seed).run());
  EXPECT_TRUE(keep_order(seen, "ab"));
  EXPECT_TRUE(keep_order(seen, "xy"));
  EXPECT_TRUE(seen.contains("abxy") && seen.contains("xyab")) << seen.size();
}

}  // namespace
}  // namespace blau::test
