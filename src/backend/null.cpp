#include "null.hpp"

#include <utility>

namespace blau::detail {
namespace {

Error unavailable() {
  return {UnavailableReason::no_adapter, "the null backend has no Bluetooth adapter; choose another backend"};
}

class NullWatch final : public backend::AdapterWatch {};

class NullScanner final : public backend::ScannerPort {
 public:
  void start(const backend::ScanRequest&, backend::Done<void> done) override { done(unavailable()); }
  void stop(backend::Done<void> done) override { done(Result<void>()); }
};

class NullClient final : public backend::ClientPort {
 public:
  void connect(backend::ConnectDone done) override { done(unavailable()); }
  void abort_connect() override {}
  void disconnect(backend::ReleaseKind, backend::Done<void> done) override { done(Result<void>()); }
  void release() noexcept override {}
  void discover(const backend::DiscoverRequest&, backend::Done<backend::GattDatabase> done) override {
    done(unavailable());
  }
  [[nodiscard]] std::uint16_t mtu() const noexcept override { return 23; }
  void read_characteristic(std::uint16_t, bool, backend::Done<Bytes> done) override { done(unavailable()); }
  void write_characteristic(std::uint16_t, Bytes, backend::WriteKind, backend::Done<void> done) override {
    done(unavailable());
  }
  void read_descriptor(std::uint16_t, bool, backend::Done<Bytes> done) override { done(unavailable()); }
  void write_descriptor(std::uint16_t, Bytes, backend::Done<void> done) override { done(unavailable()); }
  void subscribe(std::uint16_t, const backend::SubscribeRequest&, backend::Done<void> done) override {
    done(unavailable());
  }
  void unsubscribe(std::uint16_t, backend::Done<void> done) override { done(Result<void>()); }
  void pair(const backend::PairRequest&, backend::Done<void> done) override { done(unavailable()); }
  void cancel_pair() override {}
  void unpair(backend::Done<void> done) override { done(unavailable()); }
};

class NullBackend final : public backend::Backend {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "null"; }
  void list_adapters(backend::Done<std::vector<backend::AdapterState>> done) override {
    done(std::vector<backend::AdapterState>{});
  }
  [[nodiscard]] std::unique_ptr<backend::AdapterWatch> watch_adapters(backend::AdapterEvents&) override {
    return std::make_unique<NullWatch>();
  }
  void connected_devices(const std::string&, const std::vector<Uuid>&,
                         backend::Done<std::vector<Device>> done) override {
    done(unavailable());
  }
  void bonded_devices(const std::string&, backend::Done<std::vector<Device>> done) override { done(unavailable()); }
  void find_known_device(const std::string&, const Address&, backend::Done<std::optional<Device>> done) override {
    done(unavailable());
  }
  [[nodiscard]] std::unique_ptr<backend::ScannerPort> make_scanner(backend::ScannerEvents&) override {
    return std::make_unique<NullScanner>();
  }
  [[nodiscard]] std::unique_ptr<backend::ClientPort> make_client(const backend::ClientRequest&,
                                                                 backend::ClientEvents&) override {
    return std::make_unique<NullClient>();
  }
};

}  // namespace

backend::Factory null_factory() {
  return [](EventLoop&) { return std::make_shared<NullBackend>(); };
}

}  // namespace blau::detail
