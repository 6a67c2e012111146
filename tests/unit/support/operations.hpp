#pragma once

#include <blau/operation.hpp>

#include <memory>
#include <utility>

namespace blau::test {

/// An operation that is there at once.
inline Operation<int> ready(int value, std::shared_ptr<detail::Loop> home = nullptr) {
  return detail::make_operation<int>(std::move(home), "ready", std::nullopt,
                                     [value](detail::Completer<int> done) { done(value); });
}

/// One that fails as it begins.
inline Operation<int> refused() {
  return detail::make_operation<int>(nullptr, "refused", std::nullopt, [](detail::Completer<int>) {
    throw Error(ErrorCode::invalid_argument, "a bad argument");
  });
}

}  // namespace blau::test
