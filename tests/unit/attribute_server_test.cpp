#include "backend/sim/attribute_server.hpp"

#include <blau/bytes.hpp>
#include <blau/error.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace blau::sim::detail {
namespace {

CharacteristicSpec characteristic(std::uint32_t uuid, std::uint16_t properties, Bytes value = Bytes()) {
  CharacteristicSpec spec;
  spec.uuid = Uuid(uuid);
  spec.properties = properties;
  spec.value = std::move(value);
  return spec;
}

Bytes counted(std::size_t size) {
  Bytes value(size);
  for (std::size_t i = 0; i < size; ++i) value[i] = static_cast<std::uint8_t>(i);
  return value;
}

std::string hex(const std::optional<Bytes>& pdu) { return pdu ? to_hex(*pdu) : "(nothing)"; }

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
    services[1].characteristics = {
        characteristic(0x2a19, property::indicate),
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

const std::string no_answer = "(nothing)";

// Exchange MTU, Part F 3.4.2

TEST_F(AttributeServerTest, AgreesOnTheSmallerMtu) {
  EXPECT_EQ(server_.mtu(client_), 23);
  EXPECT_EQ(ask("02 f700"), "030502");
  EXPECT_EQ(server_.mtu(client_), 247);
}

TEST_F(AttributeServerTest, NeverAgreesOnLessThanTheDefaultMtu) {
  EXPECT_EQ(ask("02 0100"), "030502");
  EXPECT_EQ(server_.mtu(client_), 23);
  EXPECT_EQ(ask("02 ffff"), "030502");
  EXPECT_EQ(server_.mtu(client_), 517);
}

TEST_F(AttributeServerTest, RefusesAMalformedMtu) {
  EXPECT_EQ(ask("02 17"), "0102000004");
  EXPECT_EQ(ask("02 170000"), "0102000004");
}

TEST(AttributeServerOptions, LimitsTheMtu) {
  ServerOptions options;
  options.mtu = 48;
  AttributeServer server(AttributeTable(), ServerHooks(), options);
  const BearerId client = server.open_bearer();
  EXPECT_EQ(hex(server.handle_pdu(client, bytes(2, 0x05, 0x02)).response), "033000");
  EXPECT_EQ(server.mtu(client), 48);
}

// Find Information, 3.4.3.1

TEST_F(AttributeServerTest, FindsInformation) {
  EXPECT_EQ(ask("04 0100 0500"), "0501" "01000028" "02000328" "0300372a" "04000229" "05000129");
}

TEST_F(AttributeServerTest, FindsAsMuchInformationAsFits) {
  EXPECT_EQ(ask("04 0100 ffff"), "0501" "01000028" "02000328" "0300372a" "04000229" "05000129");
}

TEST_F(AttributeServerTest, FindsInformationOfOneUuidSize) {
  EXPECT_EQ(ask("04 1000 ffff"), "0501" "10000028" "11000328") << "the 128-bit one ends the list";
  EXPECT_EQ(ask("04 1200 ffff"), "0502" "12009ecadc240ee5a9e093f3a3b50200406e");
}

TEST_F(AttributeServerTest, FindsNoInformationBehindTheEnd) { EXPECT_EQ(ask("04 1700 ffff"), "010417000a"); }

TEST_F(AttributeServerTest, RefusesWrongRanges) {
  EXPECT_EQ(ask("04 0000 ffff"), "0104000001");
  EXPECT_EQ(ask("04 0500 0400"), "0104050001");
  EXPECT_EQ(ask("06 0000 ffff 0028 0d18"), "0106000001");
  EXPECT_EQ(ask("08 0500 0400 0328"), "0108050001");
  EXPECT_EQ(ask("10 0000 0000 0028"), "0110000001");
}

TEST_F(AttributeServerTest, RefusesMalformedFindInformation) {
  EXPECT_EQ(ask("04"), "0104000004");
  EXPECT_EQ(ask("04 0100 ff"), "0104000004");
  EXPECT_EQ(ask("04 0100 ffff 00"), "0104000004");
}

// Find By Type Value, 3.4.3.3

TEST_F(AttributeServerTest, FindsServicesByUuid) {
  EXPECT_EQ(ask("06 0100 ffff 0028 0f18"), "070a000f00");
  EXPECT_EQ(ask("06 0100 ffff 0028 9ecadc240ee5a9e093f3a3b50100406e"), "0710001300");
}

TEST_F(AttributeServerTest, FindsOtherAttributesByValue) {
  EXPECT_EQ(ask("06 0100 ffff 0129 6869"), "0705000500") << "no group: ends at itself";
  EXPECT_EQ(ask("06 0100 ffff 0328 120300372a"), "0702000500") << "a characteristic ends with its descriptors";
}

TEST_F(AttributeServerTest, FindsNothingByAnotherValueOrWithoutPermission) {
  EXPECT_EQ(ask("06 0100 ffff 0028 0a18"), "010601000a");
  EXPECT_EQ(ask("06 0100 ffff 0028"), "010601000a") << "an empty value";
  EXPECT_EQ(ask("06 0100 ffff 1a2a 09"), "010601000a") << "the value may not be read";
  server_.set_security(client_, {true, true, true});
  EXPECT_EQ(ask("06 0100 ffff 1a2a 09"), "070f000f00");
}

TEST_F(AttributeServerTest, RefusesMalformedFindByTypeValue) { EXPECT_EQ(ask("06 0100 ffff 00"), "0106000004"); }

// Read By Type, 3.4.4.1

TEST_F(AttributeServerTest, ReadsCharacteristicsByType) {
  EXPECT_EQ(ask("08 0100 0900 0328"), "0907" "0200120300372a" "06000a0700382a" "0800080900392a");
}

TEST_F(AttributeServerTest, ReadsByTypeUntilTheLengthChanges) {
  EXPECT_EQ(ask("08 0800 ffff 0328"), "0907" "0800080900392a" "0b00200c00192a" "0e00060f001a2a");
  EXPECT_EQ(ask("08 1000 ffff 0328"), "0915" "1100" "021200" "9ecadc240ee5a9e093f3a3b50200406e");
}

TEST_F(AttributeServerTest, CutsValuesReadByType) {
  EXPECT_EQ(ask("08 0100 ffff 382a"), "0915" "0700" + to_hex(counted(19)));
  set_mtu("0502");
  EXPECT_EQ(ask("08 0100 ffff 382a"), "092a" "0700" + to_hex(counted(40)));
}

TEST_F(AttributeServerTest, LimitsALongValueReadByTypeTo253Bytes) {
  set_mtu("0502");
  server_.table().find(7)->value = counted(400);
  EXPECT_EQ(ask("08 0100 ffff 382a"), "09ff" "0700" + to_hex(counted(253)));
}

TEST_F(AttributeServerTest, ReadsByTypeOf128Bits) {
  EXPECT_EQ(ask("08 0100 ffff 9ecadc240ee5a9e093f3a3b50200406e"), "0903" "1200" "07");
}

TEST_F(AttributeServerTest, AnswersTheErrorOfTheFirstValueReadByType) {
  EXPECT_EQ(ask("08 0100 ffff 392a"), "0108090002") << "it can only be written";
  EXPECT_EQ(ask("08 0100 ffff 1a2a"), "01080f0005") << "no keys, so pairing is wanted";
  EXPECT_EQ(ask("08 0100 ffff aa2a"), "0108160080");
  EXPECT_EQ(ask("08 0100 ffff bb2a"), "010801000a");
}

TEST_F(AttributeServerTest, EndsTheListReadByTypeAtALaterError) {
  server_.table().find(7)->value = bytes(1, 2);
  server_.table().find(7)->type = Uuid(0x2a37);
  EXPECT_EQ(ask("08 0100 ffff 372a"), "0904" "03000102" "07000102");
  server_.table().find(7)->readable = false;
  EXPECT_EQ(ask("08 0100 ffff 372a"), "0904" "03000102");
}

TEST_F(AttributeServerTest, RefusesMalformedReadByType) {
  EXPECT_EQ(ask("08 0100 ffff 03"), "0108000004");
  EXPECT_EQ(ask("08 0100 ffff 03280000"), "0108000004") << "there are no 32-bit UUIDs in ATT";
  EXPECT_EQ(ask("08"), "0108000004");
}

// Read By Group Type, 3.4.4.9

TEST_F(AttributeServerTest, ReadsServicesByGroupType) {
  EXPECT_EQ(ask("10 0100 ffff 0028"), "1106" "010009000d18" "0a000f000f18");
  EXPECT_EQ(ask("10 1000 ffff 0028"), "1114" "10001300" "9ecadc240ee5a9e093f3a3b50100406e");
  EXPECT_EQ(ask("10 1400 ffff 0028"), "011014000a");
  EXPECT_EQ(ask("10 0100 ffff 0128"), "1106" "140016003412");
}

TEST_F(AttributeServerTest, RefusesOtherGroupTypes) {
  EXPECT_EQ(ask("10 0100 ffff 0328"), "0110010010");
  EXPECT_EQ(ask("10 0100 ffff 382a"), "0110010010");
  EXPECT_EQ(ask("10 0100 ffff 9ecadc240ee5a9e093f3a3b50100406e"), "0110010010");
  EXPECT_EQ(ask("10 0100 ffff"), "0110000004");
}

TEST_F(AttributeServerTest, TakesALongFormOfAShortUuid) {
  EXPECT_EQ(ask("10 1000 ffff fb349b5f80000080001000000028" "0000"), "1114" "10001300" "9ecadc240ee5a9e093f3a3b50100406e");
}

// Read and Read Blob, 3.4.4.3, 3.4.4.5

TEST_F(AttributeServerTest, Reads) {
  EXPECT_EQ(ask("0a 0300"), "0b0102");
  EXPECT_EQ(ask("0a 0100"), "0b0d18");
  EXPECT_EQ(ask("0a 0500"), "0b6869");
  EXPECT_EQ(ask("0a 1300"), "0b") << "an empty value";
}

TEST_F(AttributeServerTest, CutsWhatIsReadToTheMtu) {
  EXPECT_EQ(ask("0a 0700"), "0b" + to_hex(counted(22)));
  set_mtu("1800");
  EXPECT_EQ(ask("0a 0700"), "0b" + to_hex(counted(23)));
}

TEST_F(AttributeServerTest, RefusesToRead) {
  EXPECT_EQ(ask("0a 0000"), "010a000001");
  EXPECT_EQ(ask("0a 6300"), "010a630001");
  EXPECT_EQ(ask("0a 0900"), "010a090002");
  EXPECT_EQ(ask("0a 1600"), "010a160080");
  EXPECT_EQ(ask("0a 03"), "010a000004");
  EXPECT_EQ(ask("0a 030000"), "010a000004");
}

TEST_F(AttributeServerTest, ReadsOnInParts) {
  EXPECT_EQ(ask("0c 0700 1600"), "0d" + to_hex(ByteView(counted(40)).subspan(22)));
  EXPECT_EQ(ask("0c 0700 2800"), "0d") << "exactly at the end";
  EXPECT_EQ(ask("0c 0700 2900"), "010c070007");
  EXPECT_EQ(ask("0c 0300 0000"), "0d0102") << "a value that may grow can be read in parts though it is short";
  EXPECT_EQ(ask("0c 0300 0300"), "010c030007");
}

TEST_F(AttributeServerTest, DeclarationsAndConfigurationsAreNotLong) {
  EXPECT_EQ(ask("0c 0100 0000"), "010c01000b");
  EXPECT_EQ(ask("0c 0400 0100"), "010c04000b");
}

TEST_F(AttributeServerTest, RefusesToReadInParts) {
  EXPECT_EQ(ask("0c 6300 0000"), "010c630001");
  EXPECT_EQ(ask("0c 0900 0000"), "010c090002");
  EXPECT_EQ(ask("0c 0f00 0000"), "010c0f0005");
  EXPECT_EQ(ask("0c 0700 00"), "010c000004");
  EXPECT_EQ(ask("0c 0700 0000 00"), "010c000004");
}

TEST_F(AttributeServerTest, PartsOfALongValueFitTogetherThoughItChanges) {
  int calls = 0;
  on_read_ = [&](const ReadAttempt&) { return ReadAnswer(Bytes(30, static_cast<std::uint8_t>(++calls))); };
  EXPECT_EQ(ask("0a 0700"), "0b" + to_hex(Bytes(22, 1)));
  EXPECT_EQ(ask("0c 0700 1600"), "0d" + to_hex(Bytes(8, 1)));
  EXPECT_EQ(calls, 1) << "one reading of the value, one call";
  EXPECT_EQ(ask("0c 0700 1600"), "0d" + to_hex(Bytes(8, 2))) << "the long reading is over";
  EXPECT_EQ(ask("0a 0700"), "0b" + to_hex(Bytes(22, 3)));
  EXPECT_EQ(ask("0a 0300"), "0b" + to_hex(Bytes(22, 4))) << "another request ends it";
  EXPECT_EQ(ask("0c 0700 1600"), "0d" + to_hex(Bytes(8, 5)));
}

TEST_F(AttributeServerTest, APartIsRefusedWhenTheLinkIsNoLongerSecure) {
  server_.table().find(15)->value = counted(40);
  server_.set_security(client_, {true, true, true});
  EXPECT_EQ(ask("0a 0f00"), "0b" + to_hex(counted(22)));
  server_.set_security(client_, {});
  EXPECT_EQ(ask("0c 0f00 1600"), "010c0f0005");
}

// Read Multiple, 3.4.4.7, 3.4.4.11

TEST_F(AttributeServerTest, ReadsSeveralValues) {
  EXPECT_EQ(ask("0e 0300 0500"), "0f01026869");
  EXPECT_EQ(ask("0e 0700 0300"), "0f" + to_hex(counted(22)));
  EXPECT_EQ(ask("0e 0300 0700"), "0f0102" + to_hex(counted(20)));
}

TEST_F(AttributeServerTest, ReadsSeveralValuesOfVariableLength) {
  EXPECT_EQ(ask("20 0300 1300 0500"), "21" "02000102" "0000" "02006869");
  EXPECT_EQ(ask("20 0300 0700"), "21" "02000102" "2800" + to_hex(counted(16))) << "the true length, the value cut";
}

TEST_F(AttributeServerTest, RefusesToReadSeveralValuesForTheFirstThatIsRefused) {
  EXPECT_EQ(ask("0e 0300 0900 6300"), "010e090002");
  EXPECT_EQ(ask("0e 0300 6300"), "010e630001");
  EXPECT_EQ(ask("20 0300 0f00"), "01200f0005");
  EXPECT_EQ(ask("0e 0300"), "010e000004") << "one handle is not several";
  EXPECT_EQ(ask("0e 0300 05"), "010e000004");
  EXPECT_EQ(ask("20"), "0120000004");
}

// Write Request, 3.4.5.1

TEST_F(AttributeServerTest, Writes) {
  EXPECT_EQ(ask("12 0700 aabb"), "13");
  EXPECT_EQ(server_.table().find(7)->value, bytes(0xaa, 0xbb));
  ASSERT_EQ(writes_.size(), 1u);
  EXPECT_EQ(writes_[0].first.kind, WriteKind::request);
  EXPECT_EQ(writes_[0].second, bytes(0xaa, 0xbb));
  EXPECT_EQ(ask("12 0700"), "13");
  EXPECT_TRUE(server_.table().find(7)->value.empty());
  EXPECT_EQ(ask("12 1300 cc"), "13") << "a descriptor";
}

TEST_F(AttributeServerTest, RefusesToWrite) {
  EXPECT_EQ(ask("12 6300 00"), "0112630001");
  EXPECT_EQ(ask("12 0300 00"), "0112030003");
  EXPECT_EQ(ask("12 0100 00"), "0112010003");
  EXPECT_EQ(ask("12 0500 00"), "0112050003");
  EXPECT_EQ(ask("12 0f00 00"), "01120f0003") << "only without response";
  EXPECT_EQ(ask("12 0900 0102030405"), "011209000d");
  EXPECT_EQ(ask("12 1600 00"), "0112160081");
  EXPECT_EQ(ask("12 16"), "0112000004");
  EXPECT_EQ(writes_.size(), 1u) << "only the attribute that has an error of its own was offered";
  EXPECT_EQ(writes_[0].first.refused_with, static_cast<AttError>(0x81));
  EXPECT_EQ(server_.table().find(22)->value, bytes(1));
}

TEST_F(AttributeServerTest, RefusesMoreThan512Bytes) {
  set_mtu("0502");
  EXPECT_EQ(ask("12 0700" + to_hex(Bytes(513))), "011207000d");
  EXPECT_EQ(ask("12 0700" + to_hex(Bytes(512))), "13");
}

TEST_F(AttributeServerTest, AnswersTheHooksError) {
  on_write_ = [](const WriteAttempt&) { return WriteAnswer(AttError::value_not_allowed); };
  EXPECT_EQ(ask("12 0700 01"), "0112070013");
  EXPECT_EQ(server_.table().find(7)->value, counted(40));
  on_read_ = [](const ReadAttempt&) { return ReadAnswer(AttError::insufficient_authorization); };
  EXPECT_EQ(ask("0a 0700"), "010a070008");
}

TEST_F(AttributeServerTest, TakesTheHooksValue) {
  on_read_ = [](const ReadAttempt& attempt) { return ReadAnswer(bytes(attempt.handle, attempt.offset)); };
  EXPECT_EQ(ask("0a 0300"), "0b0300");
  EXPECT_EQ(ask("08 0100 ffff 372a"), "0904" "03000300");
  EXPECT_EQ(ask("0a 0100"), "0b0d18") << "declarations are never asked for";
  EXPECT_EQ(ask("0a 0400"), "0b0000") << "nor is a configuration";
  on_read_ = [](const ReadAttempt&) { return ReadAnswer(Bytes(600)); };
  set_mtu("0502");
  EXPECT_EQ(ask("0a 0300").size(), 2u + 2 * 512);
}

// Write Command, 3.4.5.3

TEST_F(AttributeServerTest, TakesCommands) {
  server_.set_security(client_, {true, true, true});
  EXPECT_EQ(ask("52 0f00 77"), no_answer);
  EXPECT_EQ(server_.table().find(15)->value, bytes(0x77));
  EXPECT_EQ(writes_.at(0).first.kind, WriteKind::command);
}

TEST_F(AttributeServerTest, IgnoresWrongCommands) {
  EXPECT_EQ(ask("52 0f00 77"), no_answer) << "the link is not secure";
  EXPECT_EQ(ask("52 0700 77"), no_answer) << "only with response";
  EXPECT_EQ(ask("52 6300 77"), no_answer);
  EXPECT_EQ(ask("52 63"), no_answer);
  EXPECT_EQ(ask("52"), no_answer);
  EXPECT_EQ(ask("d2 0f00 77 000000000000000000000000"), no_answer) << "signed writes are not known";
  EXPECT_EQ(ask("7f 0102"), no_answer);
  EXPECT_TRUE(writes_.empty());
  EXPECT_EQ(server_.table().find(15)->value, bytes(9));
}

// Prepare and Execute Write, 3.4.6

TEST_F(AttributeServerTest, WritesInParts) {
  EXPECT_EQ(ask("16 0700 0000 0102"), "17070000000102");
  EXPECT_EQ(ask("16 0700 0200 0304"), "17070002000304");
  EXPECT_EQ(server_.table().find(7)->value, counted(40)) << "not yet";
  EXPECT_EQ(ask("18 01"), "19");
  EXPECT_EQ(server_.table().find(7)->value, bytes(1, 2, 3, 4));
  ASSERT_EQ(writes_.size(), 1u);
  EXPECT_EQ(writes_[0].first.kind, WriteKind::prepared);
  EXPECT_EQ(writes_[0].second, bytes(1, 2, 3, 4));
}

TEST_F(AttributeServerTest, WritesSeveralValuesAtOnce) {
  ask("16 0700 0000 aa");
  ask("16 1300 0000 bb");
  ask("16 0700 0100 cc");
  EXPECT_EQ(ask("18 01"), "19");
  EXPECT_EQ(server_.table().find(7)->value, bytes(0xaa, 0xcc));
  EXPECT_EQ(server_.table().find(19)->value, bytes(0xbb));
}

TEST_F(AttributeServerTest, PartsCanBeginInsideTheOldValueAndOverlap) {
  ask("16 0700 0200 aabbcc");
  ask("16 0700 0300 dd");
  EXPECT_EQ(ask("18 01"), "19");
  EXPECT_EQ(server_.table().find(7)->value, bytes(0, 1, 0xaa, 0xdd, 0xcc));
}

TEST_F(AttributeServerTest, CancelsPreparedWrites) {
  ask("16 0700 0000 0102");
  EXPECT_EQ(ask("18 00"), "19");
  EXPECT_EQ(ask("18 01"), "19") << "nothing is left to execute";
  EXPECT_EQ(server_.table().find(7)->value, counted(40));
}

TEST_F(AttributeServerTest, RefusesToPrepare) {
  EXPECT_EQ(ask("16 6300 0000 00"), "0116630001");
  EXPECT_EQ(ask("16 0300 0000 00"), "0116030003");
  EXPECT_EQ(ask("16 0d00 0000 0100"), "01160d0005");
  EXPECT_EQ(ask("16 0700 00"), "0116000004");
}

TEST_F(AttributeServerTest, LooksAtOffsetAndLengthOnlyWhenItExecutes) {
  EXPECT_EQ(ask("16 0700 2900 00"), "170700290000");
  EXPECT_EQ(ask("18 01"), "0118070007");
  EXPECT_EQ(ask("18 01"), "19") << "the queue was emptied";
  EXPECT_EQ(ask("16 0900 0000 0102030405"), "17090000000102030405");
  EXPECT_EQ(ask("18 01"), "011809000d");
  EXPECT_EQ(ask("16 1600 0000 01"), "171600000001");
  EXPECT_EQ(ask("18 01"), "0118160081");
}

TEST_F(AttributeServerTest, RefusesAPreparedValueOfMoreThan512Bytes) {
  server_.table().find(7)->value = counted(512);
  ask("16 0700 fe01 010203");
  EXPECT_EQ(ask("18 01"), "011807000d");
}

TEST_F(AttributeServerTest, RefusesMalformedExecuteWrite) {
  EXPECT_EQ(ask("18"), "0118000004");
  EXPECT_EQ(ask("18 02"), "0118000004");
  EXPECT_EQ(ask("18 0100"), "0118000004");
}

TEST_F(AttributeServerTest, PreparesNoMoreThanItsQueueHolds) {
  for (int i = 0; i < 64; ++i) ASSERT_EQ(ask("16 0700 0000 00"), "170700000000");
  EXPECT_EQ(ask("16 0700 0000 00"), "0116070009");
  EXPECT_EQ(ask("18 00"), "19");
  EXPECT_EQ(ask("16 0700 0000 00"), "170700000000");
}

TEST_F(AttributeServerTest, KeepsPreparedWritesOfClientsApart) {
  const BearerId other = server_.open_bearer();
  ask("16 0700 0000 01");
  EXPECT_EQ(hex(server_.handle_pdu(other, bytes(0x18, 1)).response), "19");
  EXPECT_EQ(server_.table().find(7)->value, counted(40));
}

TEST_F(AttributeServerTest, ForgetsAnAttributeThatIsGoneBeforeItIsWritten) {
  ask("16 0700 0000 01");
  server_.table().remove_service(1);
  EXPECT_EQ(ask("18 01"), "0118070001");
}

// Unknown and malformed PDUs, 3.3

TEST_F(AttributeServerTest, RefusesUnknownRequests) {
  EXPECT_EQ(ask("14"), "0114000006");
  EXPECT_EQ(ask("3f 00"), "013f000006");
  EXPECT_EQ(ask("00"), "0100000006");
  EXPECT_EQ(ask("92 0700 00"), "0192000006") << "a request cannot be signed";
}

TEST_F(AttributeServerTest, AnswersNoResponses) {
  for (const char* pdu : {"01", "0102000004", "03", "0b01", "13", "17", "19", "1b0300aa", "1d0300aa", "21", "23"})
    EXPECT_EQ(ask(pdu), no_answer) << pdu;
  EXPECT_FALSE(server_.handle_pdu(client_, {}).response);
}

TEST_F(AttributeServerTest, RefusesAPduLongerThanTheMtu) {
  EXPECT_EQ(ask("12 0700" + to_hex(Bytes(21))), "0112000004");
  EXPECT_EQ(ask("52 0f00" + to_hex(Bytes(21))), no_answer);
  EXPECT_EQ(ask("12 0700" + to_hex(Bytes(20))), "13");
}

TEST_F(AttributeServerTest, AnswersNobodyItDoesNotKnow) {
  EXPECT_FALSE(server_.handle_pdu(4711, bytes(0x0a, 3, 0)).response);
  EXPECT_EQ(server_.mtu(4711), 0);
  EXPECT_FALSE(server_.notify(4711, 3, {}));
  EXPECT_FALSE(server_.indicate(4711, 3, {}).accepted);
  server_.close_bearer(4711);
}

// Security, Part C 10.3.1

TEST_F(AttributeServerTest, DemandsASecureLink) {
  const auto read = [&](LinkSecurity link) {
    server_.set_security(client_, link);
    return ask("0a 0f00");
  };
  EXPECT_EQ(read({false, false, false}), "010a0f0005") << "no keys: pair";
  EXPECT_EQ(read({false, false, true}), "010a0f000f") << "keys: encrypt";
  EXPECT_EQ(read({true, false, true}), "010a0f0005") << "keys of the wrong kind: pair better";
  EXPECT_EQ(read({true, true, true}), "0b09");
}

TEST_F(AttributeServerTest, DemandsAnEncryptedLinkForASubscription) {
  EXPECT_EQ(ask("0a 0d00"), "0b0000") << "a configuration can always be read";
  EXPECT_EQ(ask("12 0d00 0200"), "01120d0005");
  server_.set_security(client_, {false, false, true});
  EXPECT_EQ(ask("12 0d00 0200"), "01120d000f");
  server_.set_security(client_, {true, false, true});
  EXPECT_EQ(ask("12 0d00 0200"), "13");
}

// Client Characteristic Configuration, Part G 3.3.3.3

TEST_F(AttributeServerTest, KeepsASubscriptionForEachClient) {
  const BearerId other = server_.open_bearer();
  EXPECT_EQ(ask("12 0400 0100"), "13");
  EXPECT_EQ(ask("0a 0400"), "0b0100");
  EXPECT_EQ(hex(server_.handle_pdu(other, bytes(0x0a, 4, 0)).response), "0b0000");
  EXPECT_EQ(server_.subscription(client_, 3), 1);
  EXPECT_EQ(server_.subscription(other, 3), 0);
  EXPECT_EQ(changes_, "1:3=1 ");
  EXPECT_EQ(ask("12 0400 0100"), "13");
  EXPECT_EQ(changes_, "1:3=1 ") << "written again, not changed";
  EXPECT_EQ(ask("12 0400 0000"), "13");
  EXPECT_EQ(changes_, "1:3=1 1:3=0 ");
}

TEST_F(AttributeServerTest, RefusesWrongConfigurations) {
  EXPECT_EQ(ask("12 0400 0200"), "01120400fd") << "it cannot indicate";
  EXPECT_EQ(ask("12 0400 01"), "011204000d");
  EXPECT_EQ(ask("12 0400 010000"), "011204000d");
  EXPECT_EQ(ask("12 0400 fcff"), "13") << "reserved bits mean nothing";
  EXPECT_EQ(server_.subscription(client_, 3), 0);
  server_.table().find(4)->write_error = 0x80;
  EXPECT_EQ(ask("12 0400 0100"), "0112040080");
}

TEST_F(AttributeServerTest, ASubscriptionCanBePrepared) {
  EXPECT_EQ(ask("16 0400 0000 0100"), "17040000000100");
  EXPECT_EQ(ask("18 01"), "19");
  EXPECT_EQ(server_.subscription(client_, 3), 1);
}

TEST_F(AttributeServerTest, EndsSubscriptionsWithTheBearer) {
  ask("12 0400 0100");
  server_.close_bearer(client_);
  EXPECT_EQ(changes_, "1:3=1 1:3=0 ");
  EXPECT_FALSE(server_.notify(client_, 3, bytes(1)));
  EXPECT_EQ(server_.open_bearer(), client_ + 1);
}

TEST_F(AttributeServerTest, RestoresSubscriptionsOfABondedClient) {
  ask("12 0400 0100");
  const auto remembered = server_.subscriptions(client_);
  server_.close_bearer(client_);
  client_ = server_.open_bearer();
  server_.restore_subscriptions(client_, remembered);
  EXPECT_EQ(hex(server_.notify(client_, 3, bytes(5))), "1b030005");
  EXPECT_EQ(changes_, "1:3=1 1:3=0 2:3=1 ");
}

// Notifications and indications, 3.4.7

TEST_F(AttributeServerTest, NotifiesOnlyWhoAskedForIt) {
  EXPECT_FALSE(server_.notify(client_, 3, bytes(1)));
  ask("12 0400 0100");
  EXPECT_EQ(hex(server_.notify(client_, 3, bytes(1, 2))), "1b03000102");
  EXPECT_EQ(hex(server_.notify(client_, 3, {})), "1b0300");
  EXPECT_FALSE(server_.indicate(client_, 3, bytes(1)).accepted);
  Bytes again;
  ASSERT_TRUE(server_.notify_into(client_, 3, bytes(7), again));
  EXPECT_EQ(to_hex(again), "1b030007");
}

TEST_F(AttributeServerTest, CutsNotificationsToTheMtu) {
  ask("12 0400 0100");
  EXPECT_EQ(hex(server_.notify(client_, 3, counted(30))), "1b0300" + to_hex(counted(20)));
  set_mtu("1e00");
  EXPECT_EQ(hex(server_.notify(client_, 3, counted(30))), "1b0300" + to_hex(counted(27)));
}

TEST_F(AttributeServerTest, IndicatesOneAtATime) {
  server_.set_security(client_, {true, false, true});
  ask("12 0d00 0200");
  EXPECT_EQ(hex(server_.indicate(client_, 12, bytes(1)).pdu), "1d0c0001");
  const IndicationResult second = server_.indicate(client_, 12, bytes(2));
  EXPECT_TRUE(second.accepted);
  EXPECT_FALSE(second.pdu);
  server_.indicate(client_, 12, bytes(3));
  EXPECT_EQ(hex(server_.handle_pdu(client_, bytes(0x1e, 0)).indication), no_answer) << "malformed";
  EXPECT_EQ(hex(server_.handle_pdu(client_, bytes(0x1e)).indication), "1d0c0002");
  EXPECT_EQ(hex(server_.handle_pdu(client_, bytes(0x1e)).indication), "1d0c0003");
  EXPECT_EQ(hex(server_.handle_pdu(client_, bytes(0x1e)).indication), no_answer);
  EXPECT_EQ(hex(server_.handle_pdu(client_, bytes(0x1e)).indication), no_answer) << "nothing to confirm";
  EXPECT_EQ(confirmed_, (std::vector<std::uint16_t>{12, 12, 12}));
}

TEST_F(AttributeServerTest, DropsIndicationsThatNobodyWantsAnyMore) {
  server_.set_security(client_, {true, false, true});
  ask("12 0d00 0200");
  server_.indicate(client_, 12, bytes(1));
  server_.indicate(client_, 12, bytes(2));
  ask("12 0d00 0000");
  EXPECT_EQ(hex(server_.handle_pdu(client_, bytes(0x1e)).indication), no_answer);
}

TEST_F(AttributeServerTest, HoldsABoundedNumberOfIndications) {
  server_.set_security(client_, {true, false, true});
  ask("12 0d00 0200");
  for (int i = 0; i < 65; ++i) EXPECT_TRUE(server_.indicate(client_, 12, {}).accepted);
  EXPECT_FALSE(server_.indicate(client_, 12, {}).accepted);
}

// Deferred answers

TEST_F(AttributeServerTest, AnswersAReadLater) {
  on_read_ = [](const ReadAttempt&) { return ReadAnswer(Deferred{}); };
  EXPECT_EQ(ask("0a 0300"), no_answer);
  const Ticket ticket = reads_.at(0).ticket;
  EXPECT_FALSE(server_.finish_read(ticket, Deferred{}).response) << "still owed";
  const ServerOutput output = server_.finish_read(ticket, bytes(0x55));
  EXPECT_EQ(output.bearer, client_);
  EXPECT_EQ(hex(output.response), "0b55");
  EXPECT_FALSE(server_.finish_read(ticket, bytes(0x55)).response) << "once";
  EXPECT_EQ(reads_.size(), 1u);
}

TEST_F(AttributeServerTest, AnswersLaterWithAnErrorOrTheStoredValue) {
  on_read_ = [](const ReadAttempt&) { return ReadAnswer(Deferred{}); };
  ask("0a 0300");
  EXPECT_EQ(hex(server_.finish_read(reads_.at(0).ticket, AttError::unlikely_error).response), "010a03000e");
  ask("0a 0300");
  EXPECT_EQ(hex(server_.finish_read(reads_.at(1).ticket, Stored{}).response), "0b0102");
  ask("0a 1600");
  EXPECT_EQ(hex(server_.finish_read(reads_.at(2).ticket, Stored{}).response), "010a160080") << "its own error, late";
}

TEST_F(AttributeServerTest, CollectsSeveralDeferredValuesForOneResponse) {
  on_read_ = [](const ReadAttempt&) { return ReadAnswer(Deferred{}); };
  EXPECT_EQ(ask("0e 0300 0500"), no_answer);
  EXPECT_FALSE(server_.finish_read(reads_.at(0).ticket, bytes(0xaa)).response);
  EXPECT_EQ(hex(server_.finish_read(reads_.at(1).ticket, bytes(0xbb)).response), "0faabb");
  EXPECT_EQ(reads_.size(), 2u) << "no value is asked for twice";
}

TEST_F(AttributeServerTest, AnswersAWriteLater) {
  on_write_ = [](const WriteAttempt&) { return WriteAnswer(Deferred{}); };
  EXPECT_EQ(ask("12 0700 01"), no_answer);
  EXPECT_EQ(server_.table().find(7)->value, counted(40));
  EXPECT_EQ(hex(server_.finish_write(writes_.at(0).first.ticket, Accepted{}).response), "13");
  EXPECT_EQ(server_.table().find(7)->value, bytes(1));
  ask("12 0700 02");
  EXPECT_EQ(hex(server_.finish_write(writes_.at(1).first.ticket, static_cast<AttError>(0x9f)).response), "011207009f");
  EXPECT_EQ(server_.table().find(7)->value, bytes(1));
}

TEST_F(AttributeServerTest, ExecutesPreparedWritesOneDeferredAnswerAfterTheOther) {
  on_write_ = [](const WriteAttempt&) { return WriteAnswer(Deferred{}); };
  ask("16 0700 0000 aa");
  ask("16 1300 0000 bb");
  EXPECT_EQ(ask("18 01"), no_answer);
  EXPECT_FALSE(server_.finish_write(writes_.at(0).first.ticket, Accepted{}).response);
  EXPECT_EQ(server_.table().find(7)->value, bytes(0xaa));
  EXPECT_TRUE(server_.table().find(19)->value.empty());
  EXPECT_EQ(hex(server_.finish_write(writes_.at(1).first.ticket, Accepted{}).response), "19");
  EXPECT_EQ(server_.table().find(19)->value, bytes(0xbb));
  EXPECT_EQ(writes_.size(), 2u);
}

TEST_F(AttributeServerTest, ACommandCanBeTakenLater) {
  server_.set_security(client_, {true, true, true});
  on_write_ = [](const WriteAttempt&) { return WriteAnswer(Deferred{}); };
  EXPECT_EQ(ask("52 0f00 77"), no_answer);
  EXPECT_EQ(ask("0a 0300"), "0b0102") << "a command does not hold back requests";
  EXPECT_FALSE(server_.finish_write(writes_.at(0).first.ticket, Accepted{}).response);
  EXPECT_EQ(server_.table().find(15)->value, bytes(0x77));
}

TEST_F(AttributeServerTest, HoldsABoundedNumberOfCommands) {
  server_.set_security(client_, {true, true, true});
  on_write_ = [](const WriteAttempt&) { return WriteAnswer(Deferred{}); };
  for (int i = 0; i < 70; ++i) ask("52 0f00 77");
  EXPECT_EQ(writes_.size(), 64u);
  server_.finish_write(writes_.at(0).first.ticket, Accepted{});
  ask("52 0f00 77");
  EXPECT_EQ(writes_.size(), 65u);
}

TEST_F(AttributeServerTest, ASecondRequestBeforeTheResponseIsAViolation) {
  on_read_ = [](const ReadAttempt&) { return ReadAnswer(Deferred{}); };
  ask("0a 0300");
  const ServerOutput second = server_.handle_pdu(client_, bytes(0x0a, 5, 0));
  EXPECT_TRUE(second.violation);
  EXPECT_FALSE(second.response);
  EXPECT_EQ(hex(server_.finish_read(reads_.at(0).ticket, bytes(1)).response), "0b01");
  const BearerId other = server_.open_bearer();
  EXPECT_FALSE(server_.handle_pdu(other, bytes(0x0a, 1, 0)).violation);
}

TEST_F(AttributeServerTest, ADeferredAnswerDiesWithTheBearer) {
  on_read_ = [](const ReadAttempt&) { return ReadAnswer(Deferred{}); };
  ask("0a 0300");
  server_.close_bearer(client_);
  const ServerOutput output = server_.finish_read(reads_.at(0).ticket, bytes(1));
  EXPECT_FALSE(output.response);
}

TEST_F(AttributeServerTest, ADeferredReadOfAnAttributeThatIsGone) {
  on_read_ = [](const ReadAttempt&) { return ReadAnswer(Deferred{}); };
  ask("0a 0300");
  server_.table().remove_service(1);
  EXPECT_EQ(hex(server_.finish_read(reads_.at(0).ticket, bytes(1)).response), "010a030001");
}

// Hooks that do more than answer

TEST_F(AttributeServerTest, AHookMayCloseTheBearer) {
  on_write_ = [&](const WriteAttempt& attempt) {
    server_.close_bearer(attempt.bearer);
    return WriteAnswer(Accepted{});
  };
  EXPECT_EQ(ask("12 0700 01"), no_answer);
  EXPECT_EQ(server_.table().find(7)->value, bytes(1));
}

TEST_F(AttributeServerTest, AHookMayTakeTheAttributeAway) {
  on_read_ = [&](const ReadAttempt&) {
    server_.table().remove_service(1);
    return ReadAnswer(Stored{});
  };
  EXPECT_EQ(ask("0a 0300"), "010a030001");
  on_write_ = [&](const WriteAttempt&) {
    server_.table().remove_service(16);
    return WriteAnswer(Accepted{});
  };
  EXPECT_EQ(ask("12 1300 01"), "0112130001");
}

TEST_F(AttributeServerTest, AHookMayNotify) {
  ask("12 0400 0100");
  std::string heard;
  on_write_ = [&](const WriteAttempt& attempt) {
    heard = hex(server_.notify(attempt.bearer, 3, attempt.value));
    return WriteAnswer(Accepted{});
  };
  EXPECT_EQ(ask("12 0700 abcd"), "13");
  EXPECT_EQ(heard, "1b0300abcd");
}

}  // namespace
}  // namespace blau::sim::detail
