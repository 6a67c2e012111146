#pragma once

#include "../input.hpp"

#include <blau/backend.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace blau::fuzz {

/// Every `Done` that somebody gave away, and what the contract promises of it.
class Ledger {
 public:
  /// @param called told whenever the backend has called the user, who may do anything right there
  explicit Ledger(std::function<void()> called) : called_(std::move(called)) {}

  /// A `Done` of `owner`, which is told its result.
  template <class T, class Then>
  auto expect(const void* owner, Then then) {
    const auto entry = std::make_shared<Entry>(Entry{owner});
    entries_.push_back(entry);
    return [entry, this, then = std::move(then)](auto result) {
      require(!entry->dropped, "no Done after the object that took it was destroyed");
      require(!std::exchange(entry->ended, true), "a Done is called once");
      const Result<T>& plain = result;
      require(plain.has_value() || plain.error().what()[0] != '\0', "an error has words");
      then(plain);
      called_();
    };
  }
  /// The owner is destroyed: nothing of it may be answered any more.
  void drop(const void* owner) {
    for (const auto& entry : entries_)
      if (entry->owner == owner) entry->dropped = true;
  }
  void called() const { called_(); }
  void require_all_ended() const {
    for (const auto& entry : entries_) require(entry->ended || entry->dropped, "every Done is called");
  }

 private:
  struct Entry {
    const void* owner;
    bool ended = false;
    bool dropped = false;
  };
  std::function<void()> called_;
  std::vector<std::shared_ptr<Entry>> entries_;
};

/// A client as the core is one: asks only what the contract allows it to ask, and checks what it is told.
class ClientUser final : public backend::ClientEvents {
 public:
  ClientUser(Ledger& ledger, backend::Backend& backend, const backend::ClientRequest& request);

  /// Does what `choice` names, with what `input` says; nothing where the contract forbids it now.
  void act(std::uint8_t choice, Input& input);
  void destroy();
  [[nodiscard]] bool is_destroyed() const noexcept { return !port_; }
  /// The backend was destroyed before this: nobody tells of the end of its link any more.
  void backend_is_gone() noexcept { orphaned_ = true; }
  /// After the bus was lost for good.
  void require_down() const;

  void on_disconnected(DisconnectReason reason, const std::string& native) override;
  void on_value(std::uint16_t handle, ByteView value) override;
  void on_mtu_changed(std::uint16_t mtu) override;
  void on_services_changed() override;
  void on_pairing_question(const backend::PairingQuestion&, backend::Done<backend::PairingAnswer>) override;
  void on_bond_changed(bool bonded) override;

 private:
  enum class Link { down, connecting, aborting, up, disconnecting, releasing };
  enum class Subscription { starting, on, stopping };

  void connect();
  void disconnect(backend::ReleaseKind kind);
  void release();
  void discover(Input& input);
  void read(std::uint16_t handle, bool of_descriptor);
  void write(std::uint16_t handle, Input& input);
  void subscribe(std::uint16_t handle, Input& input);
  void unsubscribe(std::uint16_t handle);
  void pair(bool remove);
  /// Takes the characteristic's or descriptor's turn, if it is free.
  [[nodiscard]] bool begin(std::uint16_t handle) { return link_ == Link::up && busy_.insert(handle).second; }
  void require_alive() const { require(port_ != nullptr, "nothing is told after the destruction"); }

  Ledger& ledger_;
  std::unique_ptr<backend::ClientPort> port_;
  Link link_ = Link::down;
  bool told_up_ = false;
  bool orphaned_ = false;
  bool discovering_ = false;
  std::set<std::uint16_t> busy_;
  std::map<std::uint16_t, Subscription> subscriptions_;
};

/// A scanner as the core is one.
class ScannerUser final : public backend::ScannerEvents {
 public:
  ScannerUser(Ledger& ledger, backend::Backend& backend) : ledger_(ledger), port_(backend.make_scanner(*this)) {}

  void start(Input& input);
  void stop();
  void destroy();
  [[nodiscard]] bool is_destroyed() const noexcept { return !port_; }
  void require_down() const { require(state_ == State::idle || !port_, "a lost bus ends a scan"); }

  void on_advertisement(const Device& device, const AdvertisementData& data) override;
  void on_scan_ended(const Error& error) override;

 private:
  enum class State { idle, starting, running, stopping };

  Ledger& ledger_;
  std::unique_ptr<backend::ScannerPort> port_;
  State state_ = State::idle;
};

/// Somebody who wants to know of adapters.
class WatchUser final : public backend::AdapterEvents {
 public:
  WatchUser(Ledger& ledger, backend::Backend& backend) : ledger_(ledger), watch_(backend.watch_adapters(*this)) {}
  void destroy() { std::exchange(watch_, nullptr).reset(); }
  [[nodiscard]] bool is_destroyed() const noexcept { return !watch_; }

  void on_adapter_changed(const backend::AdapterState& state) override;
  void on_adapter_removed(const std::string& id) override;

 private:
  Ledger& ledger_;
  std::unique_ptr<backend::AdapterWatch> watch_;
};

}  // namespace blau::fuzz
