#pragma once

#include "client.hpp"

namespace blau::detail::bluez {

template <class T>
Session::Request<T> Session::make_request(std::uint16_t attribute, backend::Done<T> done) {
  auto request = std::make_shared<TypedRequest<T>>(attribute, std::move(done));
  requests_.push_back(request);
  return request;
}

template <class T>
void Session::finish(const Request<T>& request, Result<T> result) {
  if (take(request) && events_) request->finish(std::move(result));
}

}  // namespace blau::detail::bluez
