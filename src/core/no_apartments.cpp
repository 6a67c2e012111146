// Systems without COM.

#include <blau/winrt.hpp>

namespace blau {

void assert_mta() {}

void allow_sta() noexcept {}

Operation<void> assert_pumped() {
  auto begin = [](detail::Completer<void> done) { done(Result<void>()); };
  return detail::make_operation<void>(nullptr, "assert_pumped", std::nullopt, begin);
}

void uninitialize_sta() {}

}  // namespace blau
