#pragma once

#include <blau/backend.hpp>
#include <blau/detail/loop.hpp>

#include <memory>
#include <string>

namespace blau::detail {

/// Whether what broke off is to go on when the adapter, the daemon or the machine is back. @param named the adapter that it went through; empty: nobody named one
[[nodiscard]] bool waits_for_adapter(const Error& error, const std::string& named) noexcept;

/// Waits until an adapter can be used again. The loop's thread only; destroying it ends the wait.
class AdapterReturn final : private backend::AdapterEvents {
 public:
  /// @param wanted an adapter's id or address in text; empty: any. @param on_usable is called once, not from inside this constructor
  AdapterReturn(Loop& loop, const std::shared_ptr<backend::Backend>& backend, std::string wanted,
                unique_function<void()> on_usable);
  AdapterReturn(const AdapterReturn&) = delete;
  AdapterReturn& operator=(const AdapterReturn&) = delete;
  ~AdapterReturn();

 private:
  void look_around();
  [[nodiscard]] bool is_wanted(const backend::AdapterState& state) const;
  void consider(const backend::AdapterState& state, Duration pause);
  void on_adapter_changed(const backend::AdapterState& state) override;
  void on_adapter_removed(const std::string&) override {}

  Loop& loop_;
  std::shared_ptr<backend::Backend> backend_;
  const std::string wanted_;
  unique_function<void()> on_usable_;
  Timer soon_;
  std::string returning_;                 // the adapter that `soon_` runs for
  std::shared_ptr<AdapterReturn*> self_;  // null in it once this is gone
  std::unique_ptr<backend::AdapterWatch> watch_;
};

}  // namespace blau::detail
