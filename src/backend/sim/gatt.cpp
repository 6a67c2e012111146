// A client's requests over its link.

#include "client.hpp"

#include <algorithm>
#include <utility>

namespace blau::sim::detail {

namespace {

/// `std::function` copies; a `Done` only moves.
template <class T>
std::shared_ptr<backend::Done<T>> shared(backend::Done<T> done) {
  return std::make_shared<backend::Done<T>>(std::move(done));
}

Error not_linked() { return {ErrorCode::disconnected, "there is no link: connect first"}; }

bool hold(const std::vector<HandleRange>& ranges, std::uint16_t handle) noexcept {
  return std::ranges::any_of(ranges, [handle](HandleRange range) { return range.holds(handle); });
}

backend::CharacteristicRecord record_of(const DiscoveredCharacteristic& found, std::uint16_t extended) {
  backend::CharacteristicRecord record;
  record.handle = found.handle;
  record.value_handle = found.value_handle;
  record.uuid = found.uuid;
  record.properties = static_cast<Property>(found.properties | extended);
  for (const auto& descriptor : found.descriptors) record.descriptors.push_back({descriptor.handle, descriptor.uuid});
  return record;
}

backend::GattDatabase database_of(const std::vector<DiscoveredService>& found, const std::vector<Uuid>& only,
                                  const Link& link) {
  backend::GattDatabase database;
  for (const auto& service : found) {
    if (!only.empty() && std::ranges::find(only, service.uuid) == only.end()) continue;
    backend::ServiceRecord record;
    record.handle = service.handle;
    record.uuid = service.uuid;
    record.primary = service.primary;
    for (const auto& include : service.includes) record.includes.push_back(include.first);
    for (const auto& characteristic : service.characteristics) {
      const auto known = link.find(characteristic.handle);
      record.characteristics.push_back(record_of(characteristic, known ? known->extended : std::uint16_t{0}));
    }
    database.services.push_back(std::move(record));
  }
  return database;
}

}  // namespace

template <class T>
Link* SimClient::usable_link(backend::Done<T>& done) {
  if (state_ == State::linked && link_->state() == Link::State::up) return link_.get();
  done(not_linked());
  return nullptr;
}

template <class T>
std::optional<Link::Known> SimClient::usable_characteristic(std::uint16_t handle, backend::Done<T>& done) {
  Link* link = usable_link(done);
  if (!link) return std::nullopt;
  const auto known = is_stale(handle) ? std::nullopt : link->find(handle);
  if (!known) done(attribute_gone());
  return known;
}

bool SimClient::is_stale(std::uint16_t handle) const noexcept { return hold(stale_, handle); }

void SimClient::on_services_changed(HandleRange changed) {
  stale_.push_back(changed);
  events_.on_services_changed();
}

void SimClient::discover(const backend::DiscoverRequest& request, backend::Done<backend::GattDatabase> done) {
  Link* link = usable_link(done);
  if (!link) return;
  // What changes from here on may be missing in what is found.
  link->discover(
      [link, anchor = anchor_, only = request.services, stale = stale_.size(), done = shared(std::move(done))](
          const std::optional<Error>& error, const std::vector<DiscoveredService>& services) {
        if (!anchor->client) return;
        if (error) return (*done)(*error);
        anchor->client->looked_again(stale);
        (*done)(database_of(services, only, *link));
      });
}

void SimClient::looked_again(std::size_t changes) {
  const auto settled = stale_.begin() + static_cast<std::ptrdiff_t>(std::min(changes, stale_.size()));
  const std::vector<HandleRange> changed(stale_.begin(), settled);
  stale_.erase(stale_.begin(), settled);
  const auto interests = interests_;
  for (const Interest& interest : interests)
    if (hold(changed, interest.handle) && !is_stale(interest.handle)) restore(interest);
}

// A peripheral forgets what was configured in a service that it takes away.
void SimClient::restore(const Interest& interest) {
  const auto known = link_->find(interest.handle);
  const bool same = known && known->value_handle == interest.value_handle && known->uuid == interest.uuid &&
                    known->service == interest.service && known->configuration != 0;
  if (!same) return drop_interest(interest.handle);
  link_->configure(*known, [anchor = anchor_, handle = interest.handle](const std::optional<Error>& error) {
    if (!anchor->client || !error || anchor->client->is_stale(handle)) return;
    anchor->client->drop_interest(handle);
    if (error->code() != ErrorCode::disconnected) anchor->client->events_.on_subscription_ended(handle, *error);
  });
}

void SimClient::drop_interest(std::uint16_t handle) {
  std::erase_if(interests_, [handle](const Interest& interest) { return interest.handle == handle; });
}

void SimClient::read_characteristic(std::uint16_t handle, bool, backend::Done<Bytes> done) {
  if (const auto known = usable_characteristic(handle, done)) read_value(*link_, known->value_handle, std::move(done));
}

void SimClient::read_descriptor(std::uint16_t handle, bool, backend::Done<Bytes> done) {
  Link* link = usable_link(done);
  if (!link) return;
  if (is_stale(handle) || !link->knows_descriptor(handle)) return done(attribute_gone());
  read_value(*link, handle, std::move(done));
}

void SimClient::read_value(Link& link, std::uint16_t value_handle, backend::Done<Bytes> done) {
  auto take = [anchor = anchor_, value_handle, done = shared(std::move(done))](Procedure& procedure) {
    if (!anchor->client) return;
    if (anchor->client->is_stale(value_handle)) return (*done)(attribute_gone());
    if (procedure.error()) return (*done)(*procedure.error());
    (*done)(static_cast<ReadValue&>(procedure).value());
  };
  link.start(std::make_unique<ReadValue>(value_handle), std::move(take));
}

void SimClient::write_characteristic(std::uint16_t handle, Bytes value, backend::WriteKind kind,
                                     backend::Done<void> done) {
  const auto known = usable_characteristic(handle, done);
  if (!known) return;
  std::unique_ptr<Procedure> procedure;
  if (kind == backend::WriteKind::without_response)
    procedure = std::make_unique<WriteCommand>(known->value_handle, std::move(value));
  else
    procedure =
        std::make_unique<WriteValue>(known->value_handle, std::move(value), kind == backend::WriteKind::reliable);
  run(*link_, known->value_handle, std::move(procedure), std::move(done));
}

void SimClient::write_descriptor(std::uint16_t handle, Bytes value, backend::Done<void> done) {
  Link* link = usable_link(done);
  if (!link) return;
  if (is_stale(handle) || !link->knows_descriptor(handle)) return done(attribute_gone());
  run(*link, handle, std::make_unique<WriteValue>(handle, std::move(value)), std::move(done));
}

void SimClient::run(Link& link, std::uint16_t attribute, std::unique_ptr<Procedure> procedure,
                    backend::Done<void> done) {
  link.start(std::move(procedure), [anchor = anchor_, attribute, done = shared(std::move(done))](Procedure& ended) {
    if (!anchor->client) return;
    if (anchor->client->is_stale(attribute)) return (*done)(attribute_gone());
    if (ended.error()) return (*done)(*ended.error());
    (*done)({});
  });
}

void SimClient::subscribe(std::uint16_t handle, const backend::SubscribeRequest& request, backend::Done<void> done) {
  const auto known = usable_characteristic(handle, done);
  if (!known) return;
  if (known->configuration == 0)
    return done(Error(ErrorCode::not_supported, "this characteristic has no Client Characteristic Configuration"));
  const std::uint16_t bits = request.kind == backend::SubscribeKind::notify ? 1 : 2;
  drop_interest(handle);
  interests_.push_back({handle, known->value_handle, bits, known->uuid, known->service});
  link_->configure(*known,
                   [anchor = anchor_, handle, done = shared(std::move(done))](const std::optional<Error>& error) {
                     if (!anchor->client) return;
                     const bool stale = anchor->client->is_stale(handle);
                     if (!error && !stale) return (*done)({});
                     anchor->client->drop_interest(handle);
                     (*done)(stale ? attribute_gone() : *error);
                   });
}

void SimClient::unsubscribe(std::uint16_t handle, backend::Done<void> done) {
  drop_interest(handle);
  if (state_ != State::linked || link_->state() != Link::State::up) return done({});
  const auto known = link_->find(handle);
  if (!known || known->configuration == 0) return done({});
  link_->configure(*known, [anchor = anchor_, done = shared(std::move(done))](const std::optional<Error>& error) {
    if (!anchor->client) return;
    if (error && error->code() != ErrorCode::disconnected) return (*done)(*error);
    (*done)({});
  });
}

std::uint16_t SimClient::wants(std::uint16_t value_handle) const noexcept {
  if (is_stale(value_handle)) return 0;
  for (const Interest& interest : interests_)
    if (interest.value_handle == value_handle) return interest.bits;
  return 0;
}

void SimClient::on_value(std::uint16_t value_handle, ByteView value) {
  if (is_stale(value_handle)) return;
  for (const Interest& interest : interests_) {
    if (interest.value_handle != value_handle) continue;
    // What a user's callback throws must not unwind through the link.
    const auto world = world_;
    world->guarded([&] { events_.on_value(interest.handle, value); });
    return;
  }
}

}  // namespace blau::sim::detail
