#include "backend/sim/attribute_server.hpp"
#include "backend/sim/gatt_client.hpp"
#include "backend/sim/gatt_client_discovery.hpp"

#include <blau/bytes.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
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

const Uuid uart("6e400001-b5a3-f393-e0a9-e50e24dcca9e");

std::vector<ServiceSpec> make_services() {
  std::vector<ServiceSpec> services(4);
  services[0].uuid = Uuid(0x180d);
  services[0].includes = {1, 2};
  services[0].characteristics = {characteristic(0x2a37, property::read | property::write | property::notify),
                                 characteristic(0x2a38, property::read, counted(22)),
                                 characteristic(0x2a38, property::read, counted(512))};
  services[0].characteristics[0].descriptors.resize(2);
  services[0].characteristics[0].descriptors[0].uuid = Uuid(0x2901);
  services[0].characteristics[0].descriptors[1].uuid = uart;
  services[1].uuid = uart;
  services[1].primary = false;
  services[1].characteristics = {
      characteristic(0x2a39, property::write | property::write_without_response | property::indicate)};
  services[2].uuid = Uuid(0x180f);
  services[3].uuid = Uuid(0x180d);
  services[3].handle = 0x100;
  services[3].characteristics = {characteristic(0x2a19, property::read, bytes(0x64))};
  services[3].characteristics[0].read_error = 0x80;
  return services;
}

/// A client and a server whose PDUs go from one to the other at once.
class GattProceduresTest : public ::testing::Test {
 protected:
  GattProceduresTest() : server_(make_table()) {
    bearer_ = server_.open_bearer();
    client_.set_on_value([this](std::uint16_t handle, ByteView value, bool is_indication) {
      values_ += (is_indication ? 'i' : 'n') + std::to_string(handle) + '=' + to_hex(value) + ' ';
    });
  }

  static AttributeTable make_table() {
    AttributeTable table;
    EXPECT_TRUE(table.append(make_services()).has_value());
    return table;
  }

  void carry() {
    while (auto pdu = client_.next_pdu()) {
      ++sent_;
      const ServerOutput output = server_.handle_pdu(bearer_, *pdu);
      EXPECT_FALSE(output.violation);
      if (output.response) client_.receive(*output.response);
      if (output.indication) client_.receive(*output.indication);
    }
  }

  /// Runs a procedure to its end.
  template <class P, class... Arguments>
  std::shared_ptr<P> run(Arguments&&... arguments) {
    auto procedure = std::make_unique<P>(std::forward<Arguments>(arguments)...);
    bool ended = false;
    client_.start(std::make_unique<Borrowed>(*procedure), [&](Procedure&) { ended = true; });
    carry();
    EXPECT_TRUE(ended);
    return std::shared_ptr<P>(std::move(procedure));
  }

  /// Lets a test keep a procedure that the client would destroy.
  class Borrowed final : public Procedure {
   public:
    explicit Borrowed(Procedure& inner) : inner_(inner) {}
    Next begin(ProcedureContext& context) override { return inner_.begin(context); }
    Next consume(ByteView response) override { return inner_.consume(response); }
    bool is_command() const noexcept override { return inner_.is_command(); }

   private:
    Procedure& inner_;
  };

  AttributeServer server_;
  GattClient client_;
  BearerId bearer_ = 0;
  std::string values_;
  int sent_ = 0;
};

TEST_F(GattProceduresTest, ExchangesTheMtu) {
  const auto procedure = run<ExchangeMtu>();
  EXPECT_FALSE(procedure->error());
  EXPECT_EQ(client_.mtu(), 517);
  EXPECT_EQ(server_.mtu(bearer_), 517);
}

