// Connects and ends, without a disconnect(), in the way that its first argument names. The second one is the peripheral's address.

#include <blau/blau.hpp>

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <latch>
#include <map>
#include <stdexcept>
#include <stop_token>
#include <string>

namespace {

using blau::Client;
using blau::Task;

[[noreturn]] void die(const blau::Error& error) {
  std::fprintf(stderr, "no link: %s\n", error.what());
  std::_Exit(2);
}

Task<> hold(std::string address) {
  Client client{address};
  co_await client.connect();
}

/// The process ends while the client is there.
Task<> exit_holding(std::string address) {
  Client client{address};
  co_await client.connect();
  std::exit(0);
}

Task<> hold_on(std::string address, std::stop_source connected) {
  Client client{address};
  co_await client.connect();
  connected.request_stop();
  co_await blau::sleep_for(std::chrono::hours(1));
}

/// A spawned task holds the link while the main one throws.
Task<> throw_holding(std::string address) {
  std::stop_source connected;
  blau::EventLoop::current()->spawn(hold_on(address, connected));
  const auto woken = co_await blau::sleep_for(std::chrono::seconds(20)).cancel_with(connected.get_token()).as_result();
  if (!woken && connected.stop_requested()) throw std::runtime_error("nobody catches this");
  std::_Exit(2);
}

void call_back_holding(const std::string& address, const std::function<void()>& callback) {
  static auto* const client = new Client{address};
  client->connect().start([&callback](blau::Result<void> result) {
    if (!result) die(result.error());
    callback();
  });
  std::latch(1).wait();
}

void hold_for_ever(const std::string& address) {
  static auto* const client = new Client{address};
  client->connect().get();
}

void hold_statically(const std::string& address) {
  static Client client{address};
  client.connect().get();
}

/// A loop that is never destroyed.
void hold_on_a_loop(const std::string& address) {
  blau::ClientOptions options;
  options.loop = new blau::EventLoop;
  static auto* const client = new Client{address, options};
  client->connect().get();
}

const std::map<std::string, void (*)(const std::string&)> ways{
    {"return", [](const std::string& address) { blau::run(hold(address)); }},
    {"static", &hold_statically},
    {"forgotten", &hold_for_ever},
    {"forgotten_loop", &hold_on_a_loop},
    {"exit", [](const std::string& address) { blau::run(exit_holding(address)); }},
    {"exit_in_callback", [](const std::string& address) { call_back_holding(address, [] { std::exit(0); }); }},
    {"throw", [](const std::string& address) { blau::run(throw_holding(address)); }},
};

}  // namespace

int main(int argc, char** argv) {
  const auto way = argc == 3 ? ways.find(argv[1]) : ways.end();
  if (way == ways.end()) return 3;
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  way->second(argv[2]);
  return 0;
}
