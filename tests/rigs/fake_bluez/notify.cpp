// Subscriptions by StartNotify, and what they share with those by AcquireNotify: the peripheral's configuration.

#include "notify.hpp"

#include "adapter.hpp"
#include "daemon.hpp"
#include "device.hpp"
#include "gatt.hpp"

#include <algorithm>
#include <utility>

namespace blau::fake {

Notifier::~Notifier() = default;

Notifier::Clients::iterator Notifier::find(const std::string& owner) {
  return std::ranges::find(clients_, owner, &Client::owner);
}

std::vector<std::string> Notifier::owners() const {
  std::vector<std::string> names;
  for (const Client& client : clients_) names.push_back(client.owner);
  return names;
}

void Notifier::start(const Call& call) {
  if (notify_acquired()) return call.error(errors::not_permitted("Notify acquired"));
  if (!owner_.has(sim::property::notify | sim::property::indicate)) return call.error(errors::not_supported());
  if (const auto known = find(call.sender()); known != clients_.end()) {
    // One session a program; while there is no link it is not known how it will end.
    if (known->registered && !known->call) return call.reply();
    return call.error(errors::in_progress());
  }
  if (owner_.device().gatt().is_changing(owner_.handle()))
    return call.error(errors::failed("Failed to register notify session"));
  Client& client = clients_.emplace_back();
  client.owner = call.sender();
  // "Succeeds": it is subscribed to with the next link.
  if (!owner_.device().link()) return call.reply();
  client.call = call;
  enlist(client);
}

/// The first one has the configuration written, who comes meanwhile waits for the same answer.
void Notifier::enlist(Client& client) {
  client.registered = true;
  if (owner_.configuration() == 0) return settle(client);
  if (armed_) return settle(client);
  if (!std::exchange(writing_, true)) configure();
}

void Notifier::configure() {
  encrypted_ = is_encrypted(owner_.device());
  // Notifications come before indications.
  const std::uint16_t bits = owner_.has(sim::property::notify) ? 1 : 2;
  write_configuration(bits, [this](sim::Procedure& procedure) { configured(procedure); });
}

void Notifier::write_configuration(std::uint16_t bits, std::function<void(sim::Procedure&)> done) {
  Link* link = owner_.device().link();
  if (!link) return;
  link->start(std::make_unique<sim::WriteValue>(owner_.configuration(), bytes(bits, 0)),
              [alive = std::weak_ptr<void>(life_), done = std::move(done)](sim::Procedure& procedure) {
                if (!alive.expired() && done) done(procedure);
              });
}

void Notifier::configured(const sim::Procedure& procedure) {
  // `disconnected` answers those who wait, and keeps who was subscribed before.
  if (procedure.error() && procedure.error()->code() == ErrorCode::disconnected) return;
  if (wants_encryption(owner_.device(), procedure, encrypted_)) {
    if (is_encrypted(owner_.device())) return configure();
    refused_ = true;
    return owner_.device().want_security();
  }
  writing_ = false;
  armed_ = !procedure.error();
  std::vector<Clients::iterator> waiting;
  for (auto client = clients_.begin(); client != clients_.end(); ++client)
    if (client->registered) waiting.push_back(client);
  if (!procedure.error()) {
    for (const auto client : waiting) settle(*client);
    return;
  }
  const DbusError error = errors::of_attribute(procedure.error()->att().value_or(AttError::unlikely_error));
  for (const auto client : waiting) fail(client, error);
}

void Notifier::settle(Client& client) {
  if (client.by_socket) return give_notify_socket(client);
  if (!client.silent && !std::exchange(notifying_, true)) owner_.tell("Notifying");
  if (const auto call = std::exchange(client.call, std::nullopt)) call->reply();
}

void Notifier::fail(Clients::iterator client, const DbusError& error) {
  const auto call = std::exchange(client->call, std::nullopt);
  const bool by_socket = client->by_socket;
  clients_.erase(client);
  if (by_socket) acquiring_ = false;
  if (!call) return;
  if (by_socket && owner_.device().daemon().habits().acquire_error_unanswered) return call->abandon();
  call->error(error);
}

void Notifier::stop(const Call& call) {
  // Anybody's closes the socket.
  if (notify_socket_) {
    close_notify();
    return call.reply();
  }
  const auto client = find(call.sender());
  if (client == clients_.end() || client->by_socket) return call.error(errors::failed("No notify session started"));
  if (client->call) client->call->error(errors::failed("Operation was cancelled"));
  release(client);
  call.reply();
}

void Notifier::release(Clients::iterator client) {
  const bool was_registered = client->registered;
  clients_.erase(client);
  update_notifying();
  const bool others = std::ranges::any_of(clients_, [](const Client& other) { return other.registered; });
  if (!was_registered || others || (!armed_ && !writing_)) return;
  armed_ = false;
  write_configuration(0, nullptr);
}

void Notifier::update_notifying() {
  const bool any =
      std::ranges::any_of(clients_, [](const Client& c) { return c.registered && !c.by_socket && !c.silent; });
  if (any || !std::exchange(notifying_, false)) return;
  owner_.tell("Notifying");
}

/// Each program's session has the value told to everybody.
void Notifier::value_came(ByteView value) {
  for (const Client& client : clients_) {
    if (!client.registered || client.silent) continue;
    for (unsigned i = 0; i < repeat_; ++i) {
      if (!client.by_socket)
        owner_.tell("Value", true);
      else if (notify_socket_)
        notify_socket_->send(value);
    }
  }
}

void Notifier::add_foreign(const std::string& name) {
  Client& client = clients_.emplace_back();
  client.owner = name;
  client.silent = name.empty();
  if (owner_.device().link()) enlist(client);
}

void Notifier::link_secured() {
  if (!std::exchange(refused_, false)) return;
  writing_ = std::ranges::any_of(clients_, [](const Client& client) { return client.registered; });
  if (writing_) configure();
}

void Notifier::disconnected() {
  armed_ = false;
  writing_ = false;
  refused_ = false;
  close_notify();
  close_write();
  for (auto client = clients_.begin(); client != clients_.end();) {
    client->registered = false;
    const auto current = client++;
    if (current->call) fail(current, errors::of_attribute(AttError::unlikely_error));
  }
  std::erase_if(clients_, [](const Client& client) { return client.silent; });
}

void Notifier::arm() {
  for (Client& client : clients_)
    if (!client.registered) enlist(client);
}

void Notifier::program_gone(const std::string& name) {
  const auto client = find(name);
  if (client == clients_.end()) return;
  if (client->call) client->call->abandon();
  if (client->by_socket) return close_notify();
  release(client);
}

void Notifier::unexport() {
  for (Client& client : clients_)
    if (client.call) client.call->abandon();
  clients_.clear();
  notify_socket_.reset();
  write_socket_.reset();
  life_.reset();
}

}  // namespace blau::fake
