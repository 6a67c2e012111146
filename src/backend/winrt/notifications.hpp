#pragma once

#include "gatt.hpp"

#include <blau/backend.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace blau::detail::windows {

/// Takes the values of a link's subscriptions.
class ValueTaker {
 public:
  virtual void value_came(std::uint16_t handle, ByteView value) = 0;
  virtual void subscription_ended(std::uint16_t handle, const Error& error) = 0;

 protected:
  ~ValueTaker() = default;
};

/// The subscriptions of one link.
class Notifications : public std::enable_shared_from_this<Notifications> {
 public:
  Notifications(const std::shared_ptr<System>& system, const std::shared_ptr<Natives>& natives,
                std::weak_ptr<ValueTaker> taker)
      : system_(system), natives_(natives), taker_(std::move(taker)) {}
  ~Notifications() { close_old(); }

  /// Values come from here on, before `then` too.
  [[nodiscard]] Asked subscribe(std::uint16_t handle, backend::SubscribeKind kind,
                                unique_function<void(Result<void>)> then);
  /// No value comes any more.
  [[nodiscard]] Asked unsubscribe(std::uint16_t handle, unique_function<void(Result<void>)> then);
  /// The services were discovered again: the new objects take the place of the old ones, which are closed, and subscriptions move to them, where their characteristic is still there.
  void move_to(const std::shared_ptr<NativeTree>& tree, unique_function<void()> then);

 private:
  struct Entry {
    backend::SubscribeKind kind;
    std::uint64_t number;  // values of an earlier subscription have another one
  };
  using Handler =
      ::winrt::Windows::Foundation::TypedEventHandler<profile::GattCharacteristic, profile::GattValueChangedEventArgs>;

  [[nodiscard]] Handler make_handler(std::uint16_t handle, std::uint64_t number);
  [[nodiscard]] Asked configure(std::uint16_t handle, const Entry& entry, unique_function<void(Result<void>)> then);
  void value_came(std::uint16_t handle, std::uint64_t number, ByteView value) const;
  void failed(std::uint16_t handle, std::uint64_t number);
  void restore(std::vector<std::uint16_t> handles, unique_function<void()> then);
  void close_old();

  std::shared_ptr<System> system_;
  std::shared_ptr<Natives> natives_;
  std::weak_ptr<ValueTaker> taker_;
  std::map<std::uint16_t, Entry> entries_;
  // Of the discovery before, until nothing is subscribed to by it.
  std::shared_ptr<NativeTree> old_;
  std::uint64_t last_number_ = 0;
  Asked restoring_;
};

}  // namespace blau::detail::windows
