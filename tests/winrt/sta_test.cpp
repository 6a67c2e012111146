// A program in a single-threaded apartment that pumps no messages, where Bleak hangs.

#include "support.hpp"

#include <windows.h>

#include <objbase.h>

#include <thread>

namespace blau::test {
namespace {

/// Its worlds are made, run and ended in an STA.
template <class Test>
void in_an_sta(Test test) {
  std::thread([&test] {
    ASSERT_TRUE(SUCCEEDED(::CoInitializeEx(nullptr, COINIT_APARTMENTTHREADED)));
    test();
    ::CoUninitialize();
  }).join();
}

TEST(WinRtSta, AScanInAnStaThatPumpsNothingEnds) {
  in_an_sta([] {
    sim::World world;
    sim::PeripheralOptions strap;
    strap.address = "C4:11:22:33:44:55";
    strap.name = "Strap";
    world.add_peripheral(strap);
    const fake_windows::FakeWindows windows(world);
    auto& loop = world.loop();
    loop.loop()->add_service(detail::default_backend_service, backend_from("winrt").factory()(loop));
    EXPECT_THROW(assert_mta(), Error);
    const auto scan = []() -> Task<std::size_t> {
      const auto heard = co_await Scanner::discover(1s);
      co_return heard.size();
    };
    EXPECT_EQ(world.run(scan()), 1U);
  });
}

}  // namespace
}  // namespace blau::test
