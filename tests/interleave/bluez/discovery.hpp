#pragma once

#include "host.hpp"

#include <functional>
#include <memory>

namespace blau::interleave::imitation {

/// The program's discovery session on the adapter, on a scanner's port of the world's own backend.
class Discovery final : private backend::ScannerEvents {
 public:
  using Heard = std::function<void(const Address& address, int rssi)>;
  /// @param ended the strengths of signals are no longer known
  Discovery(Host& host, Heard heard, std::function<void()> ended);

  void set_filter(const Message& call);
  void start(const Message& call);
  void stop(const Message& call);
  void power_changed(bool on);
  /// The kernel still carries out the discovery of a bluetoothd that was killed.
  void begin_busy();
  void check();

 private:
  void on_advertisement(const blau::Device& device, const AdvertisementData& data) override;
  void on_scan_ended(const Error&) override {}
  void begin();
  void end();

  Host& host_;
  Heard heard_;
  std::function<void()> ended_;
  bool session_ = false;
  bool busy_ = false;
  Message starting_;  // not answered yet
  std::shared_ptr<void> life_ = std::make_shared<char>();
  std::unique_ptr<backend::ScannerPort> port_;
};

}  // namespace blau::interleave::imitation
