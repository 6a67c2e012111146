// What holds for every method that gives an operation, written once: the table says for which.

#include "driven.hpp"
#include "latch.hpp"

#include <thread>

namespace blau::conformance {
namespace {

using Ended = Inbox<Result<void>>;

void expect_outcome(const Result<void>& outcome, const std::optional<ErrorCode>& wanted) {
  if (wanted) return expect_error(outcome, *wanted);
  expect_success(outcome);
}

/// Whether a call is under way when the function that began it returns.
bool flies(const Rig& rig, const Act& act) {
  if (act.flight == Flight::none) return false;
  return act.flight != Flight::daemon || !rig.is_simulated();
}

/// Whether it stays under way until it is let go, see `hold`.
bool can_be_held(const Rig& rig, const Act& act) {
  if (act.flight == Flight::long_) return true;
  if (act.flight == Flight::client && !rig.is_simulated()) {
    skip("bluetoothd answers this without asking the peripheral");
    return false;
  }
  return can(rig, Ability::stall);
}

/// From now on a call of it gets no answer.
Task<> hold(Rig& rig, const Act& act) {
  if (act.stage == Stage::client) co_await rig.advertise(spare, false);
  if (act.flight != Flight::long_) co_await rig.stall(gatt);
}

Task<> let_go(Rig& rig, const Act& act) {
  if (act.stage == Stage::client) co_await rig.advertise(spare, true);
  if (act.flight != Flight::long_) co_await rig.resume(gatt);
}

/// Leaves the world as the next case wants it.
Task<> tidy(Rig& rig, Objects& objects) {
  if (objects.client) co_await drop_and_await(rig, *objects.client);
  if (objects.scanner) co_await objects.scanner->stop();
}

/// It can be called as if nothing had happened.
Task<> expect_it_works(Objects& objects, const Act& act) {
  co_await make_ready(objects, act);
  Ended ended;
  act.call(objects).start(ended);
  co_await ended.reach(1);
  expect_outcome(ended.items()[0], act.answer);
}

Task<> expect_canceled(Rig& rig, const Act& act, Objects& objects) {
  Ended ended;
  std::stop_source before;
  before.request_stop();
  act.call(objects).cancel_with(before.get_token()).start(ended);
  co_await ended.reach(1);
  expect_error(ended.items()[0], ErrorCode::canceled);

  co_await make_ready(objects, act);
  std::stop_source meanwhile;
  act.call(objects).cancel_with(meanwhile.get_token()).start(ended);
  EXPECT_EQ(ended.size(), 1U) << "completed inside the call that began it";
  meanwhile.request_stop();
  co_await ended.reach(2);
  // An answer that is there already is not taken back.
  expect_outcome(ended.items()[1], flies(rig, act) ? std::optional(ErrorCode::canceled) : act.answer);

  co_await make_ready(objects, act);
  std::stop_source after;
  act.call(objects).cancel_with(after.get_token()).start(ended);
  co_await ended.reach(3);
  expect_outcome(ended.items()[2], act.answer);
  after.request_stop();
  co_await expect_it_works(objects, act);
  EXPECT_EQ(ended.size(), 3U) << "completed twice";
}

Task<> canceled(Rig& rig, const Act& act) {
  Objects objects;
  co_await arrange(objects, act);
  co_await make_ready(objects, act);
  co_await expect_canceled(rig, act, objects);
  co_await tidy(rig, objects);
}

/// Shorter than what the call takes wherever it is under way at all.
std::chrono::nanoseconds limit_of(const Act& act) {
  if (act.flight == Flight::daemon) return 1ns;
  const bool ends_link = act.method == "disconnect" || act.method == "unpair";
  return ends_link ? std::chrono::nanoseconds(1ms) : std::chrono::nanoseconds(50ms);
}

Task<> timed_out(Rig& rig, const Act& act) {
  if (act.flight != Flight::daemon && !can_be_held(rig, act)) co_return;
  const bool holds = act.flight != Flight::daemon;
  Objects objects;
  co_await arrange(objects, act);
  co_await make_ready(objects, act);
  if (holds) co_await hold(rig, act);
  Ended ended;
  act.call(objects).timeout(limit_of(act)).start(ended);
  co_await ended.reach(1);
  expect_outcome(ended.items()[0], flies(rig, act) ? std::optional(ErrorCode::timed_out) : act.answer);
  if (holds) co_await let_go(rig, act);
  co_await expect_it_works(objects, act);
  EXPECT_EQ(ended.size(), 1U) << "completed twice";
  co_await tidy(rig, objects);
}

Task<> link_lost(Rig& rig, const Act& act) {
  if (!can_be_held(rig, act)) co_return;
  Objects objects;
  co_await arrange(objects, act);
  co_await make_ready(objects, act);
  co_await hold(rig, act);
  Ended ended;
  act.call(objects).start(ended);
  co_await rig.drop_link(gatt);
  co_await ended.reach(1);
  expect_outcome(ended.items()[0], act.lost);
  co_await let_go(rig, act);
  EXPECT_FALSE(objects.client->is_connected());
  co_await objects.client->connect();
  co_await expect_it_works(objects, act);
  EXPECT_EQ(ended.size(), 1U) << "completed twice";
  co_await tidy(rig, objects);
}

Task<> adapter_off(Rig& rig, const Act& act) {
  Ended ended;
  Objects objects;
  act.call(objects).start(ended);
  co_await switch_adapter(rig, false);
  co_await ended.reach(1);
  expect_error(ended.items()[0], ErrorCode::bluetooth_not_available);
  co_await switch_adapter(rig, true);
  co_await expect_it_works(objects, act);
  EXPECT_EQ(ended.size(), 1U) << "completed twice";
}

Task<> destroyed(Rig& rig, const Act& act) {
  Ended ended;
  {
    Objects objects;
    co_await arrange(objects, act);
    co_await make_ready(objects, act);
    act.call(objects).start(ended);
  }
  co_await ended.reach(1);
  expect_outcome(ended.items()[0], flies(rig, act) ? act.destroyed : act.answer);
  if (act.stage == Stage::linked) co_await rig.drop_link(gatt);
  co_await rig.await_links(gatt, 0);
  EXPECT_EQ(ended.size(), 1U) << "completed twice";
}

/// Calls it inside the first callback that comes.
struct Caller {
  void operator()() {
    if (!std::exchange(*called, true)) act->call(*objects).start(ended);
  }
  const Act* act;
  Objects* objects;
  Ended ended;
  std::shared_ptr<bool> called = std::make_shared<bool>(false);
};

Task<> in_callback(Rig& rig, const Act& act) {
  Ended ended;
  Objects objects;
  Caller caller{&act, &objects, ended};
  ScannerOptions listening;
  listening.on_detection = [caller](const Device&, const AdvertisementData&) mutable { caller(); };
  Scanner scanner{listening};
  co_await arrange(objects, act);
  co_await make_ready(objects, act);
  auto on_value = [caller](const Characteristic&, ByteView) mutable { caller(); };
  if (objects.client) {
    co_await objects.client->start_notify(own(0x0304), on_value);
  } else {
    co_await scanner.start();
  }
  co_await ended.reach(1);
  expect_outcome(ended.items()[0], act.answer);
  co_await scanner.stop();
  co_await tidy(rig, objects);
}

Task<> not_connected(Rig&, const Act& act) {
  Ended ended;
  Objects objects;
  co_await arrange_unlinked(objects, act);
  act.call(objects).start(ended);
  co_await ended.reach(1);
  expect_error(ended.items()[0], ErrorCode::not_connected);
}

Task<> wrong_name(Rig& rig, const Act& act) {
  Ended ended;
  Objects objects;
  co_await arrange(objects, act);
  act.named(objects, own(0x0fff)).start(ended);
  act.named(objects, Handle{0xfff0}).start(ended);
  act.named(objects, own(0x0502)).start(ended);
  act.named(objects, "no such thing").start(ended);
  co_await ended.reach(4);
  const std::vector<ErrorCode> wanted{ErrorCode::attribute_not_found, ErrorCode::attribute_not_found,
                                      ErrorCode::attribute_ambiguous, ErrorCode::invalid_argument};
  for (std::size_t i = 0; i < wanted.size(); ++i) expect_error(ended.items()[i], wanted[i]);
  co_await tidy(rig, objects);
}

/// One that waited behind another when its service went.
Task<> gone(Rig& rig, const Act& act) {
  if (!can(rig, Ability::change_services)) co_return;
  if (act.second && !can(rig, Ability::end_abruptly)) co_return;
  Ended before;
  Ended ended;
  Objects objects;
  co_await arrange(objects, act);
  act.call(objects).start(before);
  act.call(objects).start(ended);
  co_await rig.remove_service(gatt, *act.service);
  co_await ended.reach(1);
  EXPECT_EQ(before.size(), 1U);
  const auto& outcome = ended.items()[0];
  // BlueZ, which reads the table anew meanwhile, may still ask (Invalid Handle) or refuse in its own words.
  if (rig.is_simulated() || outcome) {
    expect_error(outcome, ErrorCode::attribute_gone);
  } else {
    const auto code = outcome.error().code();
    EXPECT_TRUE(code == ErrorCode::attribute_gone || code == ErrorCode::failed ||
                outcome.error().att() == AttError::invalid_handle)
        << outcome.error().what();
  }
  co_await tidy(rig, objects);
}

using Coroutine = Task<> (*)(Rig&, const Act&);

template <Coroutine body>
void on_the_loop(Rig& rig, const Act& act) {
  rig.run(body(rig, act));
}

/// Runs it on the background loop, while this thread waits.
void wait_for(Task<> task) {
  struct Outcome {
    test::Latch done{1};
    std::exception_ptr failure;
  };
  const auto outcome = std::make_shared<Outcome>();
  auto finish = [](Task<> body, std::shared_ptr<Outcome> into) -> Task<> {
    try {
      co_await std::move(body);
    } catch (...) {
      into->failure = std::current_exception();
    }
    into->done.count_down();
  };
  EventLoop::background().spawn(finish(std::move(task), outcome));
  outcome->done.wait();
  if (outcome->failure) std::rethrow_exception(outcome->failure);
}

/// Several threads at once, none of them the loop's.
void from_threads(Rig& rig, const Act& act) {
  constexpr std::size_t count = 3;
  Objects objects;
  objects.backend = rig.threaded_backend();
  wait_for(arrange(objects, act));
  wait_for(make_ready(objects, act));
  std::vector<Result<void>> outcomes(count, Result<void>());
  test::Latch together(count);
  {
    std::vector<std::jthread> threads;
    for (auto& outcome : outcomes) {
      threads.emplace_back([&] {
        together.arrive_and_wait();
        outcome = act.call(objects).timeout(patience).get();
      });
    }
  }
  std::size_t right = 0;
  for (const auto& outcome : outcomes) {
    const bool is_second = !outcome && outcome.error().code() == act.second;
    if (!is_second) expect_outcome(outcome, act.answer);
    if (!is_second) ++right;
  }
  EXPECT_GE(right, 1U);
  if (!act.second) {
    EXPECT_EQ(right, count);
  }
  // Sooner than BlueZ, which takes two seconds for it.
  if (act.stage == Stage::linked && !rig.is_simulated()) rig.run(rig.drop_link(gatt));
}

Task<> make_late(Objects& objects, const Act& act, std::optional<Call>& call) {
  co_await arrange_unlinked(objects, act);
  call.emplace(act.call(objects));
}

void loop_closed(Rig& rig, const Act& act) {
  Objects objects;
  objects.backend = rig.threaded_backend();
  std::optional<Call> late;
  {
    EventLoop loop;
    objects.loop = &loop;
    loop.run(make_late(objects, act, late));
  }
  expect_error(std::move(*late).get(), ErrorCode::loop_closed);
}

}  // namespace

Body body_of(std::string_view kind) {
  static const std::pair<std::string_view, Body> all[] = {
      {"Canceled", &on_the_loop<canceled>},   {"TimedOut", &on_the_loop<timed_out>},
      {"LinkLost", &on_the_loop<link_lost>},  {"AdapterOff", &on_the_loop<adapter_off>},
      {"Destroyed", &on_the_loop<destroyed>}, {"InCallback", &on_the_loop<in_callback>},
      {"FromThreads", &from_threads},         {"LoopClosed", &loop_closed},
      {"Gone", &on_the_loop<gone>},           {"NotConnected", &on_the_loop<not_connected>},
      {"WrongName", &on_the_loop<wrong_name>}};
  for (const auto& [name, body] : all)
    if (name == kind) return body;
  return nullptr;
}

}  // namespace blau::conformance
