// The end of one attempt to connect, as backends tell it: what is worth another attempt.

#include "backend/sim/adapter.hpp"
#include "core/backends.hpp"

#include <blau/backend.hpp>
#include <blau/sim.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

namespace blau {
namespace {

using namespace std::chrono_literals;
using backend::ConnectResult;
using backend::Retry;

TEST(ConnectResult, TheCodeTellsWhetherToTryAgain) {
  const auto of = [](ErrorCode code) { return ConnectResult(Error(code, "")).retry(); };
  EXPECT_EQ(of(ErrorCode::connection_failed), Retry::transient);
  for (const auto code : {ErrorCode::busy, ErrorCode::timed_out, ErrorCode::failed}) EXPECT_EQ(of(code), Retry::again);
  EXPECT_EQ(of(ErrorCode::too_many_connections), Retry::out_of_slots);
  EXPECT_EQ(of(ErrorCode::device_not_found), Retry::vanished);
  for (const auto code : {ErrorCode::invalid_argument, ErrorCode::not_supported, ErrorCode::bluetooth_not_available,
                          ErrorCode::access_denied, ErrorCode::bond_lost, ErrorCode::backend_lost, ErrorCode::canceled})
    EXPECT_EQ(of(code), Retry::never) << to_string(code);
}

TEST(ConnectResult, TheBackendMayKnowBetter) {
  const ConnectResult result(Error(ErrorCode::connection_failed, "no answer"), Retry::again);
  EXPECT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), ErrorCode::connection_failed);
  EXPECT_EQ(result.retry(), Retry::again);
}

TEST(ConnectResult, IsAResultAndIsMadeOfOne) {
  EXPECT_TRUE(ConnectResult().has_value());
  EXPECT_TRUE(ConnectResult(Result<void>()).has_value());
  EXPECT_EQ(ConnectResult().retry(), Retry::never);
  const Result<void> failed = Error(ErrorCode::busy, "later");
  EXPECT_EQ(ConnectResult(failed).retry(), Retry::again);
  std::optional<ErrorCode> code;
  backend::ConnectDone done = [&code](const Result<void>& result) { code = result.error().code(); };
  done(Error(ErrorCode::device_not_found, "gone"));
  EXPECT_EQ(code, ErrorCode::device_not_found);
}

struct NoEvents final : backend::ClientEvents {
  void on_disconnected(DisconnectReason, const std::string&) override {}
  void on_value(std::uint16_t, ByteView) override {}
  void on_mtu_changed(std::uint16_t) override {}
  void on_services_changed() override {}
  void on_pairing_question(const backend::PairingQuestion&, backend::Done<backend::PairingAnswer>) override {}
};

/// A port to a simulated device, and how its attempts end.
struct SimConnect : testing::Test {
  std::unique_ptr<backend::ClientPort> make_client(const std::string& address = "C0:FF:EE:00:00:01",
                                                   const std::string& adapter = std::string()) {
    const auto backend = detail::resolve_backend(*world.loop().loop(), BackendRef());
    backend::ClientRequest request;
    request.device = Device(Address(address));
    request.adapter = adapter;
    return backend->make_client(request, events);
  }
  ConnectResult connect(backend::ClientPort& client) {
    std::optional<ConnectResult> end;
    world.loop().post([&] { client.connect([&end](ConnectResult result) { end.emplace(std::move(result)); }); });
    world.advance(1s);
    return end.value_or(Error(ErrorCode::stalled, "no answer"));
  }

  sim::World world;
  sim::Adapter& adapter = world.add_adapter({.name = "hci0", .max_connections = 1});
  sim::Peripheral& device = world.add_peripheral({.address = "C0:FF:EE:00:00:01"});
  NoEvents events;
};

TEST_F(SimConnect, ARefusalIsAHitch) {
  const auto client = make_client();
  device.refuse_connections(true);
  EXPECT_EQ(connect(*client).retry(), Retry::transient);
  device.refuse_connections(false);
  EXPECT_TRUE(connect(*client).has_value());
}

TEST_F(SimConnect, AFullAdapterHasNoSlots) {
  const auto first = make_client();
  ASSERT_TRUE(connect(*first).has_value());
  world.add_peripheral({.address = "C0:FF:EE:00:00:02"});
  const auto second = make_client("C0:FF:EE:00:00:02");
  EXPECT_EQ(connect(*second).retry(), Retry::out_of_slots);
}

TEST_F(SimConnect, AnAdapterThatIsOffOrUnknownIsNotTriedAgain) {
  const auto client = make_client();
  adapter.set_powered(false);
  EXPECT_EQ(connect(*client).retry(), Retry::never);
  const auto lost = make_client("C0:FF:EE:00:00:01", "hci7");
  const auto result = connect(*lost);
  EXPECT_EQ(result.error().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(result.retry(), Retry::never);
}

TEST_F(SimConnect, TellsTheAdapterThatItWillUse) {
  world.add_adapter({.name = "hci1"});
  EXPECT_EQ(make_client()->adapter(), "hci0");
  EXPECT_EQ(make_client("C0:FF:EE:00:00:01", "hci1")->adapter(), "hci1");
  EXPECT_EQ(make_client("C0:FF:EE:00:00:01", world.adapter("hci1").address().to_string())->adapter(), "hci1");
  EXPECT_EQ(make_client("C0:FF:EE:00:00:01", "hci7")->adapter(), "") << "unknown";
  const auto client = make_client();
  adapter.set_powered(false);
  EXPECT_EQ(client->adapter(), "hci1") << "the default one has changed";
}

}  // namespace
}  // namespace blau
