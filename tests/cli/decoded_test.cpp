#include "decoded.hpp"

#include <blau/assigned.hpp>

#include <gtest/gtest.h>

#include <string>

namespace blau::cli {
namespace {

/// The text for a value in hexadecimal digits; `-` for none.
std::string of(const Uuid& characteristic, std::string_view hex) {
  return decoded(characteristic, from_hex(hex).value()).value_or("-");
}

TEST(Decoded, TellsNumbersWithTheirUnits) {
  EXPECT_EQ(of(assigned::battery_level, "57"), "87 %");
  EXPECT_EQ(of(assigned::tx_power_level, "fc"), "-4 dBm");
  EXPECT_EQ(of(assigned::temperature, "6608"), "21.50 °C");
  EXPECT_EQ(of(assigned::temperature, "fbff"), "-0.05 °C");
  EXPECT_EQ(of(assigned::temperature, "0080"), "not known");
  EXPECT_EQ(of(assigned::humidity, "9411"), "45.00 %");
  EXPECT_EQ(of(assigned::humidity, "ffff"), "not known");
  EXPECT_EQ(of(assigned::pressure, "02760f00"), "101325.0 Pa");
  EXPECT_EQ(of(assigned::elevation, "9cffff"), "-1.00 m");
  EXPECT_EQ(of(assigned::apparent_wind_direction, "2823"), "90.00°");
  EXPECT_EQ(of(assigned::uv_index, "07"), "7");
}

TEST(Decoded, TellsNamesOfAssignedNumbers) {
  EXPECT_EQ(of(assigned::appearance, "4103"), "Heart Rate Belt");
  EXPECT_EQ(of(assigned::body_sensor_location, "01"), "chest");
  EXPECT_EQ(of(assigned::temperature_type, "09"), "eardrum");
  EXPECT_EQ(of(assigned::alert_level, "00"), "no alert");
}

TEST(Decoded, TellsTexts) {
  EXPECT_EQ(of(assigned::device_name, "426c6175"), "Blau");
  EXPECT_EQ(of(assigned::device_name, "426c61750000"), "Blau");
  EXPECT_EQ(of(assigned::serial_number_string, "4772c3bc6e"), "Grün");
}

TEST(Decoded, TellsHeartRates) {
  EXPECT_EQ(of(assigned::heart_rate_measurement, "0048"), "72 bpm");
  EXPECT_EQ(of(assigned::heart_rate_measurement, "0648"), "72 bpm, skin contact");
  EXPECT_EQ(of(assigned::heart_rate_measurement, "0448"), "72 bpm, no skin contact");
  EXPECT_EQ(of(assigned::heart_rate_measurement, "012c01"), "300 bpm");
  EXPECT_EQ(of(assigned::heart_rate_measurement, "1f48000c0000040002"), "72 bpm, skin contact, 12 kJ, RR 1000 500 ms");
}

TEST(Decoded, TellsTemperaturesOfThermometers) {
  EXPECT_EQ(of(assigned::temperature_measurement, "006b0100ff"), "36.3 °C");
  EXPECT_EQ(of(assigned::temperature_measurement, "01da0300ff"), "98.6 °F");
  EXPECT_EQ(of(assigned::temperature_measurement, "06fbffff00e8070203173b3702"), "-5 °C, 2024-02-03 23:59:55, body");
  EXPECT_EQ(of(assigned::temperature_measurement, "00ffff7f00"), "not known");
  EXPECT_EQ(of(assigned::temperature_measurement, "00feff7f00"), "too high");
  EXPECT_EQ(of(assigned::temperature_measurement, "0002008000"), "too low");
  EXPECT_EQ(of(assigned::intermediate_temperature, "000100007f"), "1e127 °C");
}

TEST(Decoded, TellsTimes) {
  EXPECT_EQ(of(assigned::date_time, "e8070203173b37"), "2024-02-03 23:59:55");
  EXPECT_EQ(of(assigned::current_time, "e8070203173b37068000"), "2024-02-03 23:59:55.50 Saturday");
  EXPECT_EQ(of(assigned::local_time_information, "0404"), "UTC+01:00, daylight time");
  EXPECT_EQ(of(assigned::local_time_information, "f200"), "UTC-03:30, standard time");
  EXPECT_EQ(of(assigned::local_time_information, "80ff"), "UTC offset not known");
}

TEST(Decoded, TellsWhatADeviceIs) {
  EXPECT_EQ(of(assigned::pnp_id, "02341278561023"), "USB vendor 1234, product 5678, version 23.1.0");
  EXPECT_EQ(of(assigned::pnp_id, "010f0034120201"), "Broadcom Corporation, product 1234, version 1.0.2");
  EXPECT_EQ(of(assigned::system_id, "123456fffe9abcde"), "OUI debc9a, number feff563412");
  EXPECT_EQ(of(assigned::hid_information, "11010003"), "HID 1.11, country 0, wakes its host, connectable at any time");
  EXPECT_EQ(of(assigned::peripheral_preferred_connection_parameters, "06000c000000c800"),
            "interval 7.50 ms to 15.00 ms, latency 0, timeout 2000 ms");
}

TEST(Decoded, LeavesValuesOfOtherLengths) {
  for (const auto& uuid :
       {assigned::battery_level, assigned::temperature, assigned::pressure, assigned::appearance, assigned::pnp_id,
        assigned::system_id, assigned::hid_information, assigned::current_time, assigned::date_time,
        assigned::body_sensor_location, assigned::heart_rate_measurement, assigned::temperature_measurement,
        assigned::local_time_information, assigned::peripheral_preferred_connection_parameters}) {
    EXPECT_EQ(of(uuid, ""), "-") << uuid.to_string();
    EXPECT_EQ(of(uuid, "0001000000000000000000000000000000"), "-") << uuid.to_string();
  }
  EXPECT_EQ(of(assigned::device_name, ""), "-");
  EXPECT_EQ(of(assigned::heart_rate_measurement, "104800"), "-");  // half a time between beats
  EXPECT_EQ(of(assigned::heart_rate_measurement, "0148"), "-");
}

TEST(Decoded, LeavesValuesThatTheFormatDoesNotAllow) {
  EXPECT_EQ(of(assigned::battery_level, "65"), "-");
  EXPECT_EQ(of(assigned::humidity, "1127"), "-");
  EXPECT_EQ(of(assigned::temperature, "0095"), "-");  // below the absolute zero
  EXPECT_EQ(of(assigned::body_sensor_location, "07"), "-");
  EXPECT_EQ(of(assigned::temperature_type, "00"), "-");
  EXPECT_EQ(of(assigned::date_time, "e8070d03173b37"), "-");
  EXPECT_EQ(of(assigned::pnp_id, "03341278561023"), "-");
  EXPECT_EQ(of(assigned::temperature_measurement, "046b0100ff00"), "-");
  EXPECT_EQ(of(assigned::peripheral_preferred_connection_parameters, "0c0006000000c800"), "-");
  EXPECT_EQ(of(assigned::device_name, "1b5b324a"), "-");
  EXPECT_EQ(of(assigned::device_name, "ff"), "-");
}

TEST(Decoded, LeavesCharacteristicsWithoutAFormat) {
  EXPECT_EQ(of(assigned::heart_rate_control_point, "01"), "-");
  EXPECT_EQ(of(Uuid("b1a00001-0000-4000-8000-00b1a0b1a0b1"), "57"), "-");
}

}  // namespace
}  // namespace blau::cli
