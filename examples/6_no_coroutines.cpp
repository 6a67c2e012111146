// 6. No coroutines: block, or call back.
#include <blau/blau.hpp>
#include <iostream>
using namespace std::chrono_literals;

int main() {
  blau::Client client{"C4:11:22:33:44:55"};
  client.connect().timeout(15s).get();
  std::cout << int(client.read_gatt_char("2a19").get().at(0)) << " %\n";
  client.disconnect().get();
}
// The same by callback, in a program that keeps running:
void later(blau::Client& client) {
  client.read_gatt_char("2a19").start([](blau::Result<blau::Bytes> level) {
    if (!level) std::cerr << level.error().what() << '\n';
  });
}
