#include "support.hpp"

#include <exception>

namespace blau::conformance {

Task<> Event::wait(std::chrono::nanoseconds limit) {
  if (set_) co_return;
  const auto ended = co_await sleep_for(limit).cancel_with(source_.get_token()).as_result();
  if (set_) co_return;
  throw Error(ended ? ErrorCode::timed_out : ErrorCode::canceled, "what was waited for did not happen");
}

Rig& Case::rig() {
  static const auto made = make_rig();
  return *made;
}

void Case::SetUp() { rig().begin_case(); }
void Case::TearDown() { rig().end_case(HasFailure()); }

void Case::run_case(Task<> (*body)(Rig&)) { rig().run(body(rig())); }

namespace {

Task<> run_with_link(Rig& rig, Task<> (*body)(Rig&, Client&)) {
  Client client{gatt};
  co_await client.connect();
  std::exception_ptr failure;
  try {
    co_await body(rig, client);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await drop_and_await(rig, client);
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

void Case::run_linked(Task<> (*body)(Rig&, Client&)) { rig().run(run_with_link(rig(), body)); }

Task<> drop_and_await(Rig& rig, Client& client) {
  if (!client.is_connected()) co_return;
  Event gone;
  auto on_gone = [&gone](const Disconnection&) { gone.set(); };
  client.set_disconnected_callback(on_gone);
  co_await rig.drop_link(client.address().to_string());
  co_await gone.wait();
  client.set_disconnected_callback(nullptr);
}

void skip(const std::string& reason) { GTEST_SKIP() << reason; }

bool can(const Rig& rig, Ability ability) {
  const auto reason = rig.lacks(ability);
  if (!reason.empty()) skip(reason);
  return reason.empty();
}

Task<> switch_adapter(Rig& rig, bool on) {
  const auto all = co_await Adapter::all();
  if (all.empty()) throw Error(UnavailableReason::no_adapter, "the rig has no adapter to switch");
  auto states = all.front().state_changes();
  co_await rig.set_powered(on);
  for (;;) {
    const auto state = co_await next_of(states);
    if (state.powered == on) co_return;
  }
}

std::vector<Bytes> counter(std::size_t count, std::uint8_t first) {
  std::vector<Bytes> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(bytes(static_cast<unsigned>(first + i)));
  return values;
}

Bytes pattern(std::size_t size) {
  Bytes made(size);
  for (std::size_t i = 0; i < size; ++i) made[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return made;
}

}  // namespace blau::conformance
