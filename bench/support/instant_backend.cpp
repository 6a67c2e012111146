#include "instant_backend.hpp"

#include <blau/error.hpp>

#include <utility>

namespace blau::bench {
namespace {

using backend::Done;

class Watch final : public backend::AdapterWatch {};

class Scanner final : public backend::ScannerPort {
 public:
  void start(const backend::ScanRequest&, Done<void> done) override { done(Result<void>()); }
  void stop(Done<void> done) override { done(Result<void>()); }
};

class Client final : public backend::ClientPort {
 public:
  explicit Client(backend::ClientEvents& events) : events_(events) {}

  void connect(backend::ConnectDone done) override {
    connected_ = true;
    done(Result<void>());
  }
  void abort_connect() override {}
  void disconnect(backend::ReleaseKind, Done<void> done) override {
    if (std::exchange(connected_, false)) events_.on_disconnected(DisconnectReason::local, "");
    done(Result<void>());
  }
  void release() noexcept override { connected_ = false; }
  void discover(const backend::DiscoverRequest&, Done<backend::GattDatabase> done) override {
    backend::CharacteristicRecord record;
    record.handle = InstantBackend::characteristic;
    record.uuid = InstantBackend::characteristic_uuid();
    record.properties = Property::read | Property::write | Property::write_without_response | Property::notify;
    backend::ServiceRecord service;
    service.handle = 1;
    service.uuid = InstantBackend::service_uuid();
    service.characteristics.push_back(record);
    backend::GattDatabase database;
    database.services.push_back(service);
    done(std::move(database));
  }
  [[nodiscard]] std::uint16_t mtu() const noexcept override { return 247; }
  void read_characteristic(std::uint16_t, bool, Done<Bytes> done) override { done(Bytes(value_)); }
  void write_characteristic(std::uint16_t, Bytes value, backend::WriteKind, Done<void> done) override {
    value_ = std::move(value);
    done(Result<void>());
  }
  void read_descriptor(std::uint16_t, bool, Done<Bytes> done) override { done(Bytes(value_)); }
  void write_descriptor(std::uint16_t, Bytes, Done<void> done) override { done(Result<void>()); }
  void subscribe(std::uint16_t, const backend::SubscribeRequest&, Done<void> done) override { done(Result<void>()); }
  void unsubscribe(std::uint16_t, Done<void> done) override { done(Result<void>()); }
  void pair(const backend::PairRequest&, Done<void> done) override { done(Result<void>()); }
  void cancel_pair() override {}
  void unpair(Done<void> done) override { done(Result<void>()); }

 private:
  backend::ClientEvents& events_;
  bool connected_ = false;
  Bytes value_ = Bytes(20, 0x5a);
};

}  // namespace

void InstantBackend::list_adapters(Done<std::vector<backend::AdapterState>> done) {
  backend::AdapterState adapter;
  adapter.id = "instant0";
  adapter.powered = true;
  adapter.is_default = true;
  done(std::vector<backend::AdapterState>(1, adapter));
}

std::unique_ptr<backend::AdapterWatch> InstantBackend::watch_adapters(backend::AdapterEvents&) {
  return std::make_unique<Watch>();
}

void InstantBackend::connected_devices(const std::string&, const std::vector<Uuid>&, Done<std::vector<Device>> done) {
  done(std::vector<Device>());
}

void InstantBackend::bonded_devices(const std::string&, Done<std::vector<Device>> done) { done(std::vector<Device>()); }

void InstantBackend::find_known_device(const std::string&, const Address&, Done<std::optional<Device>> done) {
  done(std::optional<Device>(device()));
}

std::unique_ptr<backend::ScannerPort> InstantBackend::make_scanner(backend::ScannerEvents& events) {
  scanner_ = &events;
  return std::make_unique<Scanner>();
}

std::unique_ptr<backend::ClientPort> InstantBackend::make_client(const backend::ClientRequest&,
                                                                 backend::ClientEvents& events) {
  client_ = &events;
  return std::make_unique<Client>(events);
}

}  // namespace blau::bench