TEST_F(GattProceduresTest, DiscoversTheDatabase) {
  const auto database = run<DiscoverDatabase>();
  ASSERT_FALSE(database->error());
  const auto& services = database->services();
  ASSERT_EQ(services.size(), 4u);
  EXPECT_EQ(services[0].uuid, Uuid(0x180d));
  EXPECT_TRUE(services[0].primary);
  ASSERT_EQ(services[0].includes.size(), 2u);
  EXPECT_EQ(services[0].includes[0].uuid, uart) << "read from the declaration";
  EXPECT_EQ(services[0].includes[0].first, services[1].handle);
  EXPECT_EQ(services[0].includes[0].last, services[1].end);
  EXPECT_EQ(services[0].includes[1].uuid, Uuid(0x180f));
  ASSERT_EQ(services[0].characteristics.size(), 3u);
  const auto& rate = services[0].characteristics[0];
  EXPECT_EQ(rate.handle, 4);
  EXPECT_EQ(rate.value_handle, 5);
  EXPECT_EQ(rate.end, 8);
  EXPECT_EQ(rate.properties, 0x1a);
  ASSERT_EQ(rate.descriptors.size(), 3u);
  EXPECT_EQ(rate.descriptors[0].uuid, Uuid(0x2902));
  EXPECT_EQ(rate.descriptors[1].uuid, Uuid(0x2901));
  EXPECT_EQ(rate.descriptors[2].uuid, uart);
  EXPECT_EQ(rate.descriptors[2].handle, 8);
  EXPECT_TRUE(services[0].characteristics[1].descriptors.empty());
  EXPECT_FALSE(services[1].primary);
  EXPECT_EQ(services[1].characteristics.at(0).descriptors.size(), 1u);
  EXPECT_TRUE(services[2].characteristics.empty());
  EXPECT_EQ(services[3].handle, 0x100);
}

TEST_F(GattProceduresTest, DiscoversAnEmptyTable) {
  while (!server_.table().all().empty()) server_.table().remove_service(server_.table().all()[0].handle);
  const auto database = run<DiscoverDatabase>();
  EXPECT_FALSE(database->error());
  EXPECT_TRUE(database->services().empty());
  EXPECT_EQ(sent_, 2);
}

TEST_F(GattProceduresTest, DiscoversServicesByUuid) {
  const auto found = run<DiscoverServicesByUuid>(Uuid(0x180d));
  ASSERT_EQ(found->services().size(), 2u);
  EXPECT_EQ(found->services()[1].handle, 0x100);
  EXPECT_TRUE(run<DiscoverServicesByUuid>(Uuid(0x1812))->services().empty());
  EXPECT_TRUE(run<DiscoverServicesByUuid>(uart)->services().empty()) << "it is secondary";
}

TEST_F(GattProceduresTest, ReadsValuesToTheirEnd) {
  EXPECT_EQ(run<ReadValue>(10)->value(), counted(22)) << "just fills a response";
  EXPECT_EQ(sent_, 2);
  EXPECT_EQ(run<ReadValue>(12)->value(), counted(512));
  EXPECT_EQ(sent_, 2 + 24);
  server_.table().find(10)->value = counted(21);
  sent_ = 0;
  EXPECT_EQ(run<ReadValue>(10)->value(), counted(21));
  EXPECT_EQ(sent_, 1);
  run<ExchangeMtu>();
  sent_ = 0;
  EXPECT_EQ(run<ReadValue>(12)->value(), counted(512));
  EXPECT_EQ(sent_, 1);
}

TEST_F(GattProceduresTest, TellsTheServersError) {
  const auto read = run<ReadValue>(0x102);
  ASSERT_TRUE(read->error());
  EXPECT_EQ(read->error()->code(), ErrorCode::att);
  EXPECT_EQ(read->error()->att(), static_cast<AttError>(0x80));
  EXPECT_STREQ(read->error()->what(), "the peripheral answered application error 0x80 for handle 0x0102");
}

