#include "actors.hpp"

#include <blau/assigned.hpp>
#include <blau/event_loop.hpp>

#include <utility>

namespace blau::interleave {
namespace {

constexpr std::uint16_t counting = 0x2a37;
constexpr std::uint16_t writable = 0xff01;

}  // namespace

std::uint32_t number_in(ByteView value) {
  std::uint32_t number = 0;
  for (const auto byte : value) number = number << 8 | byte;
  return number;
}

Bytes write_value(std::uint8_t client, std::uint32_t number) {
  return bytes(client, static_cast<std::uint8_t>(number >> 16), static_cast<std::uint8_t>(number >> 8),
               static_cast<std::uint8_t>(number));
}

void Receiver::value(ByteView value) {
  const auto self = shared_from_this();  // its client may be destroyed below
  const auto number = number_in(value);
  log_->add(name_ + " got " + std::to_string(number));
  if (closed_) log_->fault(name_ + " got a value after its end");
  if (last_ && number <= *last_)
    log_->fault(name_ + " got " + std::to_string(number) + " after " + std::to_string(*last_));
  last_ = number;
  ++count_;
  log_->called();
}

ClientActor::ClientActor(std::shared_ptr<Log> log, Ledger& ledger, std::uint8_t number, const Address& address,
                         bool reconnects, const BackendRef& backend, Pairs pairs)
    : ledger_(ledger), number_(number), state_(std::make_shared<State>()), pairs_(std::move(pairs)) {
  state_->log = std::move(log);
  state_->name = "client " + std::to_string(number);
  state_->reconnects = reconnects;
  state_->log->add("make " + state_->name + (reconnects ? ", which keeps its link up" : ""));
  client_.emplace(address, options(reconnects, backend));
}

ClientActor::~ClientActor() {
  state_->log->add("destroy " + state_->name);
  state_->alive = false;
  if (state_->receiver) state_->receiver->close();
  if (pairs_.user) pairs_.user->client_is_gone();
  client_.reset();
}

ClientOptions ClientActor::options(bool reconnects, const BackendRef& backend) const {
  ClientOptions options;
  options.backend = backend;
  options.operation_timeout = std::chrono::milliseconds(300);
  options.bluez.connect_device = number_ % 2 == 1;
  options.on_disconnected = [state = state_](const Disconnection& end) {
    state->log->add(state->name + " lost its link: " + std::string(to_string(end.reason)));
    if (!state->alive) state->log->fault(state->name + " was told of a lost link after its destruction");
    state->lost();
    const bool is_overruled = std::exchange(state->is_overruled, false);
    state->is_expected_back = state->reconnects && !is_overruled && end.reason != DisconnectReason::local;
    state->log->called();
  };
  if (pairs_.user) options.pairing = pairs_.user->agent();
  options.reconnect.enabled = reconnects;
  options.reconnect.on_reconnected = [state = state_] {
    state->log->add(state->name + " is back");
    if (!state->alive) state->log->fault(state->name + " was told of a new link after its destruction");
    state->reported = true;
    state->is_expected_back = false;
    state->log->called();
  };
  options.reconnect.on_gave_up = [state = state_](const Error& error) {
    state->log->add(state->name + " gave up: " + std::string(to_string(error.code())));
    state->is_expected_back = false;
  };
  return options;
}

void ClientActor::check() const {
  if (state_->is_expected_back) state_->log->fault(state_->name + " did not make its link again");
  if (state_->standing && client_->is_connected() && state_->standing->count() == count_before_)
    state_->log->fault(state_->name + " gets no values any more, and nobody stopped them");
}

void ClientActor::begin_check() {
  if (state_->standing) count_before_ = state_->standing->count();
}

/// Its loss may be told before the end of `connect`, since other causes have other sources.
void ClientActor::State::lost() {
  if (!reconnects || connects > 0) standing.reset();
  if (std::exchange(reported, false)) return;
  if (connects == 0 || std::exchange(ended_soon, true)) log->fault(name + " was told twice of one lost link");
}

/// What the user asks for takes the place of what the policy would do.
void ClientActor::overrule_policy() noexcept {
  state_->is_expected_back = false;
  state_->is_overruled = state_->reported && !client_->is_connected();
}

void ClientActor::connect(std::chrono::milliseconds timeout) {
  ++state_->connects;
  if (!state_->reported) state_->standing.reset();
  overrule_policy();
  ledger_.begin(state_->name + " connect", client_->connect(ConnectOptions{.timeout = timeout}),
                [state = state_](const Result<void>& result) {
                  --state->connects;
                  const bool ended = std::exchange(state->ended_soon, false);
                  if (result && !ended) state->reported = true;
                  state->is_expected_back = false;
                });
}

void ClientActor::disconnect() {
  ++state_->stops;
  state_->standing.reset();
  overrule_policy();
  ledger_.begin(state_->name + " disconnect", client_->disconnect(),
                [state = state_](const Result<void>&) { state->is_expected_back = false; });
}

void ClientActor::read() {
  ledger_.begin(state_->name + " read", client_->read_gatt_char(Uuid{counting}), [](const Result<Bytes>&) {});
}

void ClientActor::write(bool response) {
  const auto number = ++writes_;
  WriteOptions options;
  options.response = response;
  ledger_.begin(state_->name + " write " + std::to_string(number),
                client_->write_gatt_char(Uuid{writable}, write_value(number_, number), options),
                [](const Result<void>&) {});
}

/// By turns, where the system has both ways.
NotifyOptions ClientActor::notify_options() const noexcept {
  NotifyOptions options;
  if (receivers_ % 2 == 0) options.path = NotifyPath::socket;
  return options;
}

void ClientActor::start_notify() {
  const auto receiver =
      std::make_shared<Receiver>(state_->log, state_->name + " callback " + std::to_string(++receivers_));
  auto take = [receiver](const Characteristic&, ByteView value) { receiver->value(value); };
  ledger_.begin(state_->name + " start_notify", client_->start_notify(Uuid{counting}, take, notify_options()),
                [state = state_, receiver, stops = state_->stops](const Result<void>& result) {
                  if (!result) return;
                  state->receiver = receiver;
                  if (state->stops == stops) state->standing = receiver;
                });
}

void ClientActor::stop_notify() {
  ++state_->stops;
  state_->standing.reset();
  ledger_.begin(state_->name + " stop_notify", client_->stop_notify(Uuid{counting}),
                [state = state_, receiver = state_->receiver](const Result<void>& result) {
                  if (result && receiver && state->receiver == receiver) receiver->close();
                });
}

Task<> ClientActor::receive(Subscription values, std::shared_ptr<Receiver> receiver) {
  while (auto value = co_await values.next()) {
    receiver->value(*value);
    if (receiver->closed()) break;
  }
}

void ClientActor::subscribe() {
  const auto receiver =
      std::make_shared<Receiver>(state_->log, state_->name + " stream " + std::to_string(++receivers_));
  ledger_.begin(state_->name + " subscribe", client_->subscribe(Uuid{counting}, notify_options()),
                [receiver](Result<Subscription> result) {
                  if (result) EventLoop::current()->spawn(receive(std::move(*result), receiver));
                });
}

void ClientActor::drop_subscription() {
  ledger_.begin(state_->name + " subscribe and let go", client_->subscribe(Uuid{counting}),
                [](const Result<Subscription>&) {});
}

void ClientActor::discover() {
  DiscoveryOptions afresh;
  afresh.cache_mode = CacheMode::uncached;
  ledger_.begin(state_->name + " get_services", client_->get_services(afresh), [](const Result<ServiceCollection>&) {});
}

void ClientActor::pair() {
  const auto unpairs = pairs_.bond->pair_begins();
  pairs_.user->pair_begins();
  ledger_.begin(state_->name + " pair", client_->pair(), [pairs = pairs_, unpairs](const Result<void>& result) {
    pairs.user->pair_ended();
    if (result) pairs.bond->pair_ended(unpairs);
  });
}

/// Ends the link as a disconnect does.
void ClientActor::unpair() {
  ++state_->stops;
  state_->standing.reset();
  overrule_policy();
  const auto pairs_before = pairs_.bond->unpair_begins();
  ledger_.begin(state_->name + " unpair", client_->unpair(),
                [state = state_, bond = pairs_.bond, pairs_before](const Result<void>& result) {
                  state->is_expected_back = false;
                  if (result) bond->unpair_ended(pairs_before);
                });
}

ScannerActor::ScannerActor(std::shared_ptr<Log> log, Ledger& ledger, std::string name, const BackendRef& backend)
    : ledger_(ledger), state_(std::make_shared<State>()) {
  state_->log = std::move(log);
  state_->name = std::move(name);
  state_->log->add("make " + state_->name);
  ScannerOptions options;
  options.backend = backend;
  options.on_detection = [state = state_](const Device& device, const AdvertisementData&) {
    state->log->add(state->name + " heard " + device.address().to_string());
    if (!state->alive) state->log->fault(state->name + " heard something after its destruction");
    if (!state->may_hear) state->log->fault(state->name + " heard something after stop");
    state->log->called();
  };
  scanner_.emplace(std::move(options));
}

ScannerActor::~ScannerActor() {
  state_->log->add("destroy " + state_->name);
  state_->alive = false;
  scanner_.reset();
}

void ScannerActor::start() {
  state_->may_hear = true;
  state_->stops = 0;
  ledger_.begin(state_->name + " start", scanner_->start(),
                [state = state_, before = state_->stops_ever](const Result<void>& result) {
                  state->must_scan = result && state->stops_ever == before;
                });
}

void ScannerActor::check() const {
  if (state_->must_scan && !scanner_->is_scanning())
    state_->log->fault(state_->name + " does not scan any more, and nobody stopped it");
}

void ScannerActor::stop() {
  const int own = ++state_->stops;
  ++state_->stops_ever;
  state_->must_scan = false;
  ledger_.begin(state_->name + " stop", scanner_->stop(), [state = state_, own](const Result<void>& result) {
    if (result && state->stops == own) state->may_hear = false;  // no start came after it
  });
}

}  // namespace blau::interleave
