#pragma once

#include <blau/backend.hpp>

#include <cstdint>
#include <memory>

namespace blau::bench {

/// A backend of a user's own that answers everything at once, from memory: what is left to measure is the library. It has one adapter and one device,
/// with a characteristic that can be read, written and subscribed to. What it "hears" its program tells it. The loop's thread only.
class InstantBackend final : public backend::Backend {
 public:
  static constexpr std::uint16_t characteristic = 2;  ///< the declaration's handle
  [[nodiscard]] static Uuid service_uuid() { return Uuid{0x180d}; }
  [[nodiscard]] static Uuid characteristic_uuid() { return Uuid{0x2a37}; }
  [[nodiscard]] static Device device() { return Device(Address("C0:FF:EE:00:00:01"), "Instant"); }

  /// Sends a notification, which the subscriber gets inside this call. Only while a client is connected.
  void notify(ByteView value) { client_->on_value(characteristic, value); }
  /// Lets the scanner hear a device. Only while one scans.
  void hear(const Device& heard, const AdvertisementData& data) { scanner_->on_advertisement(heard, data); }

  [[nodiscard]] std::string_view name() const noexcept override { return "instant"; }
  void list_adapters(backend::Done<std::vector<backend::AdapterState>> done) override;
  [[nodiscard]] std::unique_ptr<backend::AdapterWatch> watch_adapters(backend::AdapterEvents& events) override;
  void connected_devices(const std::string& adapter, const std::vector<Uuid>& services,
                         backend::Done<std::vector<Device>> done) override;
  void bonded_devices(const std::string& adapter, backend::Done<std::vector<Device>> done) override;
  void find_known_device(const std::string& adapter, const Address& address,
                         backend::Done<std::optional<Device>> done) override;
  [[nodiscard]] std::unique_ptr<backend::ScannerPort> make_scanner(backend::ScannerEvents& events) override;
  [[nodiscard]] std::unique_ptr<backend::ClientPort> make_client(const backend::ClientRequest& request,
                                                                 backend::ClientEvents& events) override;

 private:
  backend::ScannerEvents* scanner_ = nullptr;
  backend::ClientEvents* client_ = nullptr;
};

/// For the `backend` of options: always this instance.
[[nodiscard]] inline BackendRef ref_to(const std::shared_ptr<InstantBackend>& instance) {
  return {"instant", [instance](EventLoop&) { return instance; }};
}

}  // namespace blau::bench
