// 10. Pairing asks the user, never guesses. What is not set is refused.
#include <blau/blau.hpp>

blau::Task<std::optional<std::uint32_t>> ask_user(blau::Device);
blau::ClientOptions with_agent() {
  blau::ClientOptions options;
  options.pairing.request_passkey = [](const blau::Device& d) -> blau::Task<std::optional<std::uint32_t>> {
    co_return co_await ask_user(d);
  };
  options.pairing.confirm_passkey = [](const blau::Device&, std::uint32_t passkey) { return passkey == 123456; };
  return options;
}
