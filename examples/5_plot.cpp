// 5. Notifications as a stream: ends with the link, and tells whether anything was dropped.
#include <blau/blau.hpp>
#include <iostream>

blau::Task<> plot(blau::Client& client) {
  auto values = co_await client.subscribe(blau::assigned::heart_rate_measurement);
  while (auto value = co_await values.next()) std::cout << int(value->at(1)) << '\n';
  std::cout << values.dropped() << " dropped\n";
}

blau::Task<> connect_and_plot(std::string address) {
  blau::Client client{address};
  co_await client.connect();
  co_await plot(client);
}

int main(int count, char** arguments) { blau::run(connect_and_plot(count > 1 ? arguments[1] : "C0:FF:EE:00:00:01")); }
