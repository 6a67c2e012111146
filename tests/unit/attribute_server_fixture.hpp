#pragma once

#include "backend/sim/attribute_server.hpp"

#include <blau/bytes.hpp>
#include <blau/error.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace blau::sim::detail {

inline CharacteristicSpec characteristic(std::uint32_t uuid, std::uint16_t properties, Bytes value = Bytes()) {
  CharacteristicSpec spec;
  spec.uuid = Uuid(uuid);
  spec.properties = properties;
  spec.value = std::move(value);
  return spec;
}

inline Bytes counted(std::size_t size) {
  Bytes value(size);
  for (std::size_t i = 0; i < size; ++i) value[i] = static_cast<std::uint8_t>(i);
  return value;
}

inline std::string hex(const std::optional<Bytes>& pdu) { return pdu ? to_hex(*pdu) : "(nothing)"; }

/// The table that all tests talk to:
///  1 service 180d: 2 decl, 3 value 2a37 (read notify, 01 02), 4 CCCD, 5 2901 "hi"
///    6 decl, 7 value 2a38 (read write, long: 40 bytes), 8 decl, 9 value 2a39 (write, at most 4)
/// 10 service 180f: 11 decl, 12 value 2a19 (indicate, encrypted), 13 CCCD
///    14 decl, 15 value 2a1a (read write_without_response, authenticated)
/// 16 service of 128 bits: 17 decl, 18 value of 128 bits (read), 19 descriptor b001 (writable)
/// 20 secondary service 1234: 21 decl, 22 value 2aaa (read error 0x80, write error 0x81)
class AttributeServerTest : public ::testing::Test {
 protected:
  AttributeServerTest() : server_(make_table(), make_hooks()) { client_ = server_.open_bearer(); }

  static std::vector<ServiceSpec> make_services() {
    std::vector<ServiceSpec> services(4);
    services[0].uuid = Uuid(0x180d);
    services[0].characteristics = {characteristic(0x2a37, property::read | property::notify, bytes(1, 2)),
                                   characteristic(0x2a38, property::read | property::write, counted(40)),
                                   characteristic(0x2a39, property::write)};
    DescriptorSpec description;
    description.uuid = Uuid(0x2901);
    description.value = bytes_of("hi");
    services[0].characteristics[0].descriptors = {description};
    services[0].characteristics[2].max_length = 4;
    services[1].uuid = Uuid(0x180f);
    services[1].characteristics = {characteristic(0x2a19, property::indicate),
                                   characteristic(0x2a1a, property::read | property::write_without_response, bytes(9))};
    services[1].characteristics[0].security = Security::encrypted;
    services[1].characteristics[1].security = Security::authenticated;
    services[2].uuid = Uuid("6e400001-b5a3-f393-e0a9-e50e24dcca9e");
    services[2].characteristics = {characteristic(0, property::read, bytes(7))};
    services[2].characteristics[0].uuid = Uuid("6e400002-b5a3-f393-e0a9-e50e24dcca9e");
    DescriptorSpec own;
    own.uuid = Uuid(0xb001);
    own.writable = true;
    services[2].characteristics[0].descriptors = {own};
    services[3].uuid = Uuid(0x1234);
    services[3].primary = false;
    services[3].characteristics = {characteristic(0x2aaa, property::read | property::write, bytes(1))};
    services[3].characteristics[0].read_error = 0x80;
    services[3].characteristics[0].write_error = 0x81;
    return services;
  }

  static AttributeTable make_table() {
    AttributeTable table;
    EXPECT_TRUE(table.append(make_services()).has_value());
    return table;
  }

  ServerHooks make_hooks() {
    ServerHooks hooks;
    hooks.on_read = [this](const ReadAttempt& attempt) {
      reads_.push_back(attempt);
      return on_read_ ? on_read_(attempt) : ReadAnswer(Stored{});
    };
    hooks.on_write = [this](const WriteAttempt& attempt) {
      writes_.push_back({attempt, Bytes(attempt.value.begin(), attempt.value.end())});
      return on_write_ ? on_write_(attempt) : WriteAnswer(Accepted{});
    };
    hooks.on_subscription_changed = [this](BearerId bearer, std::uint16_t handle, std::uint16_t bits) {
      changes_ += std::to_string(bearer) + ':' + std::to_string(handle) + '=' + std::to_string(bits) + ' ';
    };
    hooks.on_confirmed = [this](BearerId, std::uint16_t handle) { confirmed_.push_back(handle); };
    return hooks;
  }

  /// Sends hexadecimal digits, blanks between them allowed, and gives the response alike.
  std::string ask(const std::string& pdu) { return hex(server_.handle_pdu(client_, from_hex(pdu).value()).response); }

  /// The response's first bytes, for long ones.
  std::string ask_start(const std::string& pdu, std::size_t digits) { return ask(pdu).substr(0, digits); }

  void set_mtu(const std::string& little_endian) { ask("02" + little_endian); }

  std::vector<ReadAttempt> reads_;
  std::vector<std::pair<WriteAttempt, Bytes>> writes_;
  std::string changes_;
  std::vector<std::uint16_t> confirmed_;
  std::function<ReadAnswer(const ReadAttempt&)> on_read_;
  std::function<WriteAnswer(const WriteAttempt&)> on_write_;
  AttributeServer server_;
  BearerId client_ = 0;
};

inline const std::string no_answer = "(nothing)";

}  // namespace blau::sim::detail
