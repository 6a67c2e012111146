#include "cli/process.hpp"
#include "support.hpp"

#include <csignal>
#include <cstdlib>

namespace blau::faults {
namespace {

/// No link survives the program that made it, however that ends.
class Exit : public FaultCase {};

std::size_t links() { return tell({{"command", "connections"}, {"address", tag}}).at("connections").size(); }

/// Waits for it. @throws std::runtime_error
void await_links(std::size_t count) {
  (void)tell({{"command", "connections"}, {"address", tag}, {"count", count}, {"timeout_ms", 10000}});
}

struct Way {
  const char* name;
  int status;
};

class WayOut : public Exit, public testing::WithParamInterface<Way> {};

TEST_P(WayOut, LeavesNoLink) {
  const std::string command = std::string(BLAU_LEAVER) + " " + GetParam().name + " " + tag;
  const int status = std::system(command.c_str());
  const int wanted = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  EXPECT_EQ(wanted, GetParam().status);
  await_links(0);
}

// The shell tells of an abort as 128 and the signal's number.
constexpr Way ways[] = {{"return", 0}, {"static", 0},           {"forgotten", 0},        {"forgotten_loop", 0},
                        {"exit", 0},   {"exit_in_callback", 0}, {"throw", 128 + SIGABRT}};
INSTANTIATE_TEST_SUITE_P(Ways, WayOut, testing::ValuesIn(ways),
                         [](const auto& info) { return std::string(info.param.name); });

/// The tool, with a link and a subscription.
struct Tool {
  Tool() : program({"-v", "--backend", "bluez", "notify", tag, own(0x0902).to_string()}, on_this_bus()) {}
  static cli::test::Setting on_this_bus() {
    cli::test::Setting setting;
    setting.environment.push_back(std::string("DBUS_SYSTEM_BUS_ADDRESS=") + std::getenv("DBUS_SYSTEM_BUS_ADDRESS"));
    return setting;
  }
  int end_by(int signal) {
    EXPECT_TRUE(program.wait_for_errors("connected to"));
    EXPECT_EQ(links(), 1U);
    program.signal(signal);
    return program.finish().status;
  }
  cli::test::Program program;
};

class ToolsEnd : public Exit, public testing::WithParamInterface<int> {};

TEST_P(ToolsEnd, LeavesNoLink) {
  EXPECT_EQ(Tool().end_by(GetParam()), 130);
  await_links(0);
}

INSTANTIATE_TEST_SUITE_P(Signals, ToolsEnd, testing::Values(SIGINT, SIGTERM),
                         [](const auto& info) { return info.param == SIGINT ? "SIGINT" : "SIGTERM"; });

/// From here on the first Disconnect that anybody sends is refused.
void refuse_one_disconnect() {
  arm({{"fault", "reply"}, {"method", "Disconnect"}, {"error", "org.bluez.Error.Failed"}});
}

/// Ends the link, and sees by the refusal that it sent the first Disconnect.
Task<> end_as_the_first_one() {
  EXPECT_EQ(links(), 1U);
  Client client{tag};
  co_await client.connect();
  const auto refused = co_await client.disconnect().as_result();
  expect_error(refused, ErrorCode::failed);
  co_await client.connect();
  co_await client.disconnect();
  EXPECT_EQ(links(), 0U);
}

// bluetoothd keeps the links of programs that are gone, and nobody is left to ask for the end.
BLAU_CASE(Exit, AKilledProgramLeavesItsLinkAndTheNextOneMayEndIt) {
  EXPECT_EQ(Tool().end_by(SIGKILL), 128 + SIGKILL);
  refuse_one_disconnect();
  {
    Client passing{tag};
    co_await passing.connect();
  }
  co_await end_as_the_first_one();
}

BLAU_CASE(Exit, ReleaseOnlyLeavesTheLink) {
  refuse_one_disconnect();
  ClientOptions options;
  options.bluez.release_only = true;
  {
    Client client{tag, options};
    co_await client.connect();
    co_await client.disconnect();
    EXPECT_FALSE(client.is_connected());
    co_await client.connect();
  }
  co_await end_as_the_first_one();
}

}  // namespace
}  // namespace blau::faults
