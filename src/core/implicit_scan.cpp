#include "implicit_scan.hpp"

#include "log_internal.hpp"

#include <utility>
#include <vector>

namespace blau::detail {

struct ImplicitScan::Waiter {
  Address address;
  Found found;
};

class ImplicitScan::Shared final : public std::enable_shared_from_this<Shared>, private backend::ScannerEvents {
 public:
  Shared(Loop& loop, std::shared_ptr<backend::Backend> backend, std::string adapter)
      : loop_(loop), backend_(std::move(backend)), adapter_(std::move(adapter)) {}

  void add(Waiter& waiter) {
    waiters_.push_back(&waiter);
    if (!scanning_) begin();
  }

  void remove(Waiter& waiter) noexcept {
    std::erase(waiters_, &waiter);
    if (waiters_.empty()) end();
  }

  void found(const Device& device) {
    for (std::size_t i = 0; i < waiters_.size(); ++i) {
      auto& waiter = *waiters_[i];
      if (waiter.found && waiter.address == device.address()) answer(waiter, device);
    }
  }

 private:
  void begin() {
    scanning_ = true;
    scanner_ = backend_->make_scanner(*this);
    backend::ScanRequest request;
    request.adapter = adapter_;
    scanner_->start(request, [weak = weak_from_this()](const Result<void>& result) {
      const auto self = weak.lock();
      if (self && !result) self->fail(result.error());
    });
  }

  // The port's destructor ends the scan without waiting.
  void end() noexcept {
    scanning_ = false;
    scanner_.reset();
  }

  void on_advertisement(const Device& device, const AdvertisementData& data) override {
    if (data.connectable != false) found(device);
  }

  void on_scan_ended(const Error& error) override { fail(error); }

  void fail(const Error& error) {
    for (auto* waiter : waiters_)
      if (waiter->found) answer(*waiter, error);
    scanning_ = false;
  }

  void answer(Waiter& waiter, Result<Device> result) {
    loop_.post([found = std::move(waiter.found), result = std::move(result)]() mutable { found(std::move(result)); });
  }

  Loop& loop_;
  std::shared_ptr<backend::Backend> backend_;
  std::string adapter_;
  std::unique_ptr<backend::ScannerPort> scanner_;
  std::vector<Waiter*> waiters_;
  bool scanning_ = false;
};

ImplicitScan::Lease::Lease() noexcept = default;
ImplicitScan::Lease::Lease(Lease&&) noexcept = default;
ImplicitScan::Lease::Lease(std::shared_ptr<Shared> shared, std::unique_ptr<Waiter> waiter) noexcept
    : shared_(std::move(shared)), waiter_(std::move(waiter)) {}

ImplicitScan::Lease& ImplicitScan::Lease::operator=(Lease&& other) noexcept {
  std::swap(shared_, other.shared_);
  std::swap(waiter_, other.waiter_);
  return *this;
}

ImplicitScan::Lease::~Lease() {
  if (shared_) shared_->remove(*waiter_);
}

namespace {

// By instance: two backends of one name may serve one loop. `Shared` keeps it alive, so the number stays its own.
std::string service_name(const std::shared_ptr<backend::Backend>& backend, const std::string& adapter) {
  return "implicit-scan:" + std::to_string(reinterpret_cast<std::uintptr_t>(backend.get())) + ":" + adapter;
}

}  // namespace

void ImplicitScan::connected(Loop& loop, const std::shared_ptr<backend::Backend>& backend, const std::string& adapter,
                             const Device& device) {
  const auto shared = std::static_pointer_cast<Shared>(loop.find_service(service_name(backend, adapter)));
  if (shared) shared->found(device);
}

ImplicitScan::Lease ImplicitScan::look_for(Loop& loop, const std::shared_ptr<backend::Backend>& backend,
                                           const std::string& adapter, const Address& address, Found found) {
  const auto name = service_name(backend, adapter);
  auto shared = std::static_pointer_cast<Shared>(loop.find_service(name));
  if (!shared) {
    shared = std::make_shared<Shared>(loop, backend, adapter);
    loop.add_service(name, shared);
  }
  auto waiter = std::make_unique<Waiter>(Waiter{address, std::move(found)});
  shared->add(*waiter);
  return {std::move(shared), std::move(waiter)};
}

}  // namespace blau::detail
