#pragma once

#include "gatt.hpp"

#include <blau/backend.hpp>
#include <blau/detail/loop.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace blau::detail::windows {

/// One walk through the services of a link. Where Windows says Unreachable, as it does while the link comes up, the step is repeated every second, until this object is dropped.
class Discovery : public std::enable_shared_from_this<Discovery> {
 public:
  struct Found {
    std::shared_ptr<NativeTree> tree;
    backend::GattDatabase database;
  };
  using Then = unique_function<void(Result<Found>)>;

  Discovery(const std::shared_ptr<System>& system, const std::shared_ptr<Natives>& natives,
            backend::DiscoverRequest request)
      : system_(system), natives_(natives), request_(std::move(request)) {}
  /// What was found and nobody took is closed.
  ~Discovery();

  /// @param then may destroy this object
  void begin(Then then);
  /// Closes what was found after all.
  void give_back(std::shared_ptr<NativeTree> tree) { tree_ = std::move(tree); }
  /// In words, for an error.
  [[nodiscard]] std::string waits_for() const;

 private:
  using Records = std::vector<backend::ServiceRecord>;

  template <class R>
  unique_function<void(Result<R>)> guarded(void (Discovery::*next)(Result<R>));
  void ask_services();
  void got_services(Result<Records> records);
  void next_service();
  void open_service();
  void opened(const Result<void>& result);
  void ask_characteristics();
  void got_characteristics(Result<std::vector<backend::CharacteristicRecord>> records);
  void ask_descriptors();
  void got_descriptors(Result<std::vector<backend::DescriptorRecord>> records);
  void ask_includes();
  void got_includes(Result<Records> records);
  void service_denied();
  [[nodiscard]] bool retries(const Error& error, void (Discovery::*step)());
  void finish(const std::optional<Error>& error);
  [[nodiscard]] backend::ServiceRecord& service() { return database_.services[service_]; }

  std::shared_ptr<System> system_;
  std::shared_ptr<Natives> natives_;
  backend::DiscoverRequest request_;
  Then then_;
  std::shared_ptr<NativeTree> tree_ = std::make_shared<NativeTree>();
  backend::GattDatabase database_;
  // Where it is: which of the wanted services, which service found, which characteristic of it.
  std::size_t wanted_ = 0;
  std::size_t service_ = 0;
  std::size_t characteristic_ = 0;
  bool unreachable_ = false;
  Asked asked_;
  Timer pause_;
};

}  // namespace blau::detail::windows
