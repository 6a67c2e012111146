// 3. Connect, look around, read, write.
#include <blau/blau.hpp>
#include <iostream>

blau::Task<> look_around(blau::Device device) {
  blau::Client client{device};
  co_await client.connect();
  for (const auto& service : client.services())
    for (const auto& characteristic : service.characteristics())
      std::cout << characteristic.uuid() << ' ' << characteristic.description() << '\n';
  blau::Bytes level = co_await client.read_gatt_char(blau::assigned::battery_level);
  co_await client.write_gatt_char("f000aa02-0451-4000-b000-000000000000", blau::bytes(0x01));
  co_await client.write_gatt_char(blau::Handle{0x13}, level, blau::WriteOptions{.response = false});
  co_await client.disconnect();
}

blau::Task<> find_and_look_around(std::string name) {
  const auto device = co_await blau::Scanner::find_device_by_name(name);
  if (!device) throw blau::Error{blau::ErrorCode::device_not_found, "no device called " + name + " is near"};
  co_await look_around(*device);
}

int main(int count, char** arguments) { blau::run(find_and_look_around(count > 1 ? arguments[1] : "Sensor Tag")); }