TEST_F(GattProceduresTest, ReadsByType) {
  run<ExchangeMtu>();
  const auto found = run<ReadByType>(Uuid(0x2a38), 1, 0xffff);
  ASSERT_EQ(found->values().size(), 2u);
  EXPECT_EQ(found->values()[0].handle, 10);
  EXPECT_EQ(found->values()[0].value, counted(22));
  EXPECT_EQ(found->values()[1].value, counted(253));
  EXPECT_EQ(run<ReadByType>(Uuid(0x2aaa), 1, 0xffff)->error()->att(), AttError::attribute_not_found);
}

TEST_F(GattProceduresTest, WritesShortAndLongValues) {
  EXPECT_FALSE(run<WriteValue>(5, counted(20))->error());
  EXPECT_EQ(sent_, 1);
  EXPECT_EQ(server_.table().find(5)->value, counted(20));
  EXPECT_FALSE(run<WriteValue>(5, counted(21))->error());
  EXPECT_EQ(sent_, 4) << "two parts and their execution";
  EXPECT_EQ(server_.table().find(5)->value, counted(21));
  sent_ = 0;
  EXPECT_FALSE(run<WriteValue>(5, counted(36))->error());
  EXPECT_EQ(sent_, 3) << "18 bytes a part";
  EXPECT_FALSE(run<WriteValue>(5, counted(512))->error());
  EXPECT_EQ(server_.table().find(5)->value, counted(512));
  EXPECT_FALSE(run<WriteValue>(5, Bytes())->error());
  EXPECT_TRUE(server_.table().find(5)->value.empty());
  EXPECT_FALSE(run<WriteValue>(5, Bytes(), true)->error());
}

TEST_F(GattProceduresTest, TellsWhyAWriteFails) {
  EXPECT_EQ(run<WriteValue>(10, bytes(1))->error()->att(), AttError::write_not_permitted);
  EXPECT_EQ(run<WriteValue>(10, counted(100))->error()->att(), AttError::write_not_permitted);
  EXPECT_EQ(run<WriteValue>(5, counted(513))->error()->code(), ErrorCode::invalid_argument);
  server_.table().find(5)->max_length = 30;
  EXPECT_EQ(run<WriteValue>(5, counted(31))->error()->att(), AttError::invalid_attribute_value_length);
}

TEST_F(GattProceduresTest, EmptiesTheQueueOfAServerThatIsFull) {
  ServerOptions options;
  options.prepared_writes = 2;
  AttributeServer small(make_table(), ServerHooks(), options);
  const BearerId bearer = small.open_bearer();
  GattClient client;
  std::optional<Error> error;
  client.start(std::make_unique<WriteValue>(std::uint16_t{5}, counted(100)), [&](Procedure& p) { error = p.error(); });
  while (auto pdu = client.next_pdu()) client.receive(*small.handle_pdu(bearer, *pdu).response);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->att(), AttError::prepare_queue_full);
  small.handle_pdu(bearer, bytes(0x18, 1));
  EXPECT_TRUE(small.table().find(5)->value.empty()) << "the parts were cancelled";
}

TEST_F(GattProceduresTest, SendsCommands) {
  const std::uint16_t handle = server_.table().find(15)->type == Uuid(0x2a39) ? 15 : 0;
  ASSERT_NE(handle, 0);
  EXPECT_FALSE(run<WriteCommand>(handle, counted(20))->error());
  EXPECT_EQ(server_.table().find(handle)->value, counted(20));
  const auto too_long = run<WriteCommand>(handle, counted(21));
  EXPECT_EQ(too_long->error()->code(), ErrorCode::invalid_argument);
  EXPECT_STREQ(too_long->error()->what(), "a write without response takes 20 bytes on this link: write with response");
}

TEST_F(GattProceduresTest, HearsNotificationsAndConfirmsIndications) {
  run<WriteValue>(6, bytes(1, 0));
  client_.receive(*server_.notify(bearer_, 5, bytes(0xaa)));
  EXPECT_FALSE(client_.next_pdu());
  run<WriteValue>(16, bytes(2, 0));
  client_.receive(*server_.indicate(bearer_, 15, bytes(0xbb)).pdu);
  server_.indicate(bearer_, 15, bytes(0xcc));
  carry();
  EXPECT_EQ(values_, "n5=aa i15=bb i15=cc ");
  EXPECT_TRUE(client_.idle());
}

