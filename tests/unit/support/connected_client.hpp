#pragma once

#include "loops.hpp"
#include "scripted_backend.hpp"
#include "started.hpp"

#include <blau/client.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace blau::test {

/// One scripted backend, the options for its clients, and what they were told of their links' ends.
class ClientScene : public ::testing::Test {
 protected:
  virtual ClientOptions options() {
    ClientOptions options;
    options.backend = backend.ref();
    options.on_disconnected = [this](const Disconnection& disconnection) { gone.push_back(disconnection.reason); };
    return options;
  }
  /// Runs the body with a client that is connected.
  void with_client(std::function<Task<>(Client&)> body) {
    run_virtually([this, &body]() -> Task<> {
      Client client(known_device(), options());
      co_await connect(client);
      co_await body(client);
    });
  }
  /// The first client's link, up and discovered.
  Task<> connect(Client& client) {
    Started<void> connecting(client.connect());
    answer_connect();
    co_await turns();
    EXPECT_TRUE(connecting.succeeded());
  }
  void answer_connect() {
    port().connects.answer(Result<void>());
    port().discoveries.answer(database);
  }
  ClientScript& port() { return backend.client(); }

  ScriptedBackend backend;
  backend::GattDatabase database = small_database();
  std::vector<DisconnectReason> gone;
};

}  // namespace blau::test
