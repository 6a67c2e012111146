// pair and unpair where there is a bond: on a world that outlives the command.

#include <blau/blau.hpp>
#include <blau/sim.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commands.hpp"
#include "exit_status.hpp"

namespace blau::cli::test {
namespace {

using ::testing::HasSubstr;

constexpr const char* device = "C0:00:00:00:00:01";

class Bonds : public ::testing::Test {
 protected:
  Bonds() {
    (void)world_.adapter();  // hci0
    for (const auto* const address : {device, "C0:00:00:00:00:02"}) add(address);
  }

  void add(const char* address) {
    sim::PeripheralOptions options;
    options.address = address;
    options.name = "Strap";
    world_.add_peripheral(options);
  }

  void make_bond(const char* address) {
    auto pair = [](Client& client) -> Task<void> { co_await client.pair(); };
    world_.run(with_connection(std::string(address), ClientOptions(), pair));
  }

  std::size_t bonds() {
    auto count = []() -> Task<std::size_t> {
      const auto adapter = co_await Adapter::get_default();
      const auto bonded = co_await adapter.bonded_devices();
      co_return bonded.size();
    };
    return world_.run(count());
  }

  /// A second adapter, which has a bond with it.
  void make_bond_on_another_adapter(const char* address) {
    sim::AdapterOptions options;
    options.name = "hci1";
    world_.add_adapter(options);
    ClientOptions by_it;
    by_it.adapter = "hci1";
    auto pair = [](Client& client) -> Task<void> { co_await client.pair(); };
    world_.run(with_connection(std::string(address), by_it, pair));
  }

  std::size_t bonds_of_all() {
    auto count = []() -> Task<std::size_t> {
      const auto adapters = co_await Adapter::all();
      std::size_t found = 0;
      for (const auto& adapter : adapters) {
        const auto bonded = co_await adapter.bonded_devices();
        found += bonded.size();
      }
      co_return found;
    };
    return world_.run(count());
  }

  /// What it printed.
  template <class C>
  std::string run(C command) {
    const Session session{GlobalOptions(), BackendRef(), Output(false)};
    ::testing::internal::CaptureStdout();
    failure_ = nullptr;
    try {
      world_.run(run_command(session, std::move(command)));
    } catch (...) {
      failure_ = std::current_exception();
    }
    return ::testing::internal::GetCapturedStdout();
  }

  /// Of the last run, on one line.
  [[nodiscard]] std::string complaint() const {
    try {
      if (failure_) std::rethrow_exception(failure_);
    } catch (const Error& error) {
      return std::to_string(static_cast<int>(exit_status(error))) + " " + describe(error);
    }
    return "";
  }

  sim::World world_;
  std::exception_ptr failure_;
};

TEST_F(Bonds, PairMakesOneAndEndsItsLink) {
  PairCommand command{Address(device), std::nullopt, true};
  EXPECT_EQ(run(command), std::string(device) + " 'Strap' is paired\n");
  EXPECT_EQ(complaint(), "");
  EXPECT_EQ(bonds(), 1U);
  EXPECT_EQ(world_.adapter().connections(), 0U);
}

TEST_F(Bonds, PairSaysThatThereIsOneAndAsksNothing) {
  make_bond(device);
  EXPECT_EQ(run(PairCommand{Address(device), std::nullopt, false}),
            std::string(device) + " 'Strap' is paired already\n");
  EXPECT_EQ(complaint(), "");
  EXPECT_EQ(bonds(), 1U);
}

TEST_F(Bonds, ADeviceThatKeepsNoBondIsNotPaired) {
  sim::PairingOptions forgetful;
  forgetful.bonding = false;
  world_.peripheral(device).set_pairing(forgetful);
  EXPECT_EQ(run(PairCommand{Address(device), std::nullopt, true}), "");
  EXPECT_THAT(complaint(), ::testing::AllOf(::testing::StartsWith("1 "), HasSubstr("keeps no bond")));
  EXPECT_EQ(bonds(), 0U);
}

TEST_F(Bonds, UnpairFindsTheBondOfAnyAdapter) {
  make_bond_on_another_adapter(device);
  EXPECT_EQ(bonds(), 0U);
  EXPECT_EQ(run(UnpairCommand{Address(device)}), std::string(device) + " 'Strap' is not paired any more\n");
  EXPECT_EQ(complaint(), "");
  EXPECT_EQ(bonds_of_all(), 0U);
}

TEST_F(Bonds, UnpairTakesTheBondsOfAllAdapters) {
  make_bond(device);
  make_bond_on_another_adapter(device);
  EXPECT_EQ(bonds_of_all(), 2U);
  EXPECT_EQ(run(UnpairCommand{"Strap"}), std::string(device) + " 'Strap' is not paired any more\n");
  EXPECT_EQ(complaint(), "");
  EXPECT_EQ(bonds_of_all(), 0U);
}

TEST_F(Bonds, ARefusedPairingLeavesNoneAndNoLink) {
  EXPECT_EQ(run(PairCommand{Address(device), std::nullopt, false}), "");
  EXPECT_THAT(complaint(), HasSubstr("--yes"));
  EXPECT_EQ(bonds(), 0U);
  EXPECT_EQ(world_.adapter().connections(), 0U);
}

TEST_F(Bonds, UnpairRemovesOneByAddressAndByName) {
  for (const DeviceArgument& argument : {DeviceArgument(Address(device)), DeviceArgument("Strap")}) {
    make_bond(device);
    EXPECT_EQ(run(UnpairCommand{argument}), std::string(device) + " 'Strap' is not paired any more\n");
    EXPECT_EQ(complaint(), "");
    EXPECT_EQ(bonds(), 0U);
  }
}

TEST_F(Bonds, UnpairDoesNotGuessWhichIsMeant) {
  make_bond(device);
  make_bond("C0:00:00:00:00:02");
  EXPECT_EQ(run(UnpairCommand{DeviceArgument("Strap")}), "");
  EXPECT_THAT(complaint(), ::testing::AllOf(HasSubstr(device), HasSubstr("C0:00:00:00:00:02")));
  EXPECT_EQ(bonds(), 2U);
}

TEST_F(Bonds, UnpairLeavesOthersAlone) {
  make_bond("C0:00:00:00:00:02");
  EXPECT_EQ(run(UnpairCommand{Address(device)}), std::string(device) + " was not paired\n");
  EXPECT_EQ(bonds(), 1U);
}

}  // namespace
}  // namespace blau::cli::test
