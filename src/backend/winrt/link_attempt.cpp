// Attempts at a link: docs/adr/0012 tells the steps.

#include "errors.hpp"
#include "link.hpp"
#include "values.hpp"

#include <winrt/Windows.Devices.Enumeration.h>

#include <chrono>
#include <utility>

namespace blau::detail::windows {
namespace {

using ::winrt::Windows::Foundation::IAsyncOperation;
using ::winrt::Windows::Foundation::IInspectable;

constexpr Duration pause_before_call = std::chrono::seconds(1);

/// Generic Access: every device has it (Core Vol 3 Part C 12), and one request finds it.
constexpr Uuid generic_access{0x1800};

void close_unwanted_session(const profile::GattSession& session) {
  if (session) session.Close();
}

/// A handler that does something with the link on the loop, if it is still there.
template <class... Args>
void post_to(const LoopHandle& loop, const std::weak_ptr<Link>& link, void (Link::*what)(Args...), Args... args) {
  loop.post([link, what, args...] {
    if (const auto self = link.lock()) (self.get()->*what)(args...);
  });
}

}  // namespace

IAsyncOperation<bluetooth::BluetoothLEDevice> start_device(std::uint64_t address, std::optional<AddressType> type) {
  if (type) return bluetooth::BluetoothLEDevice::FromBluetoothAddressAsync(address, to_winrt(*type));
  return bluetooth::BluetoothLEDevice::FromBluetoothAddressAsync(address);
}

void close_unwanted_device(const bluetooth::BluetoothLEDevice& device) {
  if (device) device.Close();
}

template <class T>
unique_function<void(Result<T>)> Link::while_opening(void (Link::*next)(Result<T>)) {
  return [weak = weak_from_this(), next](Result<T> result) {
    const auto self = weak.lock();
    if (self && self->state_ == State::opening) (self.get()->*next)(std::move(result));
  };
}

void Link::open(const Address& address, std::optional<AddressType> type) {
  state_ = State::opening;
  auto start = [number = address.number(), type] { return start_device(number, type); };
  asked_ = system_->ask<bluetooth::BluetoothLEDevice>(std::move(start), while_opening(&Link::got_device),
                                                      &close_unwanted_device);
}

void Link::got_device(Result<bluetooth::BluetoothLEDevice> device) {
  if (!device) return fail(device.error());
  // Neither paired nor in the system's list of what was heard lately.
  if (!*device) return fail(Error(ErrorCode::device_not_found, "Windows does not know this device: scan for it first"));
  auto work = [natives = natives_, found = std::move(*device), weak = weak_from_this(), loop = system_->handle()] {
    natives->device = found;
    return watch_services(*natives, weak, loop);
  };
  system_->call<bool>(std::move(work), while_opening(&Link::knows_bond));
}

/// @return whether the device has a bond
bool Link::watch_services(Natives& natives, const std::weak_ptr<Link>& link, const LoopHandle& loop) {
  const auto device = natives.device;
  const auto token = device.GattServicesChanged([link, loop](const auto&, const IInspectable&) {
    loop.post([link] {
      const auto self = link.lock();
      const auto owner = self ? self->owner_.lock() : nullptr;
      if (owner && self->state_ != State::ended) owner->services_changed(self);
    });
  });
  natives.revokers.emplace_back([device, token] { device.GattServicesChanged(token); });
  const auto information = device.DeviceInformation();
  return information && information.Pairing().IsPaired();
}

void Link::knows_bond(Result<bool> bonded) {
  if (!bonded) return fail(bonded.error());
  bonded_ = *bonded;
  ask_session();
}

void Link::ask_session() {
  auto start = [natives = natives_] {
    return profile::GattSession::FromDeviceIdAsync(natives->open_device().BluetoothDeviceId());
  };
  asked_ =
      system_->ask<profile::GattSession>(std::move(start), while_opening(&Link::got_session), &close_unwanted_session);
}

void Link::got_session(Result<profile::GattSession> session) {
  if (!session) return fail(session.error());
  if (!*session)
    return fail(Error(ErrorCode::failed, "Windows gives no GATT session for this device: scan for it again"));
  auto work = [natives = natives_, found = std::move(*session), weak = weak_from_this(), loop = system_->handle()] {
    natives->session = found;
    return watch_session(*natives, weak, loop);
  };
  system_->call<Standing>(std::move(work), while_opening(&Link::stands));
}

/// Handlers first: what changes between the look and the handlers would be told to nobody.
Link::Standing Link::watch_session(Natives& natives, const std::weak_ptr<Link>& link, const LoopHandle& loop) {
  const auto session = natives.session;
  if (!session.CanMaintainConnection())
    throw Error(ErrorCode::not_supported, "Windows cannot keep a connection to this device: is it Low Energy?");
  const auto status =
      session.SessionStatusChanged([link, loop](const auto&, const profile::GattSessionStatusChangedEventArgs& args) {
        try {
          post_to(loop, link, &Link::status_told, args.Status(), args.Error());
        } catch (...) {  // NOLINT: of a session that is closed
        }
      });
  natives.revokers.emplace_back([session, status] { session.SessionStatusChanged(status); });
  const auto size = session.MaxPduSizeChanged([link, loop](const profile::GattSession& sender, const IInspectable&) {
    try {
      post_to(loop, link, &Link::mtu_changed, sender.MaxPduSize());
    } catch (...) {  // NOLINT: of a session that is closed
    }
  });
  natives.revokers.emplace_back([session, size] { session.MaxPduSizeChanged(size); });
  session.MaintainConnection(true);
  return {session.SessionStatus() == profile::GattSessionStatus::Active, session.MaxPduSize()};
}

void Link::stands(Result<Standing> standing) {
  if (!standing) return fail(standing.error());
  stands_ = true;
  mtu_changed(standing->mtu);
  if (standing->active || told_active_) return come_up();
  call_device();
}

/// MaintainConnection connects when the device is heard, and says nothing if that never happens. A request makes Windows try at once.
void Link::call_device() {
  auto start = [natives = natives_] {
    return natives->open_device().GetGattServicesForUuidAsync(to_guid(generic_access),
                                                              bluetooth::BluetoothCacheMode::Uncached);
  };
  // They keep the link up, and closing them may hang.
  auto read = [system = std::weak_ptr<System>(system_)](const profile::GattDeviceServicesResult& result) {
    if (const auto held = system.lock()) {
      held->apartment().run_aside([result] {
        for (const auto& service : result.Services()) service.Close();
      });
    }
    return result.Status() != profile::GattCommunicationStatus::Unreachable;
  };
  asked_ = ask_for<bool, profile::GattDeviceServicesResult>(
      system_, std::move(start), std::move(read), while_opening(&Link::device_answered), &close_unwanted_services);
}

/// Whatever the device says, it has been reached, and the session will say so.
void Link::device_answered(Result<bool> answered) {
  const bool is_unreachable = answered ? !*answered : answered.error().code() == ErrorCode::disconnected;
  if (!answered && !is_unreachable) return fail(answered.error());
  if (is_unreachable) pause_.start_after(system_->loop(), pause_before_call, [this] { call_device(); });
}

}  // namespace blau::detail::windows
