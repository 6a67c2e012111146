// What makes no sense, given by a program: the documented error, and nothing of it stays registered with bluetoothd while the program goes on.

#include "lock.hpp"
#include "support.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace blau::faults {
namespace {

class BadInput : public testing::Test {};

#define BLAU_BAD_INPUT_CASE(name, pairing)                          \
  static blau::Task<> bad_##name();                                 \
  TEST_F(BadInput, name) { play(lock_with(pairing), &bad_##name); } \
  static blau::Task<> bad_##name()

/// Neither agents nor monitors nor discoveries, soon. Asked beside the loop, which may have to send what takes them away.
Task<> expect_nothing_registered() {
  const auto done = std::make_shared<Event>();
  const auto complaint = std::make_shared<std::string>();
  auto ask = [done, complaint] {
    try {
      (void)tell({{"command", "registered"}, {"count", 0}, {"timeout_ms", 5000}});
    } catch (const std::exception& error) {
      *complaint = error.what() + tell({{"command", "registered"}}).dump();
    }
    done->set();
  };
  const std::jthread thread(std::move(ask));
  co_await done->wait();
  EXPECT_EQ(*complaint, "");
}

template <class Make>
void expect_refused_at_once(Make make) {
  try {
    make();
    ADD_FAILURE() << "it was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument) << error.what();
  }
}

/// While something of the program's own is registered, so that what is not there has been there to be seen.
ClientOptions typing(std::uint32_t passkey, std::size_t& agents) {
  ClientOptions options;
  options.pairing.request_passkey = [passkey, &agents](const Device&) {
    agents = tell({{"command", "registered"}}).at("agents").get<std::size_t>();
    return std::optional<std::uint32_t>(passkey);
  };
  return options;
}

BLAU_BAD_INPUT_CASE(APasskeyOfSevenDigits, R"("io": "display_only", "passkey": 999999)") {
  std::size_t agents = 0;
  Client client{lock, typing(1'000'000, agents)};
  co_await client.connect();
  const auto paired = co_await client.pair().as_result();
  expect_error(paired, ErrorCode::pairing_rejected);
  BLAU_REQUIRE(!paired);
  EXPECT_NE(std::string(paired.error().what()).find("999999"), std::string::npos) << paired.error().what();
  EXPECT_EQ(agents, 1U);
  co_await expect_nothing_registered();
  co_await client.disconnect();
  Client right{lock, typing(999'999, agents)};
  co_await right.connect();
  co_await right.pair();
  co_await expect_nothing_registered();
  co_await right.unpair();
}

BLAU_BAD_INPUT_CASE(AnAgentThatNeverAnswers, R"("io": "display_yes_no")") {
  Event never;
  ClientOptions options;
  options.pairing.confirm_passkey = [&never](const Device&, std::uint32_t) -> Task<bool> {
    co_await never.wait();
    co_return true;
  };
  Client client{lock, options};
  co_await client.connect();
  const auto paired = co_await client.pair().timeout(300ms).as_result();
  expect_error(paired, ErrorCode::timed_out);
  co_await expect_nothing_registered();
  co_await client.disconnect();
}

BLAU_BAD_INPUT_CASE(AnAgentThatNeverAnswersForARequest, R"("io": "display_yes_no")") {
  Event never;
  ClientOptions options;
  options.bluez.default_agent = true;
  options.pairing.confirm_passkey = [&never](const Device&, std::uint32_t) -> Task<bool> {
    co_await never.wait();
    co_return true;
  };
  Client client{lock, options};
  co_await client.connect();
  const auto read = co_await client.read_gatt_char(needs_encryption).timeout(300ms).as_result();
  expect_error(read, ErrorCode::timed_out);
  co_await client.disconnect();
  co_await expect_nothing_registered();
}

BLAU_BAD_INPUT_CASE(AnOrPatternOf32Bytes, "") {
  ScannerOptions options;
  options.mode = ScanMode::passive;
  options.bluez.or_patterns = {{0, 0xff, bytes(0x17, 0x4b)}, {0, 0xff, Bytes(32)}};
  expect_refused_at_once([&options] { const Scanner scanner{options}; });
  const auto found = co_await Scanner::discover(1s, options).as_result();
  expect_error(found, ErrorCode::invalid_argument);
  co_await expect_nothing_registered();
}

BLAU_BAD_INPUT_CASE(AnAdapterThatIsNotThere, "") {
  ScannerOptions scanner_options;
  scanner_options.adapter = "hci7";
  Scanner scanner{scanner_options};
  const auto started = co_await scanner.start().as_result();
  expect_error(started, ErrorCode::invalid_argument);
  ClientOptions options;
  options.adapter = "hci7";
  options.bluez.default_agent = true;
  options.pairing.confirm = [](const Device&) { return true; };
  Client client{lock, options};
  const auto connected = co_await client.connect().as_result();
  expect_error(connected, ErrorCode::invalid_argument);
  const auto unpaired = co_await client.unpair().as_result();
  expect_error(unpaired, ErrorCode::invalid_argument);
  co_await expect_nothing_registered();
}

BLAU_BAD_INPUT_CASE(AFilterOfMalformedUuids, "") {
  for (const char* text : {"", "18", "0x180f", "0000180f-0000-1000-8000", "0000180f-0000-1000-8000-00805f9b34fg"}) {
    ScannerOptions options;
    expect_refused_at_once([&options, text] { options.service_uuids.emplace_back(text); });
    EXPECT_TRUE(options.service_uuids.empty()) << text;
  }
  co_await expect_nothing_registered();
}

BLAU_BAD_INPUT_CASE(AWriteOf513Bytes, "") {
  Client client{lock};
  co_await client.connect();
  const auto written = co_await client.write_gatt_char(takes_writes, Bytes(513)).as_result();
  expect_error(written, ErrorCode::invalid_argument);
  co_await client.write_gatt_char(takes_writes, Bytes(512));
  const auto taken = tell({{"command", "writes"}, {"address", lock}}).at("writes");
  EXPECT_EQ(taken.size(), 1U) << "the first one was not sent";
  co_await client.disconnect();
  co_await expect_nothing_registered();
}

}  // namespace
}  // namespace blau::faults
