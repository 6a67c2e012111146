#pragma once

#include "client.hpp"

#include <utility>

namespace blau::detail::windows {

template <class T>
Session::Request<T> Session::make_request(backend::Done<T> done) {
  auto request = std::make_shared<TypedRequest<T>>(std::move(done));
  requests_.push_back(request);
  return request;
}

template <class T>
void Session::finish(const Request<T>& request, Result<T> result) {
  if (take(request) && events_) request->finish(std::move(result));
}

template <class T>
unique_function<void(Result<T>)> Session::answer_to(const Request<T>& request) {
  return [weak = weak_from_this(), request](Result<T> result) {
    const auto self = weak.lock();
    if (!self) return;
    if (!result) return self->fail_after_look(request, result.error());
    self->finish<T>(request, std::move(result));
  };
}

}  // namespace blau::detail::windows