TEST_F(GattProceduresTest, TakesSeveralValuesInOneNotification) {
  client_.receive(*from_hex("23 0500 0100 aa 0700 0000 0900 0200 bbcc"));
  EXPECT_EQ(values_, "n5=aa n7= n9=bbcc ");
  client_.receive(*from_hex("23 0500 0900 aa"));
  EXPECT_EQ(values_, "n5=aa n7= n9=bbcc ") << "malformed";
}

TEST_F(GattProceduresTest, ConfirmsWhileARequestIsOut) {
  run<WriteValue>(16, bytes(2, 0));
  client_.start(std::make_unique<ReadValue>(std::uint16_t{10}));
  const auto request = client_.next_pdu();
  ASSERT_TRUE(request);
  client_.receive(*server_.indicate(bearer_, 15, bytes(1)).pdu);
  EXPECT_EQ(client_.next_pdu(), bytes(0x1e));
  EXPECT_FALSE(client_.next_pdu()) << "the request is still out";
  EXPECT_TRUE(client_.waiting());
}

TEST_F(GattProceduresTest, RunsProceduresOneAfterTheOther) {
  std::string order;
  client_.start(std::make_unique<ReadValue>(std::uint16_t{12}), [&](Procedure&) {
    order += 'a';
    client_.start(std::make_unique<ReadValue>(std::uint16_t{10}), [&](Procedure&) { order += 'c'; });
  });
  client_.start(std::make_unique<WriteCommand>(std::uint16_t{15}, bytes(1)), [&](Procedure&) { order += 'b'; });
  carry();
  EXPECT_EQ(order, "abc");
  EXPECT_TRUE(client_.idle());
}

TEST_F(GattProceduresTest, EndsEverythingWithTheLink) {
  std::vector<ErrorCode> codes;
  const auto note = [&](Procedure& procedure) { codes.push_back(procedure.error()->code()); };
  client_.start(std::make_unique<ReadValue>(std::uint16_t{10}), note);
  client_.start(std::make_unique<ReadValue>(std::uint16_t{12}), note);
  const auto request = client_.next_pdu();
  client_.fail(Error(ErrorCode::disconnected, "the link ended"));
  EXPECT_EQ(codes, (std::vector{ErrorCode::disconnected, ErrorCode::disconnected}));
  client_.receive(bytes(0x0b, 1));
  EXPECT_FALSE(client_.next_pdu());
}

TEST_F(GattProceduresTest, PassesOverWhatNobodyWaitsFor) {
  client_.receive({});
  client_.receive(bytes(0x0b, 1));
  client_.receive(bytes(0x02, 0x17, 0));
  client_.receive(bytes(0x1b, 1));
  EXPECT_EQ(values_, "");
  EXPECT_FALSE(client_.next_pdu());
}

// Servers that answer what they should not: the client ends with an error, and never goes on for ever.

struct Liar {
  const char* name;
  std::function<std::unique_ptr<Procedure>()> make;
  std::vector<const char*> answers;
};

class LiarTest : public ::testing::TestWithParam<Liar> {};

TEST_P(LiarTest, EndsTheProcedure) {
  GattClient client;
  std::optional<Error> error;
  bool ended = false;
  client.start(GetParam().make(), [&](Procedure& procedure) {
    ended = true;
    error = procedure.error();
  });
  std::deque<const char*> answers(GetParam().answers.begin(), GetParam().answers.end());
  while (client.next_pdu()) {
    ASSERT_FALSE(answers.empty()) << "it asks on";
    client.receive(*from_hex(answers.front()));
    answers.pop_front();
  }
  EXPECT_TRUE(ended);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::failed) << error->what();
  EXPECT_TRUE(std::string(error->what()).starts_with("the peripheral sent ")) << error->what();
}

