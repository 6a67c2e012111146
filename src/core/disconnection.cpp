#include <blau/disconnection.hpp>

#include <array>
#include <ostream>

namespace blau {

std::string_view to_string(DisconnectReason reason) noexcept {
  constexpr std::array<std::string_view, 9> names{"unknown", "local",       "other_program",
                                                  "remote",  "timeout",     "authentication",
                                                  "suspend", "adapter_off", "backend_lost"};
  const auto index = static_cast<std::size_t>(reason);
  return index < names.size() ? names[index] : names[0];
}

std::ostream& operator<<(std::ostream& out, DisconnectReason reason) { return out << to_string(reason); }

}  // namespace blau
