#pragma once

#include "core.hpp"

#include <blau/backend.hpp>

#include <memory>
#include <vector>

namespace blau {
class EventLoop;
}

namespace blau::sim::detail {

/// A watch on a world's adapters.
class SimWatch final : public backend::AdapterWatch {
 public:
  SimWatch(std::shared_ptr<WorldCore> world, backend::AdapterEvents& events);
  ~SimWatch() override;
  /// Says what has changed since it was made, or told.
  void tell(const std::vector<backend::AdapterState>& now);

 private:
  std::shared_ptr<WorldCore> world_;
  backend::AdapterEvents& events_;
  std::vector<backend::AdapterState> told_;
  std::shared_ptr<char> life_ = std::make_shared<char>();
};

/// A world as an event loop sees it. The world is attached to the loop as long as this lives.
class SimBackend final : public backend::Backend {
 public:
  /// Attaches the world to the loop. @throws Error `busy` if it is attached already
  [[nodiscard]] static std::shared_ptr<SimBackend> make(std::shared_ptr<WorldCore> world, Loop& loop);
  explicit SimBackend(std::shared_ptr<WorldCore> world) : world_(std::move(world)) {}
  ~SimBackend() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "sim"; }
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
  std::shared_ptr<WorldCore> world_;
};

/// Makes a fresh world of this content for each loop, on that loop's clock: what `sim` and `sim:FILE` name.
[[nodiscard]] backend::Factory factory_of(WorldSpec spec);

}  // namespace blau::sim::detail
