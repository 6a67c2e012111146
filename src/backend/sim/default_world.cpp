#include "default_world.hpp"

namespace blau::sim::detail {

// examples/worlds/default.json as it stands; a test compares the two. In the program, so that it needs no file.
std::string_view default_world_json() noexcept {
  return R"json({
  "$schema": "../../docs/world.schema.json",
  "blau_world": 1,
  "description": "What there is without a radio: a heart-rate strap, a thermometer and a UART that echoes.",
  "peripherals": [
    {
      "description": "Beats once a second as soon as somebody subscribes.",
      "address": "C0:FF:EE:00:00:01",
      "name": "Blau Heart",
      "appearance": 833,
      "rssi": -58,
      "rssi_noise": 3,
      "services": [
        {
          "description": "Heart Rate",
          "uuid": "180d",
          "characteristics": [
            {
              "description": "Heart Rate Measurement: flags 0x16 (8-bit rate, contact seen, R-R interval), rate, R-R in 1/1024 s.",
              "uuid": "2a37",
              "properties": ["notify"],
              "notify": {"interval_ms": 1000, "values": ["16485503", "16494a03", "164a3e03", "164b3303", "164a3e03", "16494a03", "16476103", "16466e03"]}
            },
            {"description": "Body Sensor Location: chest.", "uuid": "2a38", "properties": ["read"], "value": "01"},
            {"description": "Heart Rate Control Point.", "uuid": "2a39", "properties": ["write"], "max_length": 1}
          ]
        },
        {
          "description": "Battery",
          "uuid": "180f",
          "characteristics": [
            {
              "description": "Battery Level: 87 %, slowly falling.",
              "uuid": "2a19",
              "properties": ["read", "notify"],
              "value": "57",
              "notify": {"interval_ms": 10000, "values": ["56", "55", "54", "53", "52"]}
            }
          ]
        },
        {
          "description": "Device Information",
          "uuid": "180a",
          "characteristics": [
            {"uuid": "2a29", "properties": ["read"], "value": {"text": "Blau"}},
            {"uuid": "2a24", "properties": ["read"], "value": {"text": "Simulated Strap"}},
            {"uuid": "2a25", "properties": ["read"], "value": {"text": "0001"}},
            {"uuid": "2a26", "properties": ["read"], "value": {"text": "1.0.0"}}
          ]
        }
      ]
    },
    {
      "description": "A fever thermometer that also knows the room.",
      "address": "C0:FF:EE:00:00:02",
      "name": "Blau Thermometer",
      "appearance": 768,
      "rssi": -67,
      "rssi_noise": 4,
      "services": [
        {
          "description": "Health Thermometer",
          "uuid": "1809",
          "characteristics": [
            {
              "description": "Temperature Measurement in degrees Celsius: flags, then a 32-bit float of mantissa and decimal exponent.",
              "uuid": "2a1c",
              "properties": ["indicate"],
              "notify": {"interval_ms": 2000, "values": ["006e0100ff", "006f0100ff", "00700100ff", "006f0100ff"]}
            },
            {"description": "Temperature Type: ear.", "uuid": "2a1d", "properties": ["read"], "value": "03"}
          ]
        },
        {
          "description": "Environmental Sensing",
          "uuid": "181a",
          "characteristics": [
            {
              "description": "Temperature: 21.50 degrees Celsius, in hundredths.",
              "uuid": "2a6e",
              "properties": ["read", "notify"],
              "value": "6608",
              "notify": {"interval_ms": 5000, "values": ["6608", "6b08", "7008", "6b08"]}
            }
          ]
        },
        {
          "description": "Battery",
          "uuid": "180f",
          "characteristics": [{"uuid": "2a19", "properties": ["read"], "value": "64"}]
        }
      ]
    },
    {
      "description": "Nordic's UART service: what is written comes back.",
      "address": "C0:FF:EE:00:00:03",
      "name": "Blau UART",
      "rssi": -49,
      "rssi_noise": 2,
      "latency_ms": 8,
      "services": [
        {
          "uuid": "6e400001-b5a3-f393-e0a9-e50e24dcca9e",
          "characteristics": [
            {
              "description": "RX: write here.",
              "uuid": "6e400002-b5a3-f393-e0a9-e50e24dcca9e",
              "properties": ["write", "write_without_response"],
              "echo_to": "6e400003-b5a3-f393-e0a9-e50e24dcca9e",
              "descriptors": [{"uuid": "2901", "value": {"text": "RX"}}]
            },
            {
              "description": "TX: listen here.",
              "uuid": "6e400003-b5a3-f393-e0a9-e50e24dcca9e",
              "properties": ["notify"],
              "descriptors": [{"uuid": "2901", "value": {"text": "TX"}}]
            }
          ]
        }
      ]
    }
  ]
}
)json";
}

WorldSpec default_world() { return parse_world(default_world_json(), "default.json").value(); }

}  // namespace blau::sim::detail
