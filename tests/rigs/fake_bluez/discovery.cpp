#include "discovery.hpp"

#include "adapter.hpp"
#include "daemon.hpp"
#include "device.hpp"

#include <algorithm>
#include <utility>

namespace blau::fake {

namespace {

bool read_uuids(Reader& reader, std::vector<Uuid>& uuids) {
  if (!reader.enter_variant("as")) return false;
  bool valid = true;
  reader.each_text('s', [&](std::string_view text) {
    const auto uuid = Uuid::parse(text);
    valid = valid && uuid;
    if (uuid) uuids.push_back(*uuid);
  });
  reader.leave();
  return valid;
}

bool read_entry(Reader& reader, std::string_view name, DiscoveryFilter& filter) {
  std::string_view text;
  bool flag = false;
  if (name == "UUIDs") return read_uuids(reader, filter.uuids);
  if (name == "RSSI") return reader.variant(filter.rssi.emplace()) && *filter.rssi >= -127 && *filter.rssi <= 20;
  if (name == "Pathloss") return reader.variant(filter.pathloss.emplace()) && *filter.pathloss <= 137;
  if (name == "Transport") return reader.variant(text) && (text == "le" || text == "auto" || text == "bredr");
  if (name == "DuplicateData") return reader.variant(filter.duplicates);
  if (name == "Discoverable") return reader.variant(flag);
  if (name == "Pattern" && reader.variant(text)) return filter.pattern = text, true;
  return false;
}

}  // namespace

std::optional<DiscoveryFilter> DiscoveryFilter::read(Reader reader, bool& is_empty) {
  DiscoveryFilter filter;
  bool valid = true;
  is_empty = true;
  reader.each_property([&](std::string_view name) {
    is_empty = false;
    const bool taken = read_entry(reader, name, filter);
    valid = valid && taken;
    return taken;
  });
  // Only one of them.
  if (!valid || reader.failed() || (filter.rssi && filter.pathloss)) return std::nullopt;
  return filter;
}

Discovery::Sessions::iterator Discovery::find(Sessions& sessions, const std::string& owner) {
  return std::ranges::find(sessions, owner, &Session::owner);
}

void Discovery::set_filter(const Call& call) {
  if (!adapter_.powered()) return call.error(errors::not_ready());
  bool is_empty = false;
  auto filter = DiscoveryFilter::read(call.reader(), is_empty);
  if (!filter) return call.error(errors::invalid_arguments());
  if (is_empty) filter.reset();
  if (const auto active = find(sessions_, call.sender()); active != sessions_.end()) {
    active->filter = std::move(filter);
    return call.reply();
  }
  if (const auto preset = find(preset_, call.sender()); preset != preset_.end()) preset_.erase(preset);
  if (filter) {
    preset_.emplace_back();
    preset_.back().owner = call.sender();
    preset_.back().filter = std::move(filter);
  }
  call.reply();
}

void Discovery::start(const Call& call) {
  if (!adapter_.powered()) return call.error(errors::not_ready());
  if (find(sessions_, call.sender()) != sessions_.end()) return call.error(errors::busy());
  const auto preset = find(preset_, call.sender());
  if (preset != preset_.end()) {
    sessions_.splice(sessions_.begin(), preset_, preset);
  } else {
    sessions_.emplace_front();
    sessions_.front().owner = call.sender();
  }
  Session& session = sessions_.front();
  session.call = call;
  session.timer.start(adapter_.daemon().loop(), adapter_.daemon().pace().discovery_command,
                      [this, &session] { started(session); });
}

void Discovery::started(Session& session) {
  const auto call = std::exchange(session.call, std::nullopt);
  if (call) call->reply();
  if (!std::exchange(runs_, true)) adapter_.discovering_changed();
}

void Discovery::stop(const Call& call) {
  if (!adapter_.powered()) return call.error(errors::not_ready());
  const auto session = find(sessions_, call.sender());
  if (session == sessions_.end()) return call.error(errors::failed("No discovery started"));
  if (session->call) return call.error(errors::busy());
  if (sessions_.size() > 1) {
    remove(session, false);
    return call.reply();
  }
  session->call = call;
  session->timer.start(adapter_.daemon().loop(), adapter_.daemon().pace().discovery_command,
                       [this, session] { stopped(session); });
}

void Discovery::stopped(Sessions::iterator session) {
  const auto call = std::exchange(session->call, std::nullopt);
  if (call) call->reply();
  remove(session, false);
}

void Discovery::remove(Sessions::iterator session, bool forget_filter) {
  session->timer.stop();
  if (forget_filter || !session->filter)
    sessions_.erase(session);
  else
    preset_.splice(preset_.begin(), sessions_, session);
  if (sessions_.empty()) end();
}

void Discovery::end() {
  if (std::exchange(runs_, false)) adapter_.discovering_changed();
  for (Device* device : std::exchange(found_, {})) device->forget_strength();
  adapter_.forget_unconnectable();
}

void Discovery::program_gone(const std::string& name) {
  if (const auto preset = find(preset_, name); preset != preset_.end()) preset_.erase(preset);
  if (const auto session = find(sessions_, name); session != sessions_.end()) {
    if (session->call) session->call->abandon();
    remove(session, true);
  }
}

void Discovery::reset() {
  for (const Session& session : sessions_)
    if (session.call) session.call->abandon();
  sessions_.clear();
  preset_.clear();
  end();
}

bool Discovery::is_filtered() const {
  const bool transport_counts = !adapter_.daemon().habits().transport_is_no_filter;
  return std::ranges::any_of(sessions_, [transport_counts](const Session& session) {
    return session.filter && (transport_counts || session.filter->asks_for_more_than_transport());
  });
}

bool Discovery::wants_duplicates() const {
  return std::ranges::any_of(sessions_,
                             [](const Session& session) { return session.filter && session.filter->duplicates; });
}

bool Discovery::has_uuid_filter() const {
  return std::ranges::any_of(sessions_,
                             [](const Session& session) { return session.filter && !session.filter->uuids.empty(); });
}

bool Discovery::passes(const AdvertisementData& data, int rssi) const {
  // The kernel's part: the weakest of all limits, if everybody has one.
  std::optional<int> limit;
  for (const Session& session : sessions_) {
    if (!session.filter) return true;
    if (!session.filter->rssi) limit = -128;
    if (session.filter->rssi) limit = std::min<int>(limit.value_or(127), *session.filter->rssi);
  }
  if (limit && rssi < *limit) return false;
  // The daemon's: filters are alternatives, and only UUIDs and patterns keep anything out.
  return std::ranges::any_of(sessions_, [&](const Session& session) {
    const auto& filter = *session.filter;
    if (!filter.pattern.empty() && !(data.local_name && data.local_name->starts_with(filter.pattern))) return false;
    if (filter.uuids.empty()) return true;
    return std::ranges::any_of(filter.uuids, [&](const Uuid& uuid) {
      return std::ranges::find(data.service_uuids, uuid) != data.service_uuids.end();
    });
  });
}

void Discovery::heard(Peripheral& peripheral, int rssi) {
  const AdvertisementData& data = peripheral.advertised();
  if (!passes(data, rssi)) return;
  if (adapter_.daemon().habits().dies_of_uuid_filter && has_uuid_filter())
    return adapter_.daemon().loop().post(
        [&daemon = adapter_.daemon()] { daemon.restart(std::chrono::milliseconds(100)); });
  Device& device = adapter_.device_for(peripheral);
  found_.insert(&device);
  device.seen(data, rssi,
              Device::Sighting{wants_duplicates(), is_filtered(), peripheral.spec().advertising.connectable});
}

}  // namespace blau::fake
