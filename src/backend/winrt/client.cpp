#include "client.hpp"

#include "adapter.hpp"

#include <utility>

namespace blau::detail::windows {
namespace {

/// The contract's client: forwards to its session.
class Client final : public backend::ClientPort {
 public:
  Client(std::shared_ptr<System> system, const backend::ClientRequest& request, backend::ClientEvents& events)
      : session_(std::make_shared<Session>(std::move(system), request, events)) {
    session_->join_bond_users();
  }
  ~Client() override { session_->orphan(); }

  void connect(backend::ConnectDone done) override { hold()->connect(std::move(done)); }
  void abort_connect() override { hold()->abort_connect(); }
  void disconnect(backend::ReleaseKind, backend::Done<void> done) override { hold()->disconnect(std::move(done)); }
  void release() noexcept override { hold()->release(); }
  void discover(const backend::DiscoverRequest& request, backend::Done<backend::GattDatabase> done) override {
    hold()->discover(request, std::move(done));
  }
  [[nodiscard]] std::string discovery_waits_for() const override { return session_->discovery_waits_for(); }
  [[nodiscard]] std::uint16_t mtu() const noexcept override { return session_->mtu(); }
  void read_characteristic(std::uint16_t handle, bool use_cached, backend::Done<Bytes> done) override {
    hold()->read(handle, false, use_cached, std::move(done));
  }
  void write_characteristic(std::uint16_t handle, Bytes value, backend::WriteKind kind,
                            backend::Done<void> done) override {
    hold()->write(handle, std::move(value), kind, std::move(done));
  }
  void read_descriptor(std::uint16_t handle, bool use_cached, backend::Done<Bytes> done) override {
    hold()->read(handle, true, use_cached, std::move(done));
  }
  void write_descriptor(std::uint16_t handle, Bytes value, backend::Done<void> done) override {
    hold()->write_descriptor(handle, std::move(value), std::move(done));
  }
  void subscribe(std::uint16_t handle, const backend::SubscribeRequest& request, backend::Done<void> done) override {
    hold()->subscribe(handle, request.kind, std::move(done));
  }
  void unsubscribe(std::uint16_t handle, backend::Done<void> done) override {
    hold()->unsubscribe(handle, std::move(done));
  }
  void pair(const backend::PairRequest& request, backend::Done<void> done) override {
    hold()->pair(request, std::move(done));
  }
  void cancel_pair() override { hold()->cancel_pair(); }
  void unpair(backend::Done<void> done) override { hold()->unpair(std::move(done)); }

