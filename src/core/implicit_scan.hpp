#pragma once

#include <blau/backend.hpp>
#include <blau/detail/loop.hpp>

#include <memory>
#include <string>

namespace blau::detail {

/// The scan that clients share which connect by address: one an adapter and loop, running while somebody holds a lease. The loop's thread only.
class ImplicitScan {
 public:
  /// Gets the device, or the reason why the scan ended. Called once at most, not from inside `look_for`.
  using Found = unique_function<void(Result<Device>)>;

  class Shared;
  struct Waiter;

  /// Keeps the scan alive, also after the device was found: BlueZ forgets devices soon after the last scan. Destroying it ends the wait.
  class Lease {
   public:
    Lease() noexcept;
    Lease(std::shared_ptr<Shared> shared, std::unique_ptr<Waiter> waiter) noexcept;
    Lease(Lease&&) noexcept;
    Lease& operator=(Lease&&) noexcept;
    ~Lease();

   private:
    std::shared_ptr<Shared> shared_;
    std::unique_ptr<Waiter> waiter_;
  };

  [[nodiscard]] static Lease look_for(Loop& loop, const std::shared_ptr<backend::Backend>& backend,
                                      const std::string& adapter, const Address& address, Found found);
  /// A client of this loop has a link to this device: who looks for it has found it, since connected devices do not advertise.
  static void connected(Loop& loop, const std::shared_ptr<backend::Backend>& backend, const std::string& adapter,
                        const Device& device);
};

}  // namespace blau::detail
