// Subscriptions of a client.

#include "bonded_request.hpp"
#include "client_core.hpp"
#include "client_requests.hpp"

#include <string>
#include <utility>

namespace blau {

/// What a `Subscription` holds on to; the last one to go ends it.
struct Subscription::Hold {
  std::shared_ptr<detail::ClientCore> core;
  std::shared_ptr<detail::NotifySink> sink;
  Characteristic characteristic;

  ~Hold() {
    const auto loop = core->loop();
    const auto handle = characteristic.handle().value();
    loop->post([core = std::move(core), sink = std::move(sink), handle] { core->drop_subscription(handle, sink); });
  }
};

namespace detail {
namespace {

backend::SubscribeKind choose_kind(const Characteristic& characteristic, const NotifyOptions& options) {
  const bool notifies = has(characteristic.properties(), Property::notify);
  const bool indicates = has(characteristic.properties(), Property::indicate);
  if (!notifies && !indicates) {
    throw Error(ErrorCode::not_permitted,
                "the characteristic " + characteristic.uuid().to_string() + " neither notifies nor indicates");
  }
  if (options.force_indicate && !indicates)
    throw Error(ErrorCode::not_supported, "force_indicate: the characteristic only notifies");
  return notifies && !options.force_indicate ? backend::SubscribeKind::notify : backend::SubscribeKind::indicate;
}

/// What `start_notify` and `subscribe` have in common.
struct SubscribeCall {
  CharacteristicRef ref;
  NotifyOptions options;
  std::optional<Characteristic> characteristic;
  std::shared_ptr<NotifySink> sink;

  RequestQueues::Key prepare(ClientCore& core) {
    characteristic = find_usable(core, ref);
    ref = *characteristic;
    (void)choose_kind(*characteristic, options);
    return characteristic->handle().value();
  }
  void issue_with(ClientCore& core, std::shared_ptr<NotifySink> target, backend::Done<void> done) {
    sink = std::move(target);
    core.begin_subscription(*characteristic,
                            {sink, {choose_kind(*characteristic, options), options.path}, std::move(done)});
  }
  void abandoned(ClientCore& core) const {
    if (sink) core.abandon_subscription(characteristic->handle().value(), sink);
  }
};

struct StartNotifyCall : SubscribeCall {
  NotifyCallback callback;

  void issue(ClientCore& core, backend::Done<void>& done) {
    auto target = make_callback_sink(*core.loop(), *characteristic, std::move(callback), options.queue);
    issue_with(core, std::move(target), std::move(done));
  }
};

struct StopCall {
  CharacteristicRef ref;

  RequestQueues::Key prepare(ClientCore& core) const {
    return GattTree::find(core.require_tree(), ref).value().handle().value();
  }
  void issue(ClientCore& core, backend::Done<void>& done) const {
    const auto handle = static_cast<std::uint16_t>(prepare(core));  // may throw, and then needs `done`
    core.begin_unsubscription(handle, std::move(done));
  }
};

/// Of a `Subscription`: one that has ended needs nothing.
struct StopSubscriptionCall {
  std::uint16_t handle;
  std::shared_ptr<NotifySink> sink;

