// The agent of a program: org.bluez.Agent1.

#include "client.hpp"

#include <cstring>
#include <stdexcept>
#include <utility>

namespace blau::fake_test {

namespace {

constexpr const char* agent_path = "/test/agent";

}  // namespace

int Client::on_question(sd_bus_message* message, void* self, sd_bus_error*) {
  std::uint8_t type = 0;
  sd_bus_message_get_type(message, &type);
  const char* path = sd_bus_message_get_path(message);
  if (type != SD_BUS_MESSAGE_METHOD_CALL || !path || std::strcmp(path, agent_path) != 0) return 0;
  static_cast<Client*>(self)->take_question(message);
  return 1;
}

void Client::take_question(sd_bus_message* message) {
  Question question;
  question.member = sd_bus_message_get_member(message);
  const char* device = nullptr;
  if (sd_bus_message_read_basic(message, 'o', &device) > 0) question.device = device;
  std::uint32_t passkey = 0;
  if (sd_bus_message_read_basic(message, 'u', &passkey) > 0) question.passkey = passkey;
  if (sd_bus_message_get_expect_reply(message) > 0) {
    sd_bus_message_unref(asked_);
    asked_ = sd_bus_message_ref(message);
  }
  questions_.push_back(std::move(question));
}

std::string Client::be_agent(const std::string& capability) {
  if (sd_bus_add_filter(bus_, nullptr, &Client::on_question, this) < 0) throw std::runtime_error("test: no filter");
  return call("/org/bluez", "org.bluez.AgentManager1", "RegisterAgent",
              [&](sd_bus_message* message) { sd_bus_message_append(message, "os", agent_path, capability.c_str()); })
      .error;
}

void Client::await_question(const char* member) {
  const auto before = questions_.size();
  ASSERT_TRUE(until([&] { return questions_.size() > before; })) << member << " was not asked";
  EXPECT_EQ(questions_[before].member, member);
}

void Client::answer(std::optional<unsigned> passkey) {
  sd_bus_message* message = std::exchange(asked_, nullptr);
  ASSERT_TRUE(message) << "nothing was asked";
  if (passkey)
    sd_bus_reply_method_return(message, "u", *passkey);
  else
    sd_bus_reply_method_return(message, "");
  sd_bus_message_unref(message);
  sd_bus_flush(bus_);
}

void Client::refuse() {
  sd_bus_message* message = std::exchange(asked_, nullptr);
  ASSERT_TRUE(message) << "nothing was asked";
  sd_bus_reply_method_errorf(message, "org.bluez.Error.Rejected", "no");
  sd_bus_message_unref(message);
  sd_bus_flush(bus_);
}

}  // namespace blau::fake_test
