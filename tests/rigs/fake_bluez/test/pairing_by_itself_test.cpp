// Pairings that nobody called Pair for, what the peripheral's user does, and what programs have registered.

#include "lock.hpp"

#include <stdexcept>

namespace blau::fake_test {
namespace {

class PairingByItself : public Pairing {};

Client::Pending read_hidden(Client& client, const char* number) {
  const auto options = [](sd_bus_message* message) { sd_bus_message_append(message, "a{sv}", 0); };
  return client.start(hidden(client, number), characteristic_interface, "ReadValue", options);
}

TEST_F(PairingByItself, ARequestThatIsRefusedPairsIfTheDefaultAgentAgrees) {
  play("");
  Client client;
  ASSERT_EQ(client.be_agent("KeyboardDisplay"), "");
  client.connect(lock_address);
  const auto read = read_hidden(client, "fff1");
  client.await_question("RequestAuthorization");
  EXPECT_EQ(client.questions()[0].device, lock);
  EXPECT_EQ(client.device(lock_address, "CancelPairing").error, does_not_exist) << "nobody called Pair";
  EXPECT_FALSE(is(client, "Bonded"));
  client.answer();
  ASSERT_TRUE(client.until([&] { return read->done; }));
  EXPECT_EQ(read->bytes, std::vector<std::uint8_t>{0x5e});
  EXPECT_TRUE(is(client, "Bonded"));
}

TEST_F(PairingByItself, ARequestThatIsRefusedAsksWhatBothCanDo) {
  play(R"("io": "display_yes_no")");
  Client desktop;
  ASSERT_EQ(desktop.be_agent("DisplayYesNo"), "");
  Client client;
  client.connect(lock_address);
  const auto read = read_hidden(client, "fff2");
  desktop.await_question("RequestConfirmation");
  const auto pending = pair(client);  // joins it
  client.settle();
  EXPECT_FALSE(pending->done);
  desktop.answer();
  EXPECT_EQ(ended(client, pending).error, "");
  ASSERT_TRUE(client.until([&] { return read->done; }));
  EXPECT_EQ(read->bytes, std::vector<std::uint8_t>{0x5f});
}

TEST_F(PairingByItself, ARequestWhosePairingIsRefusedWaitsForTheEndOfTheLink) {
  play("");
  Client client;
  ASSERT_EQ(client.be_agent("KeyboardDisplay"), "");
  client.connect(lock_address);
  const auto read = read_hidden(client, "fff1");
  client.await_question("RequestAuthorization");
  client.refuse();
  client.settle();
  EXPECT_FALSE(read->done);
  ASSERT_TRUE(client.until([&] { return read->done; }));
  EXPECT_NE(read->error, "");
  EXPECT_TRUE(client.until([&] { return !is(client, "Connected"); }));
  EXPECT_FALSE(is(client, "Paired"));
}

TEST_F(PairingByItself, ARequestThatIsRefusedWhereNobodyIsAskedWaitsForTheEndOfTheLink) {
  play("");
  Client client;
  client.connect(lock_address);
  const auto read = read_hidden(client, "fff1");
  ASSERT_TRUE(client.until([&] { return read->done; }));
  EXPECT_NE(read->error, "");
  EXPECT_TRUE(client.until([&] { return !is(client, "Connected"); }));
}

TEST_F(PairingByItself, ThePeripheralsUserSeesAndTypesByCommand) {
  play("");
  const auto set_pairing = [](const char* io) {
    return json{{"command", "set_pairing"}, {"address", lock_address}, {"io", io}};
  };
  tell(set_pairing("display_only"));
  Client client;
  ASSERT_EQ(client.be_agent("KeyboardDisplay"), "");
  client.connect(lock_address);
  auto pending = pair(client);
  client.await_question("RequestPasskey");
  const auto shown = tell({{"command", "shown_passkey"}, {"address", lock_address}})["passkey"].get<unsigned>();
  client.answer(shown);
  EXPECT_EQ(ended(client, pending).error, "");
  client.adapter("RemoveDevice", [](sd_bus_message* message) { sd_bus_message_append(message, "o", lock.c_str()); });

  tell(set_pairing("keyboard_only"));
  EXPECT_THROW(tell({{"command", "type_passkey"}, {"address", lock_address}, {"passkey", 1}}), std::runtime_error);
  client.connect(lock_address);
  pending = pair(client);
  client.await_question("DisplayPasskey");
  client.settle();
  EXPECT_FALSE(pending->done) << "he types only what he is told";
  tell({{"command", "type_passkey"}, {"address", lock_address}, {"passkey", client.questions().back().passkey}});
  EXPECT_EQ(ended(client, pending).error, "");
}

TEST_F(PairingByItself, WhatProgramsHaveRegisteredIsTold) {
  Client client;
  ASSERT_EQ(client.be_agent("KeyboardDisplay"), "");
  client.discover();
  const auto found = tell({{"command", "registered"}});
  EXPECT_EQ(found["agents"], 1);
  EXPECT_EQ(found["discoveries"], 1);
  EXPECT_EQ(found["monitors"], 0);
  client.leave();
  EXPECT_EQ(tell({{"command", "registered"}, {"count", 0}})["agents"], 0);
}

}  // namespace
}  // namespace blau::fake_test
