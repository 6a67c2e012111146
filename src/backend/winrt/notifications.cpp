#include "notifications.hpp"

#include "values.hpp"

#include <algorithm>
#include <utility>

namespace blau::detail::windows {
namespace {

using Configuration = profile::GattClientCharacteristicConfigurationDescriptorValue;

Configuration configuration_of(backend::SubscribeKind kind) noexcept {
  return kind == backend::SubscribeKind::notify ? Configuration::Notify : Configuration::Indicate;
}

}  // namespace

/// It runs on a thread of the system's, one call after another for each characteristic: so the values keep their order.
Notifications::Handler Notifications::make_handler(std::uint16_t handle, std::uint64_t number) {
  return [weak = weak_from_this(), loop = system_->handle(), handle, number](
             const profile::GattCharacteristic&, const profile::GattValueChangedEventArgs& args) {
    try {
      loop.post([weak, handle, number, value = to_bytes(args.CharacteristicValue())] {
        if (const auto self = weak.lock()) self->value_came(handle, number, value);
      });
    } catch (...) {  // NOLINT: of a service that is closed
    }
  };
}

void Notifications::value_came(std::uint16_t handle, std::uint64_t number, ByteView value) const {
  const auto found = entries_.find(handle);
  const auto taker = taker_.lock();
  if (taker && found != entries_.end() && found->second.number == number) taker->value_came(handle, value);
}

/// The handler before the write: values may come before its answer.
Asked Notifications::configure(std::uint16_t handle, const Entry& entry, unique_function<void(Result<void>)> then) {
  auto start = [natives = natives_, handle, value = configuration_of(entry.kind),
                handler = make_handler(handle, entry.number)] {
    auto& characteristic = natives->characteristic(handle);
    characteristic.deafen();
    characteristic.values = characteristic.object.ValueChanged(handler);
    return characteristic.object.WriteClientCharacteristicConfigurationDescriptorWithResultAsync(value);
  };
  unique_function<void(const profile::GattWriteResult&)> read = &check;
  auto answered = [weak = weak_from_this(), handle, number = entry.number,
                   then = std::move(then)](Result<void> result) mutable {
    const auto self = weak.lock();
    if (self && !result) self->failed(handle, number);
    then(std::move(result));
  };
  return ask_for<void, profile::GattWriteResult>(system_, std::move(start), std::move(read), std::move(answered));
}

void Notifications::failed(std::uint16_t handle, std::uint64_t number) {
  const auto found = entries_.find(handle);
  if (found == entries_.end() || found->second.number != number) return;
  entries_.erase(found);
  system_->apartment().run([natives = natives_, handle] { natives->characteristic(handle).deafen(); });
}

Asked Notifications::subscribe(std::uint16_t handle, backend::SubscribeKind kind,
                               unique_function<void(Result<void>)> then) {
  const Entry entry{kind, ++last_number_};
  entries_.insert_or_assign(handle, entry);
  return configure(handle, entry, std::move(then));
}

Asked Notifications::unsubscribe(std::uint16_t handle, unique_function<void(Result<void>)> then) {
  entries_.erase(handle);
  auto start = [natives = natives_, handle] {
    auto& characteristic = natives->characteristic(handle);
    characteristic.deafen();
    return characteristic.object.WriteClientCharacteristicConfigurationDescriptorWithResultAsync(Configuration::None);
  };
  unique_function<void(const profile::GattWriteResult&)> read = &check;
  return ask_for<void, profile::GattWriteResult>(system_, std::move(start), std::move(read), std::move(then));
}

void Notifications::move_to(const std::shared_ptr<NativeTree>& tree, unique_function<void()> then) {
  using Handles = std::vector<std::uint16_t>;
  close_old();
  old_ = tree;
  auto work = [natives = natives_, tree, subscribed = entries_] {
    Handles handles;
    for (const auto& [handle, entry] : subscribed) {
      const auto before = natives->tree.characteristics.find(handle);
      const auto after = tree->characteristics.find(handle);
      if (before == natives->tree.characteristics.end() || after == tree->characteristics.end()) continue;
      if (before->second.object.Uuid() == after->second.object.Uuid()) handles.push_back(handle);
    }
    std::swap(natives->tree, *tree);
    return handles;
  };
  auto moved = [weak = weak_from_this(), then = std::move(then)](Result<Handles> handles) mutable {
    const auto self = weak.lock();
    if (!self) return;
    Handles stay = std::move(handles).value_or(Handles());
    std::erase_if(self->entries_, [&stay](const auto& entry) {
      return std::find(stay.begin(), stay.end(), entry.first) == stay.end();
    });
    self->restore(std::move(stay), std::move(then));
  };
  system_->call<Handles>(std::move(work), std::move(moved));
}

/// Their characteristics are the new objects' now. Handlers of the old ones reach nobody from here on.
void Notifications::restore(std::vector<std::uint16_t> handles, unique_function<void()> then) {
  if (handles.empty()) {
    close_old();
    return then();
  }
  const auto handle = handles.back();
  handles.pop_back();
  const auto found = entries_.find(handle);
  if (found == entries_.end()) return restore(std::move(handles), std::move(then));
  found->second.number = ++last_number_;
  auto next = [weak = weak_from_this(), handle, handles = std::move(handles),
               then = std::move(then)](const Result<void>& result) mutable {
    const auto self = weak.lock();
    if (!self) return;
    const auto taker = self->taker_.lock();
    if (!result && taker) taker->subscription_ended(handle, result.error());
    self->restore(std::move(handles), std::move(then));
  };
  restoring_ = configure(handle, found->second, std::move(next));
}

void Notifications::close_old() {
  const auto old = std::exchange(old_, nullptr);
  if (!old) return;
  auto take = [old] {
    Closing::Steps steps;
    old->add_closing_to(steps);
    return steps;
  };
  Closing::begin(system_, std::move(take), [] {});
}

}  // namespace blau::detail::windows
