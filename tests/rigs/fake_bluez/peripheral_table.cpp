// A peripheral's attribute table: how it comes about, answers and changes.

#include "peripheral.hpp"
#include "radio.hpp"

#include <algorithm>
#include <utility>

namespace blau::fake {

sim::AttributeServer& Peripheral::server() {
  if (!server_) build();
  return *server_;
}

void Peripheral::build() {
  auto built = sim::build_table(spec_);
  if (!built) {
    // The world's reader has seen it before: it cannot fail here.
    complain(address() + ": " + built.error().what());
    built = sim::BuiltTable();
  }
  sim::ServerOptions options;
  options.mtu = spec_.mtu;
  server_ = std::make_unique<sim::AttributeServer>(std::move(built->table), hooks(), options);
  for (std::size_t i = 0; i < built->services.size(); ++i) remember(spec_.services[i], built->services[i]);
}

void Peripheral::remember(const sim::ServiceSpec& spec, const sim::PlacedService& placed) {
  for (std::size_t i = 0; i < spec.characteristics.size(); ++i) {
    const auto& characteristic = spec.characteristics[i];
    Behaviour& behaviour = behaviours_[placed.characteristics[i].value];
    behaviour.read_delay = characteristic.read_delay;
    behaviour.write_delay = characteristic.write_delay;
    behaviour.schedule = characteristic.notify;
    if (!characteristic.echo_to) continue;
    for (std::size_t j = 0; j < spec.characteristics.size() && behaviour.echo_to == 0; ++j) {
      const auto& target = spec.characteristics[j];
      const bool tells = (target.properties & (sim::property::notify | sim::property::indicate)) != 0;
      if (target.uuid == *characteristic.echo_to && tells) behaviour.echo_to = placed.characteristics[j].value;
    }
  }
}

sim::ServerHooks Peripheral::hooks() {
  sim::ServerHooks hooks;
  hooks.on_read = [this](const sim::ReadAttempt& attempt) { return read(attempt); };
  hooks.on_write = [this](const sim::WriteAttempt& attempt) { return write(attempt); };
  hooks.on_configure = [this](const sim::WriteAttempt& attempt) { return configure(attempt); };
  hooks.on_subscription_changed = [this](sim::BearerId bearer, std::uint16_t handle, std::uint16_t bits) {
    subscription_changed(bearer, handle, bits);
  };
  hooks.on_confirmed = [this](sim::BearerId bearer, std::uint16_t) {
    const auto found = unconfirmed_.find(bearer);
    if (found != unconfirmed_.end()) unconfirmed_.erase(found);
    radio_.changed();
  };
  return hooks;
}

std::optional<blau::sim::RequestFault> Peripheral::next_fault(std::uint16_t value_handle, blau::sim::RequestKind kind) {
  const auto found = behaviours_.find(value_handle);
  return found == behaviours_.end() ? std::nullopt : found->second.faults.next_request(kind);
}

sim::ReadAnswer Peripheral::read(const sim::ReadAttempt& attempt) {
  // The parts of a long value are one read: waited for once, at its beginning.
  if (attempt.offset > 0) return sim::Stored{};
  const auto found = behaviours_.find(attempt.handle);
  const auto fault = next_fault(attempt.handle, blau::sim::RequestKind::read);
  nanoseconds delay = found == behaviours_.end() ? nanoseconds(0) : found->second.read_delay;
  sim::ReadAnswer answer = sim::Stored{};
  if (fault) delay = sim::added(delay, fault->delay);
  if (fault && fault->error) answer = *fault->error;
  if (delay <= nanoseconds(0)) return answer;
  defer(attempt.ticket, delay,
        [this, ticket = attempt.ticket, answer] { dispatch(server().finish_read(ticket, answer)); });
  return sim::Deferred{};
}

sim::WriteAnswer Peripheral::write(const sim::WriteAttempt& attempt) {
  const auto found = behaviours_.find(attempt.handle);
  const auto fault = next_fault(attempt.handle, blau::sim::RequestKind::write);
  nanoseconds delay = found == behaviours_.end() ? nanoseconds(0) : found->second.write_delay;
  sim::WriteAnswer answer = sim::Accepted{};
  if (fault) delay = sim::added(delay, fault->delay);
  if (fault && fault->error) answer = *fault->error;
  const bool refused = attempt.refused_with || (fault && fault->error);
  const bool command = attempt.kind == sim::WriteKind::command;
  Bytes value(attempt.value.begin(), attempt.value.end());
  if (delay <= nanoseconds(0)) {
    if (!refused) taken(attempt.handle, std::move(value), command);
    return answer;
  }
  defer(attempt.ticket, delay,
        [this, ticket = attempt.ticket, handle = attempt.handle, value = std::move(value), command, refused, answer] {
          if (!refused) taken(handle, value, command);
          dispatch(server().finish_write(ticket, answer));
        });
  return sim::Deferred{};
}

sim::WriteAnswer Peripheral::configure(const sim::WriteAttempt& attempt) {
  const sim::Attribute* configuration = server().table().find(attempt.handle);
  const auto value_handle = configuration ? configuration->value_handle : std::uint16_t{0};
  const auto fault = next_fault(value_handle, blau::sim::RequestKind::subscribe);
  sim::WriteAnswer answer = sim::Accepted{};
  if (fault && fault->error) answer = *fault->error;
  if (!fault || fault->delay <= nanoseconds(0)) return answer;
  defer(attempt.ticket, fault->delay,
        [this, ticket = attempt.ticket, answer] { dispatch(server().finish_write(ticket, answer)); });
  return sim::Deferred{};
}

sim::CharacteristicFaults* Peripheral::faults_of(const sim::CharacteristicName& characteristic) {
  const Uuid* uuid = std::get_if<Uuid>(&characteristic);
  const std::uint16_t handle = uuid ? value_handle(*uuid, 0) : value_handle(std::get<std::uint16_t>(characteristic));
  return handle == 0 ? nullptr : &behaviours_[handle].faults;
}

void Peripheral::change_services(const sim::ServicesFaultSpec& change) {
  if (change.remove) {
    const Uuid* uuid = std::get_if<Uuid>(&*change.remove);
    remove_service(uuid ? service_handle(*uuid) : std::get<std::uint16_t>(*change.remove));
  }
  if (!change.add) return;
  if (const auto refused = add_service(*change.add)) complain("a service could not be added: " + *refused);
}

void Peripheral::clear_faults() {
  link_faults_.clear();
  for (auto& [handle, behaviour] : behaviours_) behaviour.faults.clear();
}

std::size_t Peripheral::armed_faults() const {
  std::size_t armed = link_faults_.size();
  for (const auto& [handle, behaviour] : behaviours_) armed += behaviour.faults.size();
  return armed;
}

void Peripheral::taken(std::uint16_t handle, Bytes value, bool command) {
  const auto found = behaviours_.find(handle);
  const std::uint16_t echo_to = found == behaviours_.end() ? std::uint16_t{0} : found->second.echo_to;
  if (found != behaviours_.end()) writes_.push_back({handle, value, command});
  radio_.changed();
  if (echo_to == 0) return;
  if (sim::Attribute* attribute = server().table().find(echo_to)) attribute->value = value;
  send(echo_to, value, false);
}

void Peripheral::defer(sim::Ticket ticket, nanoseconds delay, std::function<void()> answer) {
  if (delay == blau::sim::never) return;
  deferred_[ticket].start(radio_.loop(), delay, [this, ticket, answer = std::move(answer)] {
    deferred_.erase(ticket);
    answer();
  });
}

void Peripheral::take_pdu(Link& link, ByteView pdu) { dispatch(server().handle_pdu(link.bearer(), pdu)); }

void Peripheral::dispatch(const sim::ServerOutput& output) {
  Link* link = find_link(output.bearer);
  if (!link) return;
  if (output.response) link->respond(*output.response);
  if (output.indication) link->send(*output.indication);
  if (output.violation) {
    complain(address() + ": a violation of the Attribute Protocol");
    link->end(LinkEnd::remote);
  }
}

std::uint16_t Peripheral::value_handle(std::uint16_t handle) {
  for (const sim::Attribute& attribute : server().table().all()) {
    if (attribute.kind != sim::AttributeKind::value) continue;
    if (attribute.handle == handle || attribute.handle == handle + 1) return attribute.handle;
  }
  return 0;
}

std::uint16_t Peripheral::value_handle(const Uuid& uuid, std::size_t index) {
  for (const sim::Attribute& attribute : server().table().all())
    if (attribute.kind == sim::AttributeKind::value && attribute.type == uuid && index-- == 0) return attribute.handle;
  return 0;
}

void Peripheral::set_delays(std::uint16_t value_handle, std::optional<nanoseconds> read,
                            std::optional<nanoseconds> write) {
  Behaviour& behaviour = behaviours_[value_handle];
  if (read) behaviour.read_delay = *read;
  if (write) behaviour.write_delay = *write;
}

std::uint16_t Peripheral::service_handle(const Uuid& uuid) {
  for (const sim::Attribute& attribute : server().table().all()) {
    if (attribute.kind != sim::AttributeKind::service) continue;
    if (Uuid::from_little_endian(attribute.value.data(), attribute.value.size()) == uuid) return attribute.handle;
  }
  return 0;
}

void Peripheral::remove_service(std::uint16_t handle) {
  const sim::Attribute* service = server().table().find(handle);
  const std::uint16_t end = service ? service->group_end : handle;
  if (!server().remove_service(handle)) return;
  std::erase_if(behaviours_, [&](const auto& entry) { return entry.first >= handle && entry.first <= end; });
  std::erase_if(schedules_,
                [&](const auto& entry) { return entry.first.second >= handle && entry.first.second <= end; });
  for (auto& [central, bond] : bonds_)
    std::erase_if(bond.subscriptions, [&](const auto& entry) { return entry.first >= handle && entry.first <= end; });
  tell_change(handle, end);
}

std::optional<std::string> Peripheral::add_service(const sim::ServiceSpec& service) {
  const auto placed = server().table().append(std::span(&service, 1));
  if (!placed) return placed.error().what();
  remember(service, placed->front());
  tell_change(placed->front().handle, placed->front().end);
  return std::nullopt;
}

/// Core Vol 3 Part G 7.1.
void Peripheral::tell_change(std::uint16_t first, std::uint16_t last) {
  generation_ = radio_.next_number();
  const std::uint16_t changed = value_handle(Uuid{0x2a05}, 0);
  if (changed != 0) send(changed, bytes(first, first >> 8, last, last >> 8), true);
}

}  // namespace blau::fake