template <class P, class... Arguments>
std::function<std::unique_ptr<Procedure>()> make(Arguments... arguments) {
  return [=]() -> std::unique_ptr<Procedure> { return std::make_unique<P>(arguments...); };
}

constexpr std::uint16_t one = 1;
constexpr std::uint16_t nine = 9;

INSTANTIATE_TEST_SUITE_P(
    Answers, LiarTest,
    ::testing::Values(
        Liar{"another_response", make<ReadValue>(one), {"13"}},
        Liar{"error_of_another_request", make<ReadValue>(one), {"010c010001"}},
        Liar{"short_error", make<ReadValue>(one), {"010a01"}},
        Liar{"long_error", make<ReadValue>(one), {"010a01000100"}},
        Liar{"longer_than_the_mtu", make<ReadValue>(one), {"0b0000000000000000000000000000000000000000000000"}},
        Liar{"short_mtu", make<ExchangeMtu>(), {"0317"}}, Liar{"long_mtu", make<ExchangeMtu>(), {"03170000"}},
        Liar{"services_of_odd_length", make<DiscoverServices>(), {"1107 01000200001800"}},
        Liar{"services_cut", make<DiscoverServices>(), {"1106 010002000018 03"}},
        Liar{"no_services", make<DiscoverServices>(), {"1106"}},
        Liar{"services_back", make<DiscoverServices>(), {"1106 010002000018", "1106 010002000018"}},
        Liar{"service_ends_before_it_begins", make<DiscoverServices>(), {"1106 050002000018"}},
        Liar{"services_by_uuid_back", make<DiscoverServicesByUuid>(Uuid(0x1800)), {"07 01000200", "07 02000300"}},
        Liar{"services_by_uuid_cut", make<DiscoverServicesByUuid>(Uuid(0x1800)), {"07 010002"}},
        Liar{"includes_of_odd_length", make<DiscoverIncludes>(one, nine), {"0907 01000000000000"}},
        Liar{"includes_outside", make<DiscoverIncludes>(one, nine), {"0906 0a0010001100"}},
        Liar{"includes_back", make<DiscoverIncludes>(one, nine), {"0906 010010001100", "0906 010010001100"}},
        Liar{"include_names_no_uuid", make<DiscoverIncludes>(nine, nine), {"0906 090010001100", "0b000000"}},
        Liar{"characteristics_of_odd_length", make<DiscoverCharacteristics>(one, nine), {"0908 0100020200002a00"}},
        Liar{"characteristics_back",
             make<DiscoverCharacteristics>(one, nine),
             {"0907 01000202 00002a", "0907 01000202 00002a"}},
        Liar{"value_before_declaration", make<DiscoverCharacteristics>(one, nine), {"0907 0300020300002a"}},
        Liar{"value_outside", make<DiscoverCharacteristics>(one, nine), {"0907 0300020a00002a"}},
        Liar{"descriptors_of_odd_format", make<DiscoverDescriptors>(one, nine), {"0503 01000229"}},
        Liar{"descriptors_cut", make<DiscoverDescriptors>(one, nine), {"0501 010002"}},
        Liar{"descriptors_back", make<DiscoverDescriptors>(one, nine), {"0501 01000229", "0501 01000229"}},
        Liar{"values_without_length", make<ReadByType>(Uuid(0x2a00), one, nine), {"0900"}},
        Liar{"values_back", make<ReadByType>(Uuid(0x2a00), one, nine), {"0903 010000", "0903 010000"}},
        Liar{"database_services_back", make<DiscoverDatabase>(), {"1106 010002000018", "1106 010002000018"}},
        Liar{"prepared_another_value",
             make<WriteValue>(one, Bytes(30)),
             {"17 0100 0000 010000000000000000000000000000000000", "19"}}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace blau::sim::detail
