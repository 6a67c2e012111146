#pragma once

#include "loops.hpp"
#include "scripted_backend.hpp"
#include "started.hpp"

#include <blau/scanner.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace blau::test {

/// One scripted backend, the options for its scanners, and what they hear.
class ScannerScene : public ::testing::Test {
 protected:
  ScannerOptions options() {
    ScannerOptions options;
    options.backend = backend.ref();
    return options;
  }
  Task<> start(Scanner& scanner) {
    Started<void> starting(scanner.start());
    port().starts.answer(Result<void>());
    co_await turns();
    EXPECT_TRUE(starting.succeeded());
  }
  void hear(const char* address, std::vector<Uuid> services = {}, std::string name = {}) {
    AdvertisementData data;
    data.rssi = -50;
    data.service_uuids = std::move(services);
    if (!name.empty()) data.local_name = name;
    const Device device(Address(address), std::nullopt, std::string("id-") + address);
    port().events->on_advertisement(device, data);
  }
  ScannerScript& port() { return backend.scanner(backend.scanner_count() - 1); }

  ScriptedBackend backend;
};

inline constexpr const char* first = "C0:00:00:00:00:01";
inline constexpr const char* second = "C0:00:00:00:00:02";

}  // namespace blau::test
