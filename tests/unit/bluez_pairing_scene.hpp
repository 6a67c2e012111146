#pragma once

#include "bluez_scene.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace blau::detail::bluez {

/// A client that is connected, and its pairings.
class BlueZPairing : public BlueZScene {
 protected:
  using Kind = backend::PairingQuestion::Kind;

  BlueZPairing() {
    client_ = make_client(told_);
    connect(*client_);
  }

  void begin(std::vector<Kind> answers) {
    backend::PairRequest request;
    request.answers = std::move(answers);
    client_->pair(request, answer_.taker());
  }
  /// Answers RegisterAgent. @return the capability that it told
  std::string take_agent() {
    Message call = peer_.next_call("RegisterAgent");
    Reader reader(call);
    EXPECT_EQ(reader.object_path(), "/blau/agent");
    const std::string capability(reader.text());
    peer_.reply(call);
    return capability;
  }
  /// Up to where bluetoothd is pairing.
  Message begin_pair(std::vector<Kind> answers) {
    begin(std::move(answers));
    take_agent();
    return peer_.next_call("Pair");
  }
  void ask(const char* member, PeerAnswer& answer) {
    peer_.ask_agent(member, answer, [](Message& m) { m.append("o", device_path.c_str()); });
  }
  void ask(const char* member, PeerAnswer& answer, std::uint32_t passkey) {
    peer_.ask_agent(member, answer, [&](Message& m) { m.append("ou", device_path.c_str(), passkey); });
  }
  void show(std::uint32_t passkey, int typed) {
    peer_.tell_agent("DisplayPasskey", [&](Message& m) { m.append("ouq", device_path.c_str(), passkey, typed); });
  }
  void expect_question(Kind kind, std::uint32_t passkey = 0) {
    ASSERT_TRUE(peer_.run_until([&] { return told_.question.has_value(); }));
    EXPECT_EQ(told_.question->kind, kind);
    EXPECT_EQ(told_.question->passkey, passkey);
    told_.question.reset();
  }
  void answer_user(bool accepted, std::uint32_t passkey = 0) {
    backend::PairingAnswer answer;
    answer.accepted = accepted;
    answer.passkey = passkey;
    told_.answer(answer);
  }
  void expect(const PeerAnswer& answer) {
    ASSERT_TRUE(peer_.run_until([&] { return answer.came; }));
  }
  void expect_end(ErrorCode code) {
    BlueZScene::expect(answer_);
    EXPECT_EQ(answer_.code(), code);
    peer_.settle();
    EXPECT_EQ(answer_.calls, 1);
  }
  /// The agent goes, and it is asked whether the link did.
  void expect_look() {
    peer_.next_call("UnregisterAgent");
    answer_connected(1);
  }
  void expect_success() {
    BlueZScene::expect(answer_);
    EXPECT_TRUE(answer_.succeeded());
  }
  std::string words() const { return answer_.result->error().what(); }

  std::unique_ptr<backend::ClientPort> make_linked(Told& told) {
    auto client = make_client(told);
    Answer<void> linked;
    client->connect(linked.taker());
    BlueZScene::expect(linked);
    return client;
  }

  Told told_;
  std::unique_ptr<backend::ClientPort> client_;
  Answer<void> answer_;
  Answer<void> again_;
};

}  // namespace blau::detail::bluez
