#include <blau/assigned.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "core/assigned_tables.hpp"

namespace {

namespace assigned = blau::assigned;
using blau::Uuid;

static_assert(assigned::battery_level == Uuid(0x2a19));
static_assert(assigned::heart_rate_measurement == Uuid(0x2a37));
static_assert(assigned::body_sensor_location == Uuid(0x2a38));
static_assert(assigned::characteristics::battery_level == assigned::battery_level);
static_assert(assigned::services::heart_rate == Uuid(0x180d));
static_assert(assigned::services::device_time == Uuid(0x1847) && assigned::device_time == Uuid(0x2b90));
static_assert(assigned::descriptors::client_characteristic_configuration == Uuid(0x2902));

TEST(Assigned, NamesServices) {
  EXPECT_EQ(assigned::service_name(Uuid(0x180d)), "Heart Rate");
  EXPECT_EQ(assigned::service_name(assigned::services::battery_service), "Battery Service");
  EXPECT_EQ(assigned::service_name(Uuid("6e400001-b5a3-f393-e0a9-e50e24dcca9e")), "Nordic UART Service");
  EXPECT_EQ(assigned::service_name(Uuid(0x2a37)), std::nullopt);
  EXPECT_EQ(assigned::service_name(Uuid()), std::nullopt);
  EXPECT_EQ(assigned::service_name(Uuid(0xffffffff)), std::nullopt);
}

TEST(Assigned, NamesTheOwnersOfBoughtServices) {
  EXPECT_EQ(assigned::service_name(Uuid(0xfeff)), "GN Netcom");
  EXPECT_EQ(assigned::service_name(Uuid(0xfe9f)), "Google LLC");
  EXPECT_EQ(assigned::service_name(Uuid(0x65279)), std::nullopt);
  EXPECT_EQ(assigned::service_name(Uuid(0xfeaa)), "Eddystone") << "its own name goes before its owner's";
}

TEST(Assigned, NamesCharacteristicsAndDescriptors) {
  EXPECT_EQ(assigned::characteristic_name(assigned::heart_rate_measurement), "Heart Rate Measurement");
  EXPECT_EQ(assigned::characteristic_name(Uuid(0x2a00)), "Device Name");
  EXPECT_EQ(assigned::characteristic_name(Uuid(0x180d)), std::nullopt);
  EXPECT_EQ(assigned::descriptor_name(Uuid(0x2902)), "Client Characteristic Configuration");
  EXPECT_EQ(assigned::descriptor_name(Uuid(0x2901)), "Characteristic User Description");
  EXPECT_EQ(assigned::descriptor_name(Uuid(0x2a37)), std::nullopt);
}

TEST(Assigned, NamesCompanies) {
  EXPECT_EQ(assigned::company_name(0x0000), "Ericsson AB");
  EXPECT_EQ(assigned::company_name(0x0006), "Microsoft");
  EXPECT_EQ(assigned::company_name(0x02e5), "Espressif Systems (Shanghai) Co., Ltd.");
  EXPECT_EQ(assigned::company_name(0xfffe), std::nullopt);
  EXPECT_GE(blau::detail::assigned_companies().size(), 3413u);
}

TEST(Assigned, NamesAppearances) {
  EXPECT_EQ(assigned::appearance_name(0), "Unknown");
  EXPECT_EQ(assigned::appearance_name(0x0340), "Heart Rate Sensor");
  EXPECT_EQ(assigned::appearance_name(0x0341), "Heart Rate Belt");
  EXPECT_EQ(assigned::appearance_name(0x035f), "Heart Rate Sensor") << "the category of an unassigned subcategory";
  EXPECT_EQ(assigned::appearance_name(0x03c1), "Keyboard");
  EXPECT_EQ(assigned::appearance_name(0xffff), std::nullopt);
}

TEST(Assigned, FindsNamesHoweverTheyAreWritten) {
  for (const char* name : {"battery_level", "Battery Level", "BATTERY-LEVEL", " battery  level ", "batteryLevel_"}) {
    const bool is_one_word = std::string_view(name).starts_with("batteryL");
    const auto expected = is_one_word ? std::nullopt : std::optional<Uuid>(assigned::battery_level);
    EXPECT_EQ(assigned::find_characteristic(name), expected) << name;
  }
  EXPECT_EQ(assigned::find_service("heart_rate"), Uuid(0x180d));
  EXPECT_EQ(assigned::find_service("Heart Rate Service"), Uuid(0x180d));
  EXPECT_EQ(assigned::find_service("battery"), Uuid(0x180f));
  EXPECT_EQ(assigned::find_service("battery_service"), Uuid(0x180f));
  EXPECT_EQ(assigned::find_service("LEGO® Wireless Protocol v3 Hub Service"),
            Uuid("00001623-1212-efde-1623-785feabcd123"));
  EXPECT_EQ(assigned::find_characteristic("uart_rx"), Uuid("6e400002-b5a3-f393-e0a9-e50e24dcca9e"));
  EXPECT_EQ(assigned::find_descriptor("report_reference"), Uuid(0x2908));
}

TEST(Assigned, FindsNothingOfOtherKindsOrWithoutName) {
  EXPECT_EQ(assigned::find_service("battery_level"), std::nullopt);
  EXPECT_EQ(assigned::find_characteristic("heart_rate"), std::nullopt);
  EXPECT_EQ(assigned::find_descriptor("battery_level"), std::nullopt);
  for (const char* name : {"", " ", "_", "service", "_service", "\xff\xfe", "2a37", "no_such_name"}) {
    EXPECT_EQ(assigned::find_service(name), std::nullopt) << name;
    EXPECT_EQ(assigned::find_characteristic(name), std::nullopt) << name;
  }
}

TEST(Assigned, DoesNotGuessAmongNamesThatSeveralShare) {
  EXPECT_EQ(assigned::service_name(Uuid("7dfc6000-7d1c-4951-86aa-8d9728f8d66c")), "Apple Reserved Service");
  EXPECT_EQ(assigned::find_service("apple_reserved_service"), std::nullopt);
  EXPECT_EQ(assigned::find_service("Google LLC"), std::nullopt);
}

/// Each entry is found under its name, whatever the order of the tables should be.
void expect_consistent(const blau::detail::UuidTable& table, std::optional<Uuid> (*find)(std::string_view),
                       std::optional<std::string_view> (*name_of)(const Uuid&) noexcept) {
  EXPECT_TRUE(std::ranges::is_sorted(table.by_uuid, {}, &blau::detail::NamedUuid::uuid));
  EXPECT_TRUE(std::ranges::is_sorted(table.by_name, {}, &blau::detail::IndexedName::name));
  for (const auto& [uuid, name] : table.by_uuid) EXPECT_EQ(name_of(uuid), name);
  for (const auto& [name, index] : table.by_name) {
    ASSERT_LT(index, table.by_uuid.size());
    EXPECT_EQ(find(name), table.by_uuid[index].uuid) << name;
    EXPECT_EQ(find(table.by_uuid[index].name), table.by_uuid[index].uuid) << table.by_uuid[index].name;
  }
}

TEST(Assigned, TablesAreSortedAndAgree) {
  expect_consistent(blau::detail::assigned_services(), assigned::find_service, assigned::service_name);
  expect_consistent(blau::detail::assigned_characteristics(), assigned::find_characteristic,
                    assigned::characteristic_name);
  expect_consistent(blau::detail::assigned_descriptors(), assigned::find_descriptor, assigned::descriptor_name);
  for (const auto& [number, name] : blau::detail::assigned_companies()) {
    EXPECT_EQ(assigned::company_name(number), name);
    EXPECT_FALSE(name.empty());
  }
  for (const auto& [number, name] : blau::detail::assigned_appearances())
    EXPECT_EQ(assigned::appearance_name(number), name);
}

}  // namespace
