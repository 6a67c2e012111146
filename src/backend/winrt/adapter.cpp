#include "adapter.hpp"

#include "values.hpp"

#include "core/text.hpp"

#include <utility>

namespace blau::detail::windows {

using ::winrt::Windows::Devices::Bluetooth::BluetoothAdapter;
using ::winrt::Windows::Devices::Enumeration::DeviceInformation;
using ::winrt::Windows::Devices::Radios::Radio;
using ::winrt::Windows::Devices::Radios::RadioState;

namespace {

/// The steps of one look. Each keeps this alive.
class AdapterLook : public std::enable_shared_from_this<AdapterLook> {
 public:
  AdapterLook(System& system, backend::Done<std::optional<AdapterSight>> done)
      : system_(system), done_(std::move(done)) {}

  void begin() {
    asked_ = system_.ask<BluetoothAdapter>(
        [] { return BluetoothAdapter::GetDefaultAsync(); },
        [self = shared_from_this()](Result<BluetoothAdapter> found) { self->found(std::move(found)); });
  }

 private:
  struct Facts {
    ::winrt::hstring id;
    std::uint64_t address = 0;
    bool central = false;
  };

  void found(Result<BluetoothAdapter> found) {
    if (!found) return done_(unavailable(found.error()));
    if (!*found) return done_(std::optional<AdapterSight>());
    adapter_ = *found;
    system_.call<Facts>(
        [adapter = adapter_] {
          return Facts{adapter.DeviceId(), adapter.BluetoothAddress(), adapter.IsCentralRoleSupported()};
        },
        [self = shared_from_this()](const Result<Facts>& facts) { self->read(facts); });
  }

  void read(const Result<Facts>& facts) {
    if (!facts) return finish(unavailable(facts.error()));
    id_ = facts->id;
    sight_.state.id = to_text(facts->id);
    sight_.state.address = Address(facts->address, AddressType::public_);
    sight_.state.is_default = true;
    sight_.state.powered = true;
    if (!facts->central) sight_.state.unusable = UnavailableReason::no_central_role;
    asked_ = system_.ask<Radio>([adapter = adapter_] { return adapter.GetRadioAsync(); },
                                [self = shared_from_this()](const Result<Radio>& radio) { self->see(radio); });
  }

  // No radio does not mean that it is off: a 32-bit program on 64-bit Windows gets none.
  void see(const Result<Radio>& radio) {
    if (!radio || !*radio) return ask_name();
    sight_.radio = *radio;
    system_.call<RadioState>([radio = sight_.radio] { return radio.State(); },
                             [self = shared_from_this()](const Result<RadioState>& state) {
                               if (state) self->judge(*state);
                               self->ask_name();
                             });
  }

  void judge(RadioState state) {
    sight_.state.powered = state != RadioState::Off && state != RadioState::Disabled;
    if (state == RadioState::Off) sight_.state.unusable = UnavailableReason::powered_off;
    if (state == RadioState::Disabled) sight_.state.unusable = UnavailableReason::blocked;
  }

  void ask_name() {
    asked_ = system_.ask<DeviceInformation>([id = id_] { return DeviceInformation::CreateFromIdAsync(id); },
                                            [self = shared_from_this()](const Result<DeviceInformation>& about) {
                                              if (!about || !*about) return self->finish(std::optional(self->sight_));
                                              self->system_.call<::winrt::hstring>(
                                                  [about = *about] { return about.Name(); },
                                                  [self](const Result<::winrt::hstring>& name) {
                                                    if (name) self->sight_.state.name = to_text(*name);
                                                    self->finish(std::optional(self->sight_));
                                                  });
                                            });
  }

  void finish(Result<std::optional<AdapterSight>> result) {
    system_.bury(std::exchange(adapter_, nullptr));
    done_(std::move(result));
  }

  System& system_;  // it keeps the steps
  backend::Done<std::optional<AdapterSight>> done_;
  Asked asked_;
  BluetoothAdapter adapter_{nullptr};
  ::winrt::hstring id_;
  AdapterSight sight_;
};

std::string_view reason_words(UnavailableReason reason) {
  switch (reason) {
    case UnavailableReason::powered_off: return "the Bluetooth radio is off; switch it on";
    case UnavailableReason::blocked:
      return "the Bluetooth radio is disabled; enable it in the device manager or by its hardware switch";
    case UnavailableReason::no_central_role: return "the Bluetooth adapter cannot be a central; use another adapter";
    default: return "there is no Bluetooth adapter; plug one in";
  }
}

Error adapter_unavailable(UnavailableReason reason) { return {reason, std::string(reason_words(reason))}; }

bool is_meant(const backend::AdapterState& adapter, const std::string& wanted) {
  if (wanted.empty() || wanted == adapter.id) return true;
  const auto address = Address::parse(wanted);
  return address && *address == adapter.address;
}

/// What a watch needs on the loop. Windows' handler knows it by a weak reference and looks at it there only.
class RadioWatch : public std::enable_shared_from_this<RadioWatch> {
 public:
  RadioWatch(std::shared_ptr<System> system, backend::AdapterEvents& events)
      : system_(std::move(system)), events_(&events) {}