  RequestQueues::Key prepare(ClientCore&) const { return handle; }
  void issue(ClientCore& core, backend::Done<void>& done) const {
    if (core.drop_suspended(handle, sink) || !core.is_subscribed(handle, sink)) return done(Result<void>());
    core.begin_unsubscription(handle, std::move(done));
  }
};

}  // namespace

/// Makes the `Subscription` when the backend has answered.
struct SubscribeStreamCall : SubscribeCall {
  void issue(ClientCore& core, backend::Done<Subscription>& done) {
    auto channel = std::make_shared<Channel<Bytes>>(core.loop(), options.queue);
    auto target = make_stream_sink(channel);
    auto finish = [self = core.shared_from_this(), target, channel, characteristic = *characteristic,
                   done = std::move(done)](const Result<void>& result) mutable {
      if (!result) return done(result.error());
      done(ClientCore::make_subscription(std::move(self), std::move(target), std::move(characteristic),
                                         std::move(channel)));
    };
    issue_with(core, std::move(target), std::move(finish));
  }
};

Subscription ClientCore::make_subscription(std::shared_ptr<ClientCore> core, std::shared_ptr<NotifySink> sink,
                                           Characteristic characteristic, std::shared_ptr<Channel<Bytes>> channel) {
  auto* hold = new Subscription::Hold{std::move(core), std::move(sink), std::move(characteristic)};
  return Subscription(std::shared_ptr<Subscription::Hold>(hold), Stream<Bytes>(std::move(channel)));
}

Operation<void> ClientCore::start_notify(CharacteristicRef ref, NotifyCallback callback, NotifyOptions options) {
  StartNotifyCall call{{std::move(ref), options, std::nullopt, nullptr}, std::move(callback)};
  return make_request<void>(shared_from_this(), "start_notify", std::move(call));
}

Operation<Subscription> ClientCore::subscribe(CharacteristicRef ref, NotifyOptions options) {
  SubscribeStreamCall call{{std::move(ref), options, std::nullopt, nullptr}};
  return make_request<Subscription>(shared_from_this(), "subscribe", std::move(call));
}

Operation<void> ClientCore::stop_notify(CharacteristicRef ref) {
  return make_request<void>(shared_from_this(), "stop_notify", StopCall{std::move(ref)});
}

Operation<void> ClientCore::stop_subscription(std::uint16_t handle, std::shared_ptr<NotifySink> sink) {
  return make_request<void>(shared_from_this(), "stop", StopSubscriptionCall{handle, std::move(sink)});
}

bool ClientCore::is_subscribed(std::uint16_t handle, const std::shared_ptr<NotifySink>& sink) const {
  const auto found = subscriptions_.find(handle);
  return found != subscriptions_.end() && found->second.sink == sink;
}

void ClientCore::drop_subscription(std::uint16_t handle, const std::shared_ptr<NotifySink>& sink) {
  if (drop_suspended(handle, sink)) return;
  const auto found = subscriptions_.find(handle);
  if (found == subscriptions_.end() || found->second.sink != sink) return;
  found->second.dropped = true;
  sink->end(std::nullopt);
  if (link_ == Link::connected) end_dropped_subscriptions();  // else when the link is up again
}

void ClientCore::end_dropped_subscriptions() {
  constexpr std::chrono::hours no_hurry{24};  // however long its turn takes, it must be told
  for (const auto& [handle, subscribed] : Subscriptions(subscriptions_)) {
    if (!subscribed.dropped) continue;
    auto call = StopSubscriptionCall{handle, subscribed.sink};
    make_request<void>(shared_from_this(), "stop", no_hurry, std::move(call)).start([](const Result<void>&) {});
  }
}

bool ClientCore::drop_suspended(std::uint16_t handle, const std::shared_ptr<NotifySink>& sink) {
  const auto found = suspended_.find(handle);
  if (found == suspended_.end() || found->second.sink != sink) return false;
  suspended_.erase(found);
  retire(sink, std::nullopt);
  return true;
}

void ClientCore::begin_subscription(const Characteristic& characteristic, SubscribeOrder order) {
  const auto handle = characteristic.handle().value();
  if (link_ != Link::connected) return order.done(not_connected_error());
  if (subscriptions_.contains(handle)) {
    const auto words =
        "the characteristic " + characteristic.uuid().to_string() + " notifies this client already; stop_notify first";
    return order.done(Error(ErrorCode::already_subscribed, words));
  }
  const auto sink = order.sink;
  // Before the request: values may come before its answer.
  subscriptions_.insert_or_assign(handle, Subscribed{sink, order.request, characteristic});
  auto then = [weak = weak_from_this(), handle, sink,
               done = std::move(order.done)](const Result<void>& result) mutable {
    const auto self = weak.lock();
    if (!self) return done(result);
    const bool wanted = self->is_subscribed(handle, sink);
    if (!result && wanted) self->subscriptions_.erase(handle);
    if (result && wanted) self->subscriptions_.at(handle).answered = true;
    if (!result || wanted || self->link_ != Link::connected) return done(result);
    self->port_->unsubscribe(handle, std::move(done));  // nobody wants it any more
  };
  backend::Done<void> answered = std::move(then);
  auto subscribe = [handle, request = order.request](backend::ClientPort& port, backend::Done<void> answer, Asked) {
    port.subscribe(handle, request, std::move(answer));
  };
  request_bonded(*this, handle, std::move(subscribe), answered);
}

void ClientCore::abandon_subscription(std::uint16_t handle, const std::shared_ptr<NotifySink>& sink) {
  if (!is_subscribed(handle, sink)) return;
  subscriptions_.erase(handle);
  retire(sink, std::nullopt);
}

void ClientCore::retire(std::shared_ptr<NotifySink> sink, const std::optional<Error>& reason) noexcept {
  sink->end(reason);
  std::erase_if(retired_, [](const auto& retired) { return retired->idle(); });
  if (!sink->idle()) retired_.push_back(std::move(sink));
}

void ClientCore::begin_unsubscription(std::uint16_t handle, backend::Done<void> done) {
  if (link_ != Link::connected) return done(not_connected_error());
  const auto found = subscriptions_.find(handle);
  if (found == subscriptions_.end())
    return done(Error(ErrorCode::not_subscribed, "the characteristic does not notify this client; start_notify first"));
  auto sink = std::move(found->second.sink);
  subscriptions_.erase(found);
  retire(std::move(sink), std::nullopt);
  port_->unsubscribe(handle, std::move(done));
}

void ClientCore::on_value(std::uint16_t handle, ByteView value) {
  const auto found = subscriptions_.find(handle);
  if (found == subscriptions_.end()) return;
  if (found->second.dropped) return;
  const auto sink = found->second.sink;  // the callback may end the subscription
  auto& loop = *loop_;                   // or the client
  try {
    sink->on_value(value);
  } catch (...) {
    loop.unhandled(std::current_exception());  // not through the backend
  }
}

void ClientCore::on_subscription_ended(std::uint16_t handle, const Error& error) {
  const auto found = subscriptions_.find(handle);
  if (found == subscriptions_.end()) return;
  auto sink = std::move(found->second.sink);
  subscriptions_.erase(found);
  retire(std::move(sink), error);
}

std::uint64_t ClientCore::dropped_values(const CharacteristicRef& ref) const {
  const auto known = tree();
  if (!known) return 0;
  const auto characteristic = GattTree::find(known, ref);
  if (!characteristic) return 0;
  const auto found = subscriptions_.find(characteristic->handle().value());
  return found == subscriptions_.end() ? 0 : found->second.sink->dropped();
}

}  // namespace detail

Subscription::Subscription() noexcept = default;
Subscription::Subscription(std::shared_ptr<Hold> hold, Stream<Bytes> values) noexcept
    : hold_(std::move(hold)), values_(std::move(values)) {}
Subscription::Subscription(Subscription&&) noexcept = default;
Subscription& Subscription::operator=(Subscription&& other) noexcept {
  std::swap(hold_, other.hold_);
  std::swap(values_, other.values_);
  return *this;
}
Subscription::~Subscription() = default;

const Characteristic& Subscription::characteristic() const {
  if (!hold_) throw Error(ErrorCode::not_subscribed, "this subscription is empty");
  return hold_->characteristic;
}

Operation<void> Subscription::stop() {
  if (!hold_) {
    auto nothing = [](detail::Completer<void> done) { done(Result<void>()); };
    return detail::make_operation<void>(nullptr, "stop", std::nullopt, nothing);
  }
  return hold_->core->stop_subscription(hold_->characteristic.handle().value(), hold_->sink);
}

}  // namespace blau
