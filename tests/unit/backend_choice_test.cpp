// Which Bluetooth system serves, and what a wrong choice is answered with.

#include "support/environment.hpp"
#include "support/loops.hpp"

#include <blau/adapter.hpp>
#include <blau/client.hpp>
#include <blau/scanner.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>

namespace blau::test {
namespace {

/// `$BLAU_BACKEND` while it lives.
class Chosen {
 public:
  explicit Chosen(const char* name) {
    if (const char* before = std::getenv(variable)) before_ = before;
    set_variable(variable, name);
  }
  ~Chosen() { set_variable(variable, before_ ? before_->c_str() : nullptr); }
  Chosen(const Chosen&) = delete;
  Chosen& operator=(const Chosen&) = delete;

 private:
  static constexpr const char* variable = "BLAU_BACKEND";
  std::optional<std::string> before_;
};

#ifdef BLAU_WITH_WINRT
constexpr const char* of_another_system = "bluez";
#else
constexpr const char* of_another_system = "winrt";
#endif

ErrorCode code_of_name(const char* name) {
  try {
    (void)backend_from(name);
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << name << " was taken";
  return ErrorCode::failed;
}

TEST(BackendChoice, OfANameThatIsNone) {
  EXPECT_EQ(code_of_name("blues"), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of_name(""), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of_name(of_another_system), ErrorCode::not_supported);
  EXPECT_EQ(backend_from("sim").name(), "sim");
}

/// What everything answers that needs a backend.
void expect_everywhere(ErrorCode code) {
  run([code]() -> Task<> {
    const auto all = co_await Adapter::all().as_result();
    EXPECT_EQ(all.error().code(), code);
    const auto chosen = co_await Adapter::get_default().as_result();
    EXPECT_EQ(chosen.error().code(), code);
    Scanner scanner;
    const auto scan = co_await scanner.start().as_result();
    EXPECT_EQ(scan.error().code(), code);
    Client client("C0:FF:EE:00:00:01");
    const auto connected = co_await client.connect().as_result();
    EXPECT_EQ(connected.error().code(), code);
    const auto unpaired = co_await client.unpair().as_result();
    EXPECT_EQ(unpaired.error().code(), code);
  });
}

TEST(BackendChoice, OfTheEnvironmentIsTheResultOfWhatNeedsIt) {
  {
    const Chosen odd("blues");
    expect_everywhere(ErrorCode::invalid_argument);
  }
  {
    const Chosen missing("sim:no-such-world.json");
    expect_everywhere(ErrorCode::invalid_argument);
  }
  {
    const Chosen elsewhere(of_another_system);
    expect_everywhere(ErrorCode::not_supported);
  }
}

}  // namespace
}  // namespace blau::test
