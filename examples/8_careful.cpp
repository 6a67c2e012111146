// 8. Errors say what happened, in three depths.
#include <blau/blau.hpp>
#include <iostream>

blau::Task<> careful(blau::Client& client) {
  auto value = co_await client.read_gatt_char(blau::assigned::body_sensor_location).as_result();
  if (value) co_return;
  const blau::Error& e = value.error();
  if (e.code() == blau::ErrorCode::att && e.att() == blau::AttError::insufficient_encryption)
    co_await client.pair();
  else
    std::cerr << e.what() << " [" << e.native() << "]\n";
}

blau::Task<> connect_and_read(std::string address) {
  blau::Client client{address};
  co_await client.connect();
  co_await careful(client);
  co_await client.disconnect();
}

int main(int count, char** arguments) { blau::run(connect_and_read(count > 1 ? arguments[1] : "C0:FF:EE:00:00:01")); }
