#include "remote_values.hpp"

#include "host.hpp"
#include "values.hpp"

#include <utility>

namespace fake_windows {
namespace {

class ValueChanged : public winrt::implements<ValueChanged, gatt::IGattValueChangedEventArgs> {
 public:
  explicit ValueChanged(blau::ByteView value) : value_(buffer_of(value)) {}
  streams::IBuffer CharacteristicValue() const { return value_; }
  foundation::DateTime Timestamp() const { return winrt::clock::now(); }

 private:
  const streams::IBuffer value_;
};

}  // namespace

void RemoteValues::add(const std::shared_ptr<CharacteristicState>& characteristic) {
  auto& objects = objects_[characteristic->record.handle];
  std::erase_if(objects, [](const auto& weak) { return weak.expired(); });
  objects.push_back(characteristic);
}

void RemoteValues::came(std::uint16_t handle, blau::ByteView value) {
  remembered_[handle] = blau::Bytes(value.begin(), value.end());
  const auto found = objects_.find(handle);
  if (found == objects_.end()) return;
  const auto args = winrt::make<ValueChanged>(value).as<gatt::GattValueChangedEventArgs>();
  for (const auto& weak : found->second) {
    const auto object = weak.lock();
    if (!object || object->service->closed) continue;
    if (const auto self = object->self.get()) object->value_changed.raise(host_, self, args);
  }
}

void RemoteValues::link_ended() {
  remembered_.clear();
  for (auto& [handle, configuration] : configurations_) configuration.wanted.clear();
}

void RemoteValues::read(std::uint16_t attribute, bool is_descriptor, bool cached,
                        blau::backend::Done<blau::Bytes> done) {
  const auto known = remembered_.find(attribute);
  if (cached && known != remembered_.end()) return done(known->second);
  auto taken = [this, alive = std::weak_ptr(life_), attribute,
                done = std::move(done)](blau::Result<blau::Bytes> value) mutable {
    if (alive.expired()) return;
    if (value) remembered_[attribute] = *value;
    done(std::move(value));
  };
  if (is_descriptor) return port_.read_descriptor(attribute, false, std::move(taken));
  port_.read_characteristic(attribute, false, std::move(taken));
}

void RemoteValues::configure(const std::shared_ptr<CharacteristicState>& characteristic, Kind kind,
                             blau::backend::Done<void> done) {
  const std::uint16_t handle = characteristic->record.handle;
  auto& changes = configurations_[handle].changes;
  changes.push_back({characteristic, kind, std::move(done)});
  if (changes.size() == 1) begin_change(handle);
}

void RemoteValues::begin_change(std::uint16_t handle) {
  auto& [wanted, changes] = configurations_[handle];
  const Change& change = changes.front();
  auto others = wanted;
  others.erase(change.characteristic);
  auto done = [this, alive = std::weak_ptr(life_), handle](const blau::Result<void>& result) {
    if (!alive.expired()) change_done(handle, result);
  };
  if (!change.kind) {
    if (!others.empty() || !wanted.contains(change.characteristic)) return done({});
    return port_.unsubscribe(handle, done);
  }
  if (!wanted.empty() && wanted.begin()->second == *change.kind) return done({});
  blau::backend::SubscribeRequest request;
  request.kind = *change.kind;
  if (wanted.empty()) return port_.subscribe(handle, request, done);
  port_.unsubscribe(handle, [](const auto&) {});
  port_.subscribe(handle, request, done);
}

void RemoteValues::change_done(std::uint16_t handle, const blau::Result<void>& result) {
  auto& [wanted, changes] = configurations_[handle];
  Change change = std::move(changes.front());
  changes.pop_front();
  if (!change.kind)
    wanted.erase(change.characteristic);
  else if (result)
    wanted[change.characteristic] = *change.kind;
  const std::weak_ptr<void> alive = life_;
  change.done(result);
  if (!alive.expired() && !configurations_[handle].changes.empty()) begin_change(handle);
}

void RemoteValues::forget(const std::shared_ptr<ServiceState>& service) {
  std::vector<std::shared_ptr<CharacteristicState>> gone;
  for (const auto& [handle, configuration] : configurations_)
    for (const auto& [characteristic, kind] : configuration.wanted)
      if (characteristic->service == service) gone.push_back(characteristic);
  for (const auto& characteristic : gone) configure(characteristic, std::nullopt, [](const auto&) {});
}

}  // namespace fake_windows