 private:
  // The port may be destroyed inside: what it calls must not die with it.
  [[nodiscard]] std::shared_ptr<Session> hold() const noexcept { return session_; }
  std::shared_ptr<Session> session_;
};

}  // namespace

std::unique_ptr<backend::ClientPort> make_client(std::shared_ptr<System> system, const backend::ClientRequest& request,
                                                 backend::ClientEvents& events) {
  return std::make_unique<Client>(std::move(system), request, events);
}

void Session::connect(backend::ConnectDone done) {
  connecting_ = std::move(done);
  // Objects of the last link would keep it, or bring it back.
  when_closed([weak = weak_from_this(), attempt = ++attempt_] {
    const auto self = weak.lock();
    if (self && self->attempt_ == attempt && self->connecting_) self->begin_attempt();
  });
}

void Session::begin_attempt() {
  auto chosen = [weak = weak_from_this(), attempt = attempt_](const Result<backend::AdapterState>& adapter) {
    const auto self = weak.lock();
    if (!self || self->attempt_ != attempt || !self->connecting_) return;
    if (!adapter) return self->answer_connect(adapter.error());
    self->open_link();
  };
  choose_adapter(*system_, request_.adapter, std::move(chosen));
}

void Session::open_link() {
  link_ = std::make_shared<Link>(system_, weak_from_this());
  link_->open(request_.device.address(), request_.winrt_address_type);
}

void Session::link_up(const std::shared_ptr<Link>& link) {
  if (link != link_ || !connecting_) return;
  linked_ = true;
  leaving_ = false;
  notifications_ = std::make_shared<Notifications>(system_, link->natives(), weak_from_this());
  bond_became(link->bonded());
  answer_connect(backend::ConnectResult());
}

void Session::link_failed(const std::shared_ptr<Link>& link, const Error& error) {
  if (link == link_) end_attempt(error);
}

/// Without a link: it is told when nothing of the attempt is left.
void Session::end_attempt(const backend::ConnectResult& result) {
  if (!link_) return answer_connect(result);
  close_link([weak = weak_from_this(), attempt = attempt_, result] {
    const auto self = weak.lock();
    if (self && self->attempt_ == attempt) self->answer_connect(result);
  });
}

void Session::answer_connect(const backend::ConnectResult& result) {
  auto done = std::exchange(connecting_, nullptr);
  if (done && events_) done(result);
}

void Session::abort_connect() {
  if (!connecting_) return;
  ++attempt_;
  end_attempt(Error(ErrorCode::canceled, "the connect was taken back"));
}

void Session::close_link(unique_function<void()> then) {
  const auto link = std::exchange(link_, nullptr);
  drop_walk();
  notifications_.reset();
  ++closing_;
  link->close([weak = weak_from_this(), then = std::move(then)]() mutable {
    const auto self = weak.lock();
    then();
    if (self) self->link_closed();
  });
}

void Session::link_closed() {
  if (--closing_ != 0) return;
  auto waiters = std::exchange(closed_waiters_, {});
  for (auto& waiter : waiters) waiter();
}

void Session::when_closed(unique_function<void()> then) {
  if (closing_ == 0) return then();
  closed_waiters_.push_back(std::move(then));
}

void Session::disconnect(backend::Done<void> done) {
  if (!leaving_ && (!linked_ || !link_)) return done(Result<void>());
  leavers_.push_back(std::move(done));
  if (std::exchange(leaving_, true)) return;
  cancel_pair();
  close_link([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->link_ended(DisconnectReason::local, {});
  });
}

void Session::release() noexcept {
  cancel_pair();
  if (linked_) return disconnect([](const Result<void>&) {});
  auto done = std::exchange(connecting_, nullptr);
  if (!done) return;
  ++attempt_;
  if (link_) close_link([] {});
  system_->loop().post([weak = weak_from_this(), done = std::move(done)]() mutable {
    const auto self = weak.lock();
    if (self && self->events_) done(Error(ErrorCode::canceled, "the client was released"));
  });
}

void Session::orphan() noexcept {
  const auto self = shared_from_this();
  events_ = nullptr;
  ++attempt_;
  connecting_.reset();
  leavers_.clear();
  discovering_.reset();
  for (const auto& request : std::exchange(requests_, {})) request->asked.drop();
  cancel_pair();
  pairing_waiters_.clear();
  closed_waiters_.clear();
  if (link_) close_link([] {});
  linked_ = false;
}

void Session::link_lost(const std::shared_ptr<Link>& link, DisconnectReason reason, const std::string& native) {
  if (link != link_) return;
  const auto self = shared_from_this();
  // At once: MaintainConnection would bring it back.
  close_link([] {});
  link_ended(unpairing_ ? DisconnectReason::local : reason, native);
}

void Session::link_ended(DisconnectReason reason, const std::string& native) {
  if (!std::exchange(linked_, false)) return;
  const auto self = shared_from_this();
  leaving_ = false;
  services_known_ = false;
  change_told_ = false;
  discovering_.reset();
  const auto requests = std::exchange(requests_, {});
  auto leavers = std::exchange(leavers_, {});
  for (const auto& request : requests) request->asked.drop();
  cancel_pair();
  if (events_) events_->on_disconnected(reason, native);
  const Error error(ErrorCode::disconnected, "the link ended: connect again", native);
  for (const auto& request : requests)
    if (events_) request->fail(error);
  for (auto& done : leavers)
    if (events_) done(Result<void>());
}

void Session::mtu_told(const std::shared_ptr<Link>& link, std::uint16_t mtu) {
  if (link == link_ && linked_ && events_) events_->on_mtu_changed(mtu);
}

void Session::bond_is(bool bonded) {
  if (std::exchange(bonded_, bonded) != bonded && events_) events_->on_bond_changed(bonded);
}

}  // namespace blau::detail::windows
