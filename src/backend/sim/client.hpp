#pragma once

#include "core.hpp"
#include "link.hpp"

#include <blau/backend.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace blau::sim::detail {

/// A client's access to a simulated peripheral.
class SimClient final : public backend::ClientPort {
 public:
  SimClient(std::shared_ptr<WorldCore> world, backend::ClientRequest request, backend::ClientEvents& events);
  ~SimClient() override;

  [[nodiscard]] std::string adapter() const override;
  void connect(backend::ConnectDone done) override;
  void abort_connect() override;
  void disconnect(backend::ReleaseKind kind, backend::Done<void> done) override;
  void release() noexcept override;
  [[nodiscard]] std::uint16_t mtu() const noexcept override;

  void discover(const backend::DiscoverRequest& request, backend::Done<backend::GattDatabase> done) override;
  void read_characteristic(std::uint16_t handle, bool use_cached, backend::Done<Bytes> done) override;
  void write_characteristic(std::uint16_t handle, Bytes value, backend::WriteKind kind,
                            backend::Done<void> done) override;
  void read_descriptor(std::uint16_t handle, bool use_cached, backend::Done<Bytes> done) override;
  void write_descriptor(std::uint16_t handle, Bytes value, backend::Done<void> done) override;
  void subscribe(std::uint16_t handle, const backend::SubscribeRequest& request, backend::Done<void> done) override;
  void unsubscribe(std::uint16_t handle, backend::Done<void> done) override;

  void pair(const backend::PairRequest& request, backend::Done<void> done) override;
  void cancel_pair() override;
  void unpair(backend::Done<void> done) override;

  // For the world.

  void ask(const backend::PairingQuestion& question, backend::Done<backend::PairingAnswer> done);
  void pairing_ended(const Result<void>& result);
  /// Of pairings that the peripheral begins.
  [[nodiscard]] const std::vector<backend::PairingQuestion::Kind>& standing_answers() const noexcept {
    return request_.answers;
  }
  void bond_changed(const AdapterNode& adapter, const PeripheralNode& peripheral, bool bonded);
  /// Goes on with the attempt, as far as it can now.
  void progress();
  void attempt_failed(const Error& error);
  void link_is_up();
  void link_ended(DisconnectReason reason, const std::string& native);
  /// The world's loop is gone.
  void forget() noexcept;
  void on_value(std::uint16_t value_handle, ByteView value);
  void on_services_changed(HandleRange changed);
  /// The configuration bits that it wants for a value.
  [[nodiscard]] std::uint16_t wants(std::uint16_t value_handle) const noexcept;

 private:
  enum class State : std::uint8_t { idle, waiting, joining, linked, leaving };
  struct Anchor {
    SimClient* client;
  };
  struct Interest {
    std::uint16_t handle;
    std::uint16_t value_handle;
    std::uint16_t bits;
    Uuid uuid;
    Uuid service;
  };

  /// What the user chose, else the one that heard the device; empty: the default one.
  [[nodiscard]] const std::string& wanted_adapter() const noexcept {
    return request_.adapter.empty() ? request_.device.adapter() : request_.adapter;
  }
  [[nodiscard]] PeripheralNode* peripheral() const;
  void establish();
  void leave() noexcept;
  void forget_interests();
  /// The link if requests can go over it; else `done` has had its error.
  template <class T>
  [[nodiscard]] Link* usable_link(backend::Done<T>& done);
  /// The same, with what is known of a characteristic.
  template <class T>
  [[nodiscard]] std::optional<Link::Known> usable_characteristic(std::uint16_t handle, backend::Done<T>& done);
  /// Whether it may be another attribute's handle by now.
  [[nodiscard]] bool is_stale(std::uint16_t handle) const noexcept;
  /// A discovery found what there is after this many changes.
  void looked_again(std::size_t changes);
  void restore(const Interest& interest);
  void drop_interest(std::uint16_t handle);
  void read_value(Link& link, std::uint16_t value_handle, backend::Done<Bytes> done);
  void run(Link& link, std::uint16_t attribute, std::unique_ptr<Procedure> procedure, backend::Done<void> done);

  std::shared_ptr<WorldCore> world_;
  backend::ClientRequest request_;
  backend::ClientEvents& events_;
  std::shared_ptr<Anchor> anchor_;
  State state_ = State::idle;
  AdapterNode* adapter_ = nullptr;
  std::shared_ptr<Link> link_;
  // Whom it had its last link with.
  PeripheralNode* known_ = nullptr;
  backend::ConnectDone connect_done_;
  std::vector<backend::Done<void>> disconnect_done_;
  backend::Done<void> pair_done_;
  Timer attempt_timer_;
  std::vector<Interest> interests_;
  // What changed since the core was told what there is.
  std::vector<HandleRange> stale_;
};

}  // namespace blau::sim::detail
