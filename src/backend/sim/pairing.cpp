// Pairing is not simulated yet.

#include "client.hpp"

namespace blau::sim::detail {

namespace {

Error no_pairing() {
  return {ErrorCode::not_supported, "the simulator does not pair yet: use attributes without security"};
}

}  // namespace

void SimClient::pair(const backend::PairRequest&, backend::Done<void> done) { done(no_pairing()); }

void SimClient::cancel_pair() {}

void SimClient::unpair(backend::Done<void> done) { done(no_pairing()); }

}  // namespace blau::sim::detail
