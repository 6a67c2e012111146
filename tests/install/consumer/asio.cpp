// The adapter for Asio, which is installed with the rest and needs the program's own Asio.
#include <blau/blau.hpp>
#include <blau/interop/asio.hpp>
#include <blau/sim.hpp>

#include <asio/bind_executor.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_future.hpp>

blau::Task<int> level_on_background(blau::BackendRef backend) {
  blau::ClientOptions options;
  options.backend = backend;
  blau::Client client{"C0:FF:EE:00:00:01", options};
  co_await client.connect();
  const auto value = co_await client.read_gatt_char(blau::assigned::battery_level);
  co_return value.at(0);
}

bool is_read_by_asio(int level) {
  auto world = blau::sim::World::default_world({.real_time = true});
  asio::io_context io;
  bool is_it = false;
  auto compare = [&](std::exception_ptr exception, int read) { is_it = !exception && read == level; };
  blau::async(level_on_background(world.backend()), asio::bind_executor(io, compare));
  io.run();
  return is_it;
}
