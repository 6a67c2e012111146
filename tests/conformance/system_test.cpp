// The Bluetooth system ends while it is in use.

#include "support.hpp"

#include <future>

namespace blau::conformance {
namespace {

class SystemLost : public Case {};

/// Starts it on the background loop; its end, empty for success.
template <class T>
std::future<std::optional<ErrorCode>> start(Operation<T> operation) {
  auto ended = std::make_shared<std::promise<std::optional<ErrorCode>>>();
  auto future = ended->get_future();
  std::move(operation).start([ended](const Result<T>& result) {
    ended->set_value(result ? std::nullopt : std::optional(result.error().code()));
  });
  return future;
}

/// What the background loop was given before has begun.
void await_turn() {
  std::promise<void> turn;
  EventLoop::background().post([&turn] { turn.set_value(); });
  turn.get_future().wait();
}

void expect_lost(const std::optional<ErrorCode>& code) {
  ASSERT_TRUE(code.has_value()) << "succeeded without a system";
  EXPECT_TRUE(*code == ErrorCode::backend_lost || *code == ErrorCode::bluetooth_not_available) << to_string(*code);
}

TEST_F(SystemLost, EndsWhatIsPending) {
  if (!can(rig(), Ability::lose_system)) return;
  ClientOptions options;
  options.backend = rig().threaded_backend();
  ScannerOptions scanning;
  scanning.backend = options.backend;
  AdapterOptions which;
  which.backend = options.backend;
  std::promise<DisconnectReason> reason;
  options.on_disconnected = [&reason](const Disconnection& end) { reason.set_value(end.reason); };
  Client client{gatt, options};
  client.connect().get();
  const auto adapter = Adapter::get_default(which).get();
  options.on_disconnected = nullptr;
  Client connecting{nobody, options};
  auto read = start(client.read_gatt_char(own(0x0107)));
  auto connect = start(connecting.connect());
  auto found = start(Scanner::find_device_by_address(nobody, patience, scanning));
  await_turn();

  rig().lose_system();
  EXPECT_EQ(read.get(), ErrorCode::disconnected);
  EXPECT_EQ(reason.get_future().get(), DisconnectReason::backend_lost);
  expect_lost(connect.get());
  expect_lost(found.get());
  // And what begins now.
  EXPECT_EQ(start(client.read_gatt_char(own(0x0102))).get(), ErrorCode::not_connected);
  expect_lost(start(client.connect()).get());
  expect_lost(start(Scanner::discover(1s, scanning)).get());
  expect_lost(start(Adapter::all(which)).get());
  expect_lost(start(adapter.connected_devices()).get());
  expect_lost(start(adapter.bonded_devices()).get());
}

}  // namespace
}  // namespace blau::conformance
