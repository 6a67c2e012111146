#pragma once

#include "conformance/control.hpp"

#include <gtest/gtest.h>
#include <systemd/sd-bus.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// @file
/// Tests of the fake itself, on plain sd-bus: what a client sees of the daemon.

namespace blau::fake_test {

using nlohmann::json;

inline constexpr const char* characteristic_interface = "org.bluez.GattCharacteristic1";
inline const std::string hci0 = "/org/bluez/hci0";
inline const std::string gatt_address = "C4:B1:A0:00:00:01";
inline const std::string tag_address = "C4:B1:A0:00:00:02";
inline const std::string beacon_address = "C4:B1:A0:00:00:03";

[[nodiscard]] std::string device_path(const std::string& address);
/// The UUIDs of the world of the conformance suite.
[[nodiscard]] std::string own(unsigned number);
/// "5.66" and the like: what the daemon says that it is, or the fake was told to be.
[[nodiscard]] std::string version();
[[nodiscard]] bool is_old();

/// An answer, or the wait for it.
struct Answer {
  bool done = false;
  std::string error;
  std::string text;
  std::vector<std::uint8_t> bytes;  ///< of an answer that is a value
  int fd = -1;                      ///< of an answer that is a socket
  unsigned mtu = 0;
  /// How many signals had come before.
  std::size_t signals_before = 0;
};

/// A signal of the daemon.
struct Signal {
  std::string path;
  std::string member;
  std::string interface;                 ///< whose properties changed, or of the signal itself
  std::vector<std::string> names;        ///< properties that changed, interfaces that came or went
  std::vector<std::string> invalidated;  ///< properties that are gone
  bool flag = false;                     ///< Connected, Discovering or ServicesResolved
  std::vector<std::uint8_t> bytes;       ///< Value
  std::string text;                      ///< the first text of another signal

  [[nodiscard]] bool tells(const std::string& object, const std::string& property) const;
};

/// What an agent was called for. One that is not told only waits for its answer.
struct Question {
  std::string member;
  std::string device;
  unsigned passkey = 0;  ///< to be shown or compared
};

/// A program on the bus.
class Client {
 public:
  Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { leave(); }
  /// The program ends.
  void leave();

  using Pending = std::shared_ptr<Answer>;
  [[nodiscard]] Pending start(const std::string& path, const char* interface, const char* member,
                              const std::function<void(sd_bus_message*)>& fill = {});
  Answer call(const std::string& path, const char* interface, const char* member,
              const std::function<void(sd_bus_message*)>& fill = {});
  Answer adapter(const char* member, const std::function<void(sd_bus_message*)>& fill = {});
  Answer device(const std::string& address, const char* member);
  Answer read(const std::string& path, unsigned offset = 0);
  /// A boolean or a number of an object; -1 if it is not there.
  [[nodiscard]] int property(const std::string& path, const std::string& interface, const std::string& name);
  /// Everything that is exported, as `busctl` would tell: path → interfaces.
  [[nodiscard]] std::vector<std::string> objects();
  /// The path of the characteristic of this UUID below a device.
  [[nodiscard]] std::string characteristic(const std::string& address, const std::string& uuid);

  /// Handles what comes until it holds; false after ten seconds.
  bool until(const std::function<bool()>& holds);
  /// Everything that was sent to this program before has come.
  void settle();
  [[nodiscard]] const std::vector<Signal>& signals() const noexcept { return signals_; }
  [[nodiscard]] std::size_t count(const std::string& path, const std::string& property) const;
  void forget() { signals_.clear(); }

  /// Registers an agent with bluetoothd; its error, if any. What that is asked waits for `answer` or `refuse`.
  std::string be_agent(const std::string& capability);
  [[nodiscard]] const std::vector<Question>& questions() const noexcept { return questions_; }
  /// Waits for this question, which must be the next one.
  void await_question(const char* member);
  void answer(std::optional<unsigned> passkey = std::nullopt);
  void refuse();

  void discover(bool duplicates = true);
  /// Scans until the device is there, then connects and waits for its services.
  void connect(const std::string& address);

 private:
  static int on_signal(sd_bus_message* message, void* self, sd_bus_error*);
  static int on_question(sd_bus_message* message, void* self, sd_bus_error*);
  void take(sd_bus_message* message);
  void take_question(sd_bus_message* message);
  sd_bus* bus_ = nullptr;
  sd_bus_message* asked_ = nullptr;  ///< the question that waits
  std::vector<Signal> signals_;
  std::vector<Question> questions_;
};

/// Begins each test with the world as the file says and a daemon that has forgotten everything.
///
/// The tests of habits run on the real daemon as well, in the machine of tests/rigs/vm.
class FakeBluez : public testing::Test {
 protected:
  void SetUp() override;
  static void forget_devices();
  json tell(json request) const;
  /// One fault; gives the words of the refusal, or nothing.
  std::string fault(json fault) const;
};

}  // namespace blau::fake_test
