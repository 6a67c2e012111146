#include "attribute_server_fixture.hpp"

namespace blau::sim::detail {
namespace {

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
  EXPECT_EQ(ask("04 0100 0500"),
            "0501"
            "01000028"
            "02000328"
            "0300372a"
            "04000229"
            "05000129");
}

TEST_F(AttributeServerTest, FindsAsMuchInformationAsFits) {
  EXPECT_EQ(ask("04 0100 ffff"),
            "0501"
            "01000028"
            "02000328"
            "0300372a"
            "04000229"
            "05000129");
}

TEST_F(AttributeServerTest, FindsInformationThatJustFits) {
  set_mtu("1a00");
  EXPECT_EQ(ask("04 0200 ffff"),
            "0501"
            "02000328"
            "0300372a"
            "04000229"
            "05000129"
            "06000328"
            "0700382a");
}

TEST_F(AttributeServerTest, FindsInformationOfOneUuidSize) {
  EXPECT_EQ(ask("04 1000 ffff"),
            "0501"
            "10000028"
            "11000328")
      << "the 128-bit one ends the list";
  EXPECT_EQ(ask("04 1200 ffff"),
            "0502"
            "12009ecadc240ee5a9e093f3a3b50200406e");
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
  EXPECT_EQ(ask("08 0100 0900 0328"),
            "0907"
            "0200120300372a"
            "06000a0700382a"
            "0800080900392a");
}

TEST_F(AttributeServerTest, ReadsByTypeUntilTheLengthChanges) {
  EXPECT_EQ(ask("08 0800 ffff 0328"),
            "0907"
            "0800080900392a"
            "0b00200c00192a"
            "0e00060f001a2a");
  EXPECT_EQ(ask("08 1000 ffff 0328"),
            "0915"
            "1100"
            "021200"
            "9ecadc240ee5a9e093f3a3b50200406e");
}

TEST_F(AttributeServerTest, CutsValuesReadByType) {
  EXPECT_EQ(ask("08 0100 ffff 382a"),
            "0915"
            "0700" +
                to_hex(counted(19)));
  set_mtu("0502");
  EXPECT_EQ(ask("08 0100 ffff 382a"),
            "092a"
            "0700" +
                to_hex(counted(40)));
}

TEST_F(AttributeServerTest, LimitsALongValueReadByTypeTo253Bytes) {
  set_mtu("0502");
  server_.table().find(7)->value = counted(400);
  EXPECT_EQ(ask("08 0100 ffff 382a"),
            "09ff"
            "0700" +
                to_hex(counted(253)));
}

TEST_F(AttributeServerTest, ReadsByTypeOf128Bits) {
  EXPECT_EQ(ask("08 0100 ffff 9ecadc240ee5a9e093f3a3b50200406e"),
            "0903"
            "1200"
            "07");
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
  EXPECT_EQ(ask("08 0100 ffff 372a"),
            "0904"
            "03000102"
            "07000102");
  server_.table().find(7)->readable = false;
  EXPECT_EQ(ask("08 0100 ffff 372a"),
            "0904"
            "03000102");
}

TEST_F(AttributeServerTest, RefusesMalformedReadByType) {
  EXPECT_EQ(ask("08 0100 ffff 03"), "0108000004");
  EXPECT_EQ(ask("08 0100 ffff 03280000"), "0108000004") << "there are no 32-bit UUIDs in ATT";
  EXPECT_EQ(ask("08"), "0108000004");
}

// Read By Group Type, 3.4.4.9

TEST_F(AttributeServerTest, ReadsServicesByGroupType) {
  EXPECT_EQ(ask("10 0100 ffff 0028"),
            "1106"
            "010009000d18"
            "0a000f000f18");
  EXPECT_EQ(ask("10 1000 ffff 0028"),
            "1114"
            "10001300"
            "9ecadc240ee5a9e093f3a3b50100406e");
  EXPECT_EQ(ask("10 1400 ffff 0028"), "011014000a");
  EXPECT_EQ(ask("10 0100 ffff 0128"),
            "1106"
            "140016003412");
}

TEST_F(AttributeServerTest, RefusesOtherGroupTypes) {
  EXPECT_EQ(ask("10 0100 ffff 0328"), "0110010010");
  EXPECT_EQ(ask("10 0100 ffff 382a"), "0110010010");
  EXPECT_EQ(ask("10 0100 ffff 9ecadc240ee5a9e093f3a3b50100406e"), "0110010010");
  EXPECT_EQ(ask("10 0100 ffff"), "0110000004");
}

TEST_F(AttributeServerTest, TakesALongFormOfAShortUuid) {
  EXPECT_EQ(ask("10 1000 ffff fb349b5f80000080001000000028"
                "0000"),
            "1114"
            "10001300"
            "9ecadc240ee5a9e093f3a3b50100406e");
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
  EXPECT_EQ(ask("04 1700 ffff"), "010417000a");
  EXPECT_EQ(ask("0c 0700 1600"), "0d" + to_hex(Bytes(8, 4))) << "another request ends it";
  EXPECT_EQ(ask("0a 0700"), "0b" + to_hex(Bytes(22, 5)));
  EXPECT_EQ(ask("0c 0700 1700"), "0d" + to_hex(Bytes(7, 6))) << "so does another offset";
  EXPECT_EQ(ask("0a 0700"), "0b" + to_hex(Bytes(22, 7)));
  EXPECT_EQ(ask("0c 0300 1600"), "0d" + to_hex(Bytes(8, 8))) << "and another handle";
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
  EXPECT_EQ(ask("20 0300 1300 0500"),
            "21"
            "02000102"
            "0000"
            "02006869");
  EXPECT_EQ(ask("20 0300 0700"),
            "21"
            "02000102"
            "2800" +
                to_hex(counted(16)))
      << "the true length, the value cut";
}

TEST_F(AttributeServerTest, RefusesToReadSeveralValuesForTheFirstThatIsRefused) {
  EXPECT_EQ(ask("0e 0300 0900 6300"), "010e090002");
  EXPECT_EQ(ask("0e 0300 6300"), "010e630001");
  EXPECT_EQ(ask("20 0300 0f00"), "01200f0005");
  EXPECT_EQ(ask("0e 0300"), "010e000004") << "one handle is not several";
  EXPECT_EQ(ask("0e 0300 05"), "010e000004");
  EXPECT_EQ(ask("20"), "0120000004");
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

}  // namespace
}  // namespace blau::sim::detail
