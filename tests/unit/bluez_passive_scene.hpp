#pragma once

#include "bluez_scene.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace blau::detail::bluez {

/// An or-pattern as bluetoothd reads it: `type:offset:hex`.
using ReadPatterns = std::vector<std::string>;

/// A passive scan as bluetoothd sees it.
struct Registered {
  Message call;
  std::string path;

  [[nodiscard]] std::string monitor(int number = 0) const { return path + '/' + std::to_string(number); }
};

/// Passive scans; bluetoothd and the kernel are played by the test.
class BlueZPassive : public BlueZScene {
 protected:
  static backend::ScanRequest request_for(std::size_t patterns = 1) {
    backend::ScanRequest request;
    request.mode = ScanMode::passive;
    for (std::size_t i = 0; i < patterns; ++i)
      request.bluez.or_patterns.push_back({static_cast<std::uint8_t>(i), 0xff, bytes(0xe5, 0x02)});
    return request;
  }
  /// bluetoothd says what it can do.
  void answer_manager(bool controller_matches = false) {
    Message call = peer_.next_call("GetAll");
    peer_.reply(call, [&](Message& m) {
      m.open('a', "{sv}").append("{sv}", "SupportedMonitorTypes", "as", 1, "or_patterns");
      if (controller_matches) m.append("{sv}", "SupportedFeatures", "as", 1, "controller-patterns");
      m.close();
    });
  }
  Registered next_registration() {
    Registered made{peer_.next_call("RegisterMonitor"), {}};
    Reader reader(made.call);
    made.path = reader.object_path();
    return made;
  }
  /// The scan runs afterwards.
  Registered start(backend::ScannerPort& scanner, const backend::ScanRequest& request = request_for(),
                   bool controller_matches = false) {
    Answer<void> answer;
    scanner.start(request, answer.taker());
    answer_manager(controller_matches);
    Registered made = next_registration();
    peer_.reply(made.call);
    tell(made, "Activate");
    expect(answer);
    EXPECT_TRUE(answer.succeeded());
    return made;
  }
  void tell(const Registered& to, const char* member, int number = 0) {
    peer_.tell(to.monitor(number), monitor_interface, member);
  }
  void tell_device(const Registered& to, const char* member, int number = 0) {
    peer_.tell(to.monitor(number), monitor_interface, member, [](Message& m) { m.append("o", device_path.c_str()); });
  }
  /// Something that matches was heard: bluetoothd says what is new of the device, and calls.
  void match(const Registered& to, int rssi = -50) {
    advertise(rssi);
    tell_device(to, "DeviceFound");
  }
  /// What bluetoothd reads of the objects: path and patterns of each.
  std::vector<std::pair<std::string, ReadPatterns>> objects(const Registered& of) {
    PeerAnswer answer;
    peer_.ask(of.path, object_manager_interface, "GetManagedObjects", answer);
    EXPECT_TRUE(peer_.run_until([&] { return answer.came; }));
    EXPECT_EQ(answer.error, "");
    std::vector<std::pair<std::string, ReadPatterns>> found;
    Reader reader(answer.message);
    reader.each_entry("oa{sa{sv}}", [&] {
      found.emplace_back(reader.object_path(), ReadPatterns());
      reader.each_entry("sa{sv}", [&] {
        EXPECT_EQ(reader.text(), monitor_interface);
        read_monitor(reader, found.back().second);
      });
    });
    EXPECT_FALSE(reader.failed());
    return found;
  }
  static void read_monitor(Reader& reader, ReadPatterns& patterns) {
    reader.each_property([&](std::string_view name) {
      std::string_view type;
      if (name == "Type") {
        EXPECT_TRUE(reader.variant(type));
        EXPECT_EQ(type, "or_patterns");
        return true;
      }
      EXPECT_EQ(name, "Patterns");
      EXPECT_TRUE(reader.enter_variant("a(yyay)") && reader.enter('a', "(yyay)"));
      while (reader.enter('r', "yyay")) {
        const int offset = reader.byte();
        const int ad_type = reader.byte();
        patterns.push_back(std::to_string(ad_type) + ':' + std::to_string(offset) + ':' + to_hex(reader.bytes()));
        reader.leave();
      }
      reader.leave();
      reader.leave();
      return true;
    });
  }
  /// The answer of bluetoothd that a withdrawal waits for.
  void answer_withdrawal(const Registered& of) {
    Message call = peer_.next_call("UnregisterMonitor");
    Reader reader(call);
    EXPECT_EQ(reader.object_path(), of.path);
    peer_.reply(call);
  }

  Heard heard_;
};

}  // namespace blau::detail::bluez
