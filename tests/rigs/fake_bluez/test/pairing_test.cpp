// AgentManager1, Pair and what follows from it: by bluetoothd's sources, and by what Blau saw of the real one.

#include "lock.hpp"

#include <algorithm>

namespace blau::fake_test {
namespace {

TEST_F(Pairing, AProgramHasOneAgent) {
  Client client;
  EXPECT_EQ(manager(client, "RequestDefaultAgent", "/test/agent"), does_not_exist);
  EXPECT_EQ(manager(client, "UnregisterAgent", "/test/agent"), does_not_exist);
  EXPECT_EQ(manager(client, "RegisterAgent", "/test/agent", "Telepathy"), "org.bluez.Error.InvalidArguments");
  EXPECT_EQ(manager(client, "RegisterAgent", "/test/agent", ""), "");
  EXPECT_EQ(manager(client, "RegisterAgent", "/test/other", ""), already_exists);
  EXPECT_EQ(manager(client, "UnregisterAgent", "/test/other"), does_not_exist);
  EXPECT_EQ(manager(client, "RequestDefaultAgent", "/test/agent"), "");
  EXPECT_EQ(manager(client, "UnregisterAgent", "/test/agent"), "");
  EXPECT_EQ(manager(client, "RegisterAgent", "/test/other", "DisplayOnly"), "");
  const auto all = client.objects();
  EXPECT_EQ(std::count(all.begin(), all.end(), "/org/bluez"), 1);
}

TEST_F(Pairing, JustWorksAsksNobody) {
  play("");
  Client client;
  ASSERT_EQ(client.be_agent("KeyboardDisplay"), "");
  client.connect(lock_address);
  client.forget();
  const auto paired = ended(client, pair(client));
  EXPECT_EQ(paired.error, "");
  EXPECT_TRUE(client.questions().empty());
  // Both told at once, before the answer.
  ASSERT_EQ(client.count(lock, "Paired"), 1U);
  const auto told = std::find_if(client.signals().begin(), client.signals().end(),
                                 [](const Signal& signal) { return signal.tells(lock, "Paired"); });
  EXPECT_TRUE(told->tells(lock, "Bonded"));
  EXPECT_LT(static_cast<std::size_t>(told - client.signals().begin()), paired.signals_before);
  EXPECT_EQ(client.read(hidden(client, "fff1")).bytes, std::vector<std::uint8_t>{0x5e});
  EXPECT_EQ(client.read(hidden(client, "fff2")).text, "Not paired") << "its key is not good enough";
  EXPECT_EQ(ended(client, pair(client)).error, already_exists);
}

TEST_F(Pairing, ABondOutlivesTheLinkAndTheDaemon) {
  play("");
  Client client;
  client.connect(lock_address);
  ASSERT_EQ(ended(client, pair(client)).error, "");
  client.device(lock_address, "Disconnect");
  client.connect(lock_address);
  EXPECT_EQ(client.read(hidden(client, "fff1")).error, "");
  ASSERT_EQ(fault({{"fault", "restart"}, {"down_ms", 20}}), "");
  Client later;
  ASSERT_TRUE(later.until([&] { return is(later, "Bonded"); }));
  later.connect(lock_address);
  EXPECT_EQ(later.read(hidden(later, "fff1")).error, "");
}

TEST_F(Pairing, APeripheralRemembersTheSubscriptionsOfABond) {
  play("");
  Client client;
  client.connect(lock_address);
  ASSERT_EQ(ended(client, pair(client)).error, "");
  {
    Client listener;
    EXPECT_EQ(listener.call(hidden(listener, "fff3"), characteristic_interface, "StartNotify").error, "");
    client.device(lock_address, "Disconnect");
    ASSERT_TRUE(client.until([&] { return !is(client, "Connected"); }));
  }
  client.forget();
  client.connect(lock_address);
  EXPECT_EQ(tell({{"command", "subscriptions"}, {"address", lock_address}, {"uuid", "fff3"}, {"count", 1}})["ok"],
            true);
}

TEST_F(Pairing, WithoutABondItEndsWithTheLink) {
  play(R"("bonding": false)");
  Client client;
  client.connect(lock_address);
  ASSERT_EQ(ended(client, pair(client)).error, "");
  EXPECT_TRUE(is(client, "Paired"));
  EXPECT_FALSE(is(client, "Bonded"));
  client.device(lock_address, "Disconnect");
  EXPECT_TRUE(client.until([&] { return client.count(lock, "Paired") == 2; }));
  EXPECT_FALSE(is(client, "Paired"));
}

TEST_F(Pairing, PairConnectsAndIsAnsweredWithTheServices) {
  play("");
  Client client;
  client.discover();
  ASSERT_TRUE(client.until([&] { return client.count(lock, "RSSI") > 0; }));
  EXPECT_EQ(ended(client, pair(client)).error, "");
  EXPECT_TRUE(is(client, "Connected"));
  EXPECT_TRUE(is(client, "ServicesResolved"));
}

TEST_F(Pairing, NumbersAreCompared) {
  play(R"("io": "display_yes_no")");
  Client client;
  ASSERT_EQ(client.be_agent("DisplayYesNo"), "");
  client.connect(lock_address);
  const auto pending = pair(client);
  client.await_question("RequestConfirmation");
  EXPECT_EQ(client.questions()[0].device, lock);
  EXPECT_EQ(client.call(lock, device_interface, "Pair").error, "org.bluez.Error.InProgress");
  client.answer();
  EXPECT_EQ(ended(client, pending).error, "");
  EXPECT_EQ(client.read(hidden(client, "fff2")).bytes, std::vector<std::uint8_t>{0x5f});
}

TEST_F(Pairing, WhatTheUserRefusesFails) {
  play(R"("io": "display_yes_no")");
  Client client;
  ASSERT_EQ(client.be_agent("DisplayYesNo"), "");
  client.connect(lock_address);
  const auto pending = pair(client);
  client.await_question("RequestConfirmation");
  client.refuse();
  EXPECT_EQ(ended(client, pending).error, failed);
  EXPECT_FALSE(is(client, "Paired"));
  // From 5.83 on that ends the link, too.
  const bool disconnects = version() == "5.87";
  EXPECT_TRUE(client.until([&] { return is(client, "Connected") != disconnects; }));
}

TEST_F(Pairing, ThePasskeyMustBeTheOneThatIsShown) {
  play(R"("io": "display_only", "passkey": 42)");
  Client client;
  ASSERT_EQ(client.be_agent("KeyboardOnly"), "");
  client.connect(lock_address);
  auto pending = pair(client);
  client.await_question("RequestPasskey");
  client.answer(43);
  EXPECT_EQ(ended(client, pending).error, failed);
  if (version() == "5.87") {
    ASSERT_TRUE(client.until([&] { return !is(client, "Connected"); }));
    client.connect(lock_address);
  }
  pending = pair(client);
  client.await_question("RequestPasskey");
  client.answer(42);
  EXPECT_EQ(ended(client, pending).error, "");
  EXPECT_EQ(client.read(hidden(client, "fff2")).error, "");
}

TEST_F(Pairing, APasskeyIsShownAndNotAskedFor) {
  play(R"("io": "keyboard_only")");
  Client client;
  ASSERT_EQ(client.be_agent("DisplayOnly"), "");
  client.connect(lock_address);
  const auto pending = pair(client);
  client.await_question("DisplayPasskey");
  EXPECT_LE(client.questions()[0].passkey, 999999U);
  EXPECT_EQ(ended(client, pending).error, "");
  EXPECT_EQ(client.questions().size(), 1U) << "nothing is taken back";
}

TEST_F(Pairing, WhoHasNoAgentUsesTheDefaultOne) {
  play(R"("io": "display_yes_no")");
  Client desktop;
  ASSERT_EQ(desktop.be_agent("KeyboardDisplay"), "");  // the first one is the default one
  Client client;
  client.connect(lock_address);
  const auto pending = pair(client);
  desktop.await_question("RequestConfirmation");
  desktop.answer();
  EXPECT_EQ(ended(client, pending).error, "");
}

TEST_F(Pairing, ADeviceThatWantsProtectionTakesNoJustWorks) {
  play(R"("io": "display_yes_no", "mitm": true)");
  Client client;
  client.connect(lock_address);
  EXPECT_EQ(ended(client, pair(client)).error, failed);
}

TEST_F(Pairing, CancelPairingCallsItOff) {
  play(R"("io": "display_yes_no")");
  Client client;
  ASSERT_EQ(client.be_agent("DisplayYesNo"), "");
  client.connect(lock_address);
  const auto pending = pair(client);
  client.await_question("RequestConfirmation");
  EXPECT_EQ(client.device(lock_address, "CancelPairing").error, "");
  EXPECT_EQ(ended(client, pending).error, canceled);
  EXPECT_EQ(client.questions().back().member, "Cancel");
  EXPECT_TRUE(is(client, "Connected"));
}

TEST_F(Pairing, CancelPairingTakesABondAway) {
  play("");
  Client client;
  client.connect(lock_address);
  EXPECT_EQ(client.device(lock_address, "CancelPairing").error, does_not_exist);
  EXPECT_TRUE(is(client, "Connected"));
  ASSERT_EQ(ended(client, pair(client)).error, "");
  EXPECT_EQ(client.device(lock_address, "CancelPairing").error, does_not_exist);
  EXPECT_FALSE(is(client, "Bonded"));
  EXPECT_FALSE(is(client, "Connected"));
}

TEST_F(Pairing, TheEndOfTheLinkEndsIt) {
  play(R"("io": "display_yes_no")");
  Client client;
  ASSERT_EQ(client.be_agent("DisplayYesNo"), "");
  client.connect(lock_address);
  const auto pending = pair(client);
  client.await_question("RequestConfirmation");
  drop_link();
  EXPECT_EQ(ended(client, pending).error, canceled);
  EXPECT_EQ(client.questions().back().member, "Cancel");
  EXPECT_FALSE(is(client, "Connected"));
}

TEST_F(Pairing, AProgramThatGoesTakesItsPairingWithIt) {
  play(R"("io": "display_yes_no")");
  Client client;
  ASSERT_EQ(client.be_agent("DisplayYesNo"), "");
  client.connect(lock_address);
  {
    Client other;
    ASSERT_EQ(other.be_agent("DisplayYesNo"), "");
    const auto pending = pair(other);
    other.await_question("RequestConfirmation");
  }
  Client::Pending pending;
  ASSERT_TRUE(client.until([&] {
    // In progress until the daemon has heard that the other one is gone.
    if (!pending || (pending->done && pending->error == "org.bluez.Error.InProgress")) pending = pair(client);
    return !client.questions().empty();
  }));
  client.answer();
  EXPECT_EQ(ended(client, pending).error, "");
}

TEST_F(Pairing, OneSideThatIsSilentEndsTheLink) {
  play(R"("user": "never")");
  Client client;
  client.connect(lock_address);
  EXPECT_EQ(ended(client, pair(client)).error, canceled);
  EXPECT_FALSE(is(client, "Connected"));
}

TEST_F(Pairing, WhatWaitsForSecurityIsAnsweredThen) {
  play("");
  Client client;
  client.connect(lock_address);
  const auto options = [](sd_bus_message* message) { sd_bus_message_append(message, "a{sv}", 0); };
  const auto value = [](sd_bus_message* message) { sd_bus_message_append(message, "aya{sv}", 1, 0x60, 0); };
  const auto read = client.start(hidden(client, "fff1"), characteristic_interface, "ReadValue", options);
  const auto write = client.start(hidden(client, "fff4"), characteristic_interface, "WriteValue", value);
  const auto notify = client.start(hidden(client, "fff3"), characteristic_interface, "StartNotify");
  client.settle();
  EXPECT_FALSE(read->done || write->done || notify->done);
  EXPECT_EQ(ended(client, pair(client)).error, "");
  ASSERT_TRUE(client.until([&] { return read->done && write->done && notify->done; }));
  EXPECT_EQ(read->bytes, std::vector<std::uint8_t>{0x5e});
  EXPECT_EQ(read->error + write->error + notify->error, "");
}

TEST_F(Pairing, RemoveDeviceTakesTheBondAway) {
  play("");
  Client client;
  client.connect(lock_address);
  ASSERT_EQ(ended(client, pair(client)).error, "");
  const auto removed = client.adapter(
      "RemoveDevice", [](sd_bus_message* message) { sd_bus_message_append(message, "o", lock.c_str()); });
  EXPECT_EQ(removed.error, "");
  client.connect(lock_address);
  EXPECT_FALSE(is(client, "Paired"));
}

TEST_F(Pairing, ALostBondEndsTheLink) {
  play("");
  Client client;
  client.connect(lock_address);
  ASSERT_EQ(ended(client, pair(client)).error, "");
  client.device(lock_address, "Disconnect");
  forget_bonds();
  const auto connected = client.device(lock_address, "Connect");
  EXPECT_EQ(connected.error, "org.bluez.Error.Failed");
  EXPECT_EQ(connected.text, version() == "5.87" ? "br-connection-key-missing" : "br-connection-canceled");
  EXPECT_TRUE(client.until([&] { return !is(client, "Connected"); }));
  EXPECT_TRUE(is(client, "Bonded"));
}

}  // namespace
}  // namespace blau::fake_test