  void look() {
    if (std::exchange(looking_, true)) {
      again_ = true;
      return;
    }
    look_at_adapter(*system_, [weak = weak_from_this()](const Result<std::optional<AdapterSight>>& seen) {
      if (const auto self = weak.lock()) self->looked(seen);
    });
  }

  void end() noexcept {
    events_ = nullptr;
    forget_radio();
  }

 private:
  void looked(const Result<std::optional<AdapterSight>>& seen) {
    looking_ = false;
    if (!events_) return;
    if (!seen || !*seen)
      tell_gone();
    else
      tell(**seen);
    known_ = true;
    if (events_ && std::exchange(again_, false)) look();
  }

  void tell(const AdapterSight& sight) {
    if (state_ && state_->id != sight.state.id) tell_gone();
    const bool changed = known_ && (!state_ || *state_ != sight.state);
    state_ = sight.state;
    if (sight.radio && !radio_) listen(sight.radio);
    if (changed && events_) events_->on_adapter_changed(sight.state);
  }

  void tell_gone() {
    forget_radio();
    const auto gone = std::exchange(state_, std::nullopt);
    if (gone && events_) events_->on_adapter_removed(gone->id);
  }

  // What changes before the handler is there shows in another look.
  void listen(const Radio& radio) {
    radio_ = radio;
    auto handler = [weak = weak_from_this(), handle = system_->handle()](const auto&, const auto&) {
      handle.post([weak] {
        if (const auto self = weak.lock()) self->look();
      });
    };
    system_->call<::winrt::event_token>(
        [radio, handler] { return radio.StateChanged(handler); },
        [weak = weak_from_this(), system = system_.get(), radio](const Result<::winrt::event_token>& token) {
          if (!token) return;
          const auto self = weak.lock();
          if (!self || self->radio_ != radio) return revoke(*system, radio, *token);
          self->token_ = *token;
          self->look();
        });
  }

  void forget_radio() noexcept {
    auto radio = std::exchange(radio_, nullptr);
    const auto token = std::exchange(token_, std::nullopt);
    if (radio && token)
      revoke(*system_, radio, *token);
    else if (radio)
      system_->bury(std::move(radio));
  }

  static void revoke(System& system, const Radio& radio, ::winrt::event_token token) {
    system.apartment().run([radio, token] { radio.StateChanged(token); });
  }

  std::shared_ptr<System> system_;
  backend::AdapterEvents* events_;  // null: nobody watches any more
  bool known_ = false;              // there was a look
  bool looking_ = false;
  bool again_ = false;  // something happened during a look
  std::optional<backend::AdapterState> state_;
  Radio radio_{nullptr};
  std::optional<::winrt::event_token> token_;
};

class Watch final : public backend::AdapterWatch {
 public:
  explicit Watch(std::shared_ptr<RadioWatch> radio) : radio_(std::move(radio)) {}
  ~Watch() override { radio_->end(); }

 private:
  std::shared_ptr<RadioWatch> radio_;
};

}  // namespace

void look_at_adapter(System& system, backend::Done<std::optional<AdapterSight>> done) {
  std::make_shared<AdapterLook>(system, std::move(done))->begin();
}

void find_adapter(System& system, const std::string& wanted, backend::Done<backend::AdapterState> done) {
  look_at_adapter(system, [wanted, done = std::move(done)](const Result<std::optional<AdapterSight>>& seen) mutable {
    if (!seen) return done(seen.error());
    if (!*seen) return done(adapter_unavailable(UnavailableReason::no_adapter));
    const auto& state = (*seen)->state;
    if (is_meant(state, wanted)) return done(state);
    done(Error(ErrorCode::not_supported, "Windows uses its default adapter only, " + detail::quoted(state.id) +
                                             ", and not " + detail::quoted(wanted) + "; name none"));
  });
}

void choose_adapter(System& system, const std::string& wanted, backend::Done<backend::AdapterState> done) {
  find_adapter(system, wanted, [done = std::move(done)](const Result<backend::AdapterState>& found) mutable {
    if (found && found->unusable) return done(adapter_unavailable(*found->unusable));
    done(found);
  });
}

std::unique_ptr<backend::AdapterWatch> watch_adapter(const std::shared_ptr<System>& system,
                                                     backend::AdapterEvents& events) {
  auto radio = std::make_shared<RadioWatch>(system, events);
  radio->look();
  return std::make_unique<Watch>(std::move(radio));
}

}  // namespace blau::detail::windows
