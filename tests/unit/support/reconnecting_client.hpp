#pragma once

#include "connected_client.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace blau::test {

/// With clients that keep their links up by themselves.
class ClientReconnect : public ClientScene {
 protected:
  ClientOptions keeping() {
    auto kept = options();
    kept.reconnect.enabled = true;
    kept.reconnect.on_reconnected = [this] { told.emplace_back("back"); };
    kept.reconnect.on_gave_up = [this](const Error& error) {
      told.emplace_back("gave up: " + std::string(to_string(error.code())));
    };
    return kept;
  }
  void lose(DisconnectReason reason = DisconnectReason::remote) { port().events->on_disconnected(reason, ""); }
  /// After a time in which the link counts as lasting.
  Task<> lose_later(DisconnectReason reason = DisconnectReason::remote) {
    co_await sleep_for(std::chrono::seconds(6));
    lose(reason);
    co_await turns(2);
  }

  Task<> return_adapter() {
    backend::AdapterState state;
    state.id = "hci0";
    backend.state().adapter_events->on_adapter_changed(state);
    co_await turns(2);
  }

  std::vector<std::string> told;
};

}  // namespace blau::test
