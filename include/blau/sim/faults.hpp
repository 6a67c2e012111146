#pragma once

#include <blau/error.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace blau::sim {

/// As a delay: the answer never comes.
inline constexpr std::chrono::nanoseconds never = (std::chrono::nanoseconds::max)();  // a macro of <windows.h>, too

/// A point on the way of a connect. The steps of discovery are those of a link's first one.
enum class ConnectStep : std::uint8_t {
  before_link,      ///< the peripheral does not take the connection
  before_mtu,       ///< the link is there, the MTU is not agreed on yet
  in_discovery,     ///< the first question of the discovery is under way
  before_resolved,  ///< all is discovered, and the central's program was not told yet
  after_resolved,   ///< it was told
};

/// Which occurrences a fault takes: none of the first `skip`, then `count` of them.
struct FaultTurns {
  std::uint64_t skip = 0;   ///< so many pass before
  std::uint64_t count = 1;  ///< so many are taken
};

/// What a central asks of a characteristic. `subscribe` is a write of its Client Characteristic Configuration that turns values on.
enum class RequestKind : std::uint8_t { any, read, write, subscribe };

/// Requests that go wrong: answered with an error, late, late with an error, or never.
struct RequestFault {
  RequestKind request = RequestKind::any;        ///< which requests
  std::optional<AttError> error = std::nullopt;  ///< absent: the right answer, later
  /// So much later than otherwise; `never`: no answer, so that the link ends with ATT's time-out of 30 s.
  std::chrono::nanoseconds delay = std::chrono::nanoseconds(0);
  std::uint64_t skip = 0;   ///< so many pass before
  std::uint64_t count = 1;  ///< so many go wrong
};

/// Values that a central gets more than once, or (`times` 0) not at all.
struct NotifyFault {
  std::uint32_t times = 2;  ///< 2: twice; 0: never
  std::uint64_t skip = 0;   ///< so many pass before
  std::uint64_t count = 1;  ///< so many go wrong
};

}  // namespace blau::sim
