#include "client.hpp"

namespace blau::detail::bluez {

namespace {

Error not_yet() {
  return {ErrorCode::not_supported,
          "pairing is not there yet with BlueZ: use `bluetoothctl pair` and `bluetoothctl remove`"};
}

}  // namespace

void Client::pair(const backend::PairRequest&, backend::Done<void> done) { done(not_yet()); }

void Client::cancel_pair() {}

void Client::unpair(backend::Done<void> done) { done(not_yet()); }

}  // namespace blau::detail::bluez
