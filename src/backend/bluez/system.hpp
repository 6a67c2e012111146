#pragma once

#include "adapter.hpp"
#include "agents.hpp"
#include "daemon.hpp"
#include "features.hpp"
#include "link.hpp"
#include "monitors.hpp"
#include "pairings.hpp"
#include "scanner.hpp"

#include <memory>
#include <utility>

namespace blau::detail::bluez {

/// Everything that one loop has to do with BlueZ. Lives as long as its backend; the ports only look for it.
struct System {
  System(Loop& loop, BusOpener opener)
      : daemon(loop, std::move(opener)),
        features(daemon),
        adapters(daemon),
        discoveries(daemon, adapters),
        monitors(daemon, adapters),
        links(daemon),
        agents(daemon),
        pairings(daemon, agents) {}

  [[nodiscard]] static std::shared_ptr<System> make(Loop& loop, BusOpener opener);

  Daemon daemon;
  Features features;
  Adapters adapters;
  Discoveries discoveries;
  Monitors monitors;
  Links links;
  Agents agents;
  Pairings pairings;
};

}  // namespace blau::detail::bluez
