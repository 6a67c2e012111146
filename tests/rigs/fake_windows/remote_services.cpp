// What a device has: discovery, and its changes.

#include "remote.hpp"
#include "values.hpp"

#include <algorithm>
#include <utility>

namespace fake_windows {

Remote::WaiterId Remote::discover(bool cached, Found found) {
  if (cached && database_) {
    found(&*database_);
    return 0;
  }
  auto shared = std::make_shared<Found>(std::move(found));
  return await_link([weak = weak_from_this(), shared](const std::optional<blau::Error>& error) {
    const auto self = weak.lock();
    if (!self) return;
    if (error) return (*shared)(*error);
    self->discovery_waiters_.push_back([shared](const auto& result) { (*shared)(result); });
    if (!self->discovering_) self->begin_discovery();
  });
}

void Remote::begin_discovery() {
  discovering_ = true;
  use();
  port_->discover({}, [weak = weak_from_this()](blau::Result<blau::backend::GattDatabase> found) {
    if (const auto self = weak.lock()) self->discovered(std::move(found));
  });
}

void Remote::discovered(blau::Result<blau::backend::GattDatabase> found) {
  discovering_ = false;
  if (found && std::exchange(discovers_again_, false)) {
    begin_discovery();
    return unuse();
  }
  if (found) {
    database_ = *std::move(found);
    close_what_is_gone();
  }
  if (database_ && host_.habits().tells_services_one_by_one)
    for (std::size_t i = 0; i < database_->services.size(); ++i) tell_services_changed();
  if (found && std::exchange(changed_, false)) tell_services_changed();
  for (auto& waiter : std::exchange(discovery_waiters_, {})) found ? waiter(&*database_) : waiter(found.error());
  unuse();
}

void Remote::on_services_changed() {
  changed_ = true;
  if (discovering_)
    discovers_again_ = true;
  else
    begin_discovery();
}

void Remote::tell_services_changed() {
  std::erase_if(devices_, [](const auto& weak) { return weak.expired(); });
  for (const auto& weak : devices_) {
    const auto device = weak.lock();
    if (!device || device->closed) continue;
    if (const auto self = device->self.get()) device->services_changed.raise(host_, self, Nothing(nullptr));
  }
}

/// An object of a service that is not there any more, or not as it was, is of no use.
void Remote::close_what_is_gone() {
  std::erase_if(services_, [](const auto& weak) { return weak.expired(); });
  for (const auto& weak : services_) {
    const auto service = weak.lock();
    if (!service) continue;
    const auto is_it = [&](const auto& record) {
      return record.handle == service->record.handle && record.uuid == service->record.uuid;
    };
    if (std::ranges::none_of(database_->services, is_it)) service->closed = true;
  }
}

}  // namespace fake_windows
