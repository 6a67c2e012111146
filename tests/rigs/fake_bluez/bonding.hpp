#pragma once

#include "agents.hpp"
#include "pairing.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace blau::fake {

class Device;

/// The keys that the system has of a device, as far as it matters what they are.
struct Bond {
  bool authenticated = false;  ///< made with protection against a device in the middle
};

/// What Device1 does about pairing: Pair, CancelPairing, Paired, Bonded.
class Bonding {
 public:
  explicit Bonding(Device& device) : device_(device) {}

  [[nodiscard]] bool paired() const noexcept { return paired_; }
  [[nodiscard]] const std::optional<Bond>& bond() const noexcept { return bond_; }
  /// From storage.
  void restore(const std::optional<Bond>& bond);

  void pair(const Call& call);
  void cancel(const Call& call);
  /// A request is refused over a link that is not encrypted, or the peripheral wants it to be: the kernel pairs, and the default agent is asked. Without one nothing happens.
  void begin_by_itself();

  // What happens to the device meanwhile.

  /// A Pair needs the link that is not there.
  [[nodiscard]] bool wants_link() const noexcept { return request_ && request_->stage == Stage::linking; }
  /// The adapter pairs; it does so with one device at a time.
  [[nodiscard]] bool is_under_way() const noexcept { return request_ && request_->stage != Stage::resolving; }
  void linked();
  void link_failed();
  void link_ended();
  void reach_changed();
  void services_resolved();
  /// Some program calls Disconnect or RemoveDevice.
  void call_off();
  void program_gone(const std::string& name);
  /// The end of the process: nothing is told.
  void forget() noexcept;

 private:
  enum class Stage : std::uint8_t { linking, pairing, resolving };
  struct Request {
    std::optional<Call> call;  ///< Pair; empty: nobody has called it
    std::shared_ptr<const Agent> agent;
    Stage stage = Stage::linking;
    bool made_link = false;
  };

  [[nodiscard]] bool is_adapter_busy() const;
  void begin();
  void ended(Pairing::End end);
  void keys_made(bool authenticated);
  void remove_bond();
  void fail(const DbusError& error);
  void abandon();

  Device& device_;
  bool paired_ = false;
  std::optional<Bond> bond_;
  std::optional<Request> request_;
  std::unique_ptr<Pairing> pairing_;
};

}  // namespace blau::fake
