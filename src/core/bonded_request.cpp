#include "bonded_request.hpp"

namespace blau::detail {

bool wants_bond(const Error& error) noexcept {
  if (error.code() != ErrorCode::att) return false;
  const auto reason = error.att();
  return reason == AttError::insufficient_authentication || reason == AttError::insufficient_encryption;
}

}  // namespace blau::detail
