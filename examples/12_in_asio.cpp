// 12. Inside a program that has Asio already: its coroutines await Blau's operations, its io_context runs them.
#include <asio.hpp>
#include <blau/blau.hpp>
#include <blau/interop/asio.hpp>
#include <iostream>
using namespace std::chrono_literals;

asio::awaitable<void> read_level(blau::Client& client) {
  asio::steady_timer pause(co_await asio::this_coro::executor);
  co_await blau::async(client.connect().timeout(15s), asio::use_awaitable);
  for (int i = 0; i < 3; ++i) {
    const blau::Bytes level = co_await blau::async(client.read_gatt_char("2a19"), asio::use_awaitable);
    std::cout << int(level.at(0)) << " %\n";
    pause.expires_after(100ms);
    co_await pause.async_wait(asio::use_awaitable);
  }
  co_await blau::async(client.disconnect(), asio::use_awaitable);
}

int main() {
  asio::io_context io;
  blau::Client client{"C4:11:22:33:44:55"};
  asio::co_spawn(io, read_level(client), [](std::exception_ptr exception) {
    if (exception) std::rethrow_exception(exception);  // a blau::Error, out of io.run()
  });
  try {
    io.run();
  } catch (const blau::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
// And the other way: Asio's timers and sockets in Blau's coroutines, while an asio::thread_pool is at work:
blau::Task<> read_at(asio::steady_timer& timer, blau::Client& client) {
  co_await timer.async_wait(blau::use_operation);
  co_await client.read_gatt_char("2a19");
}
