// bluetoothd without a radio: see README.md.

#include "adapter.hpp"
#include "battery.hpp"
#include "bus_daemon.hpp"
#include "control.hpp"
#include "daemon.hpp"
#include "device.hpp"
#include "faults.hpp"

#include "backend/sim/world_file_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace blau::fake;

constexpr const char* usage =
    "usage: blau-fake-bluez --world FILE [--control PATH] [--bluez 5.66|5.82|5.87] [--time-scale FACTOR]\n"
    "                       [--no-experimental] [--ready-fd N] [--bus-config FILE]\n"
    "  Exports org.bluez on the bus that DBUS_SYSTEM_BUS_ADDRESS names, and ends with SIGTERM. With --bus-config it "
    "runs\n"
    "  that bus itself: a dbus-daemon with this configuration.\n";

struct Arguments {
  std::string world;
  std::string control;
  std::string version = "5.66";
  double scale = 1;
  bool experimental = true;
  int ready_fd = -1;
  std::string bus_config;
};

std::optional<Arguments> parse(int argc, char** argv) {
  Arguments parsed;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--no-experimental") {
      parsed.experimental = false;
      continue;
    }
    if (i + 1 == argc) return std::nullopt;
    const std::string value = argv[++i];
    if (name == "--world") {
      parsed.world = value;
    } else if (name == "--control") {
      parsed.control = value;
    } else if (name == "--bluez") {
      parsed.version = value;
    } else if (name == "--time-scale") {
      parsed.scale = std::atof(value.c_str());
    } else if (name == "--ready-fd") {
      parsed.ready_fd = std::atoi(value.c_str());
    } else if (name == "--bus-config") {
      parsed.bus_config = value;
    } else {
      return std::nullopt;
    }
  }
  if (parsed.world.empty() || !(parsed.scale > 0) || parsed.scale > 1000) return std::nullopt;
  return parsed;
}

int run(const Arguments& arguments, const Habits& habits) {
  const auto world = sim::load_world(arguments.world);
  if (!world) {
    complain(world.error().what());
    return 2;
  }
  if (arguments.ready_fd >= 0) ::fcntl(arguments.ready_fd, F_SETFD, FD_CLOEXEC);
  BusDaemon bus(arguments.bus_config);
  if (!arguments.bus_config.empty()) bus.start();
  Loop loop;
  Daemon daemon(loop, DaemonOptions{habits, Pace(arguments.scale), bus.runs() ? &bus : nullptr});
  daemon.start();
  daemon.become(*world);
  Commands commands(daemon);
  std::optional<Control> control;
  if (!arguments.control.empty()) control.emplace(loop, commands, arguments.control);
  if (arguments.ready_fd >= 0) {
    if (::write(arguments.ready_fd, "ready\n", 6) != 6) return 1;
    ::close(arguments.ready_fd);
  }
  loop.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = parse(argc, argv);
  const auto habits = arguments ? Habits::of(arguments->version, arguments->experimental) : std::nullopt;
  if (!habits) {
    std::cerr << usage;
    return 2;
  }
  try {
    return run(*arguments, *habits);
  } catch (const sim::WorldFault& fault) {
    complain(arguments->world + ':' + std::to_string(fault.line) + ": " + fault.path + ": " + fault.message);
    return 2;
  } catch (const std::exception& error) {
    complain(error.what());
    return 1;
  }
}
