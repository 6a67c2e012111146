// Blau with coroutines: everything is awaited.

#include "blau_client.hpp"

namespace {

using namespace peers;
using blau::Task;

Task<> notify(const Arguments& arguments) {
  blau::Client client(arguments.text("address"));
  const auto characteristic = co_await connected(client, arguments);
  auto subscription = co_await client.subscribe(characteristic, notify_options(arguments));
  Values values(arguments);
  say_ready();
  blau::Bytes value;
  while (co_await subscription.next_into(value))
    if (values.take(value.data(), value.size())) break;
  values.print();
}

Task<> read(const Arguments& arguments) {
  blau::Client client(arguments.text("address"));
  const auto characteristic = co_await connected(client, arguments);
  Repetitions repetitions(arguments);
  while (repetitions.next()) {
    const auto value = co_await client.read_gatt_char(characteristic);
    if (value.empty()) refuse("an empty value");
  }
  repetitions.print();
}

Task<> write(const Arguments& arguments) {
  blau::Client client(arguments.text("address"));
  const auto characteristic = co_await connected(client, arguments);
  Repetitions repetitions(arguments);
  while (repetitions.next()) co_await client.write_gatt_char(characteristic, payload(), write_options(arguments));
  repetitions.print();
}

Task<> advertise(const Arguments& arguments) {
  blau::Scanner scanner;
  auto sightings = scanner.advertisements();
  co_await scanner.start();
  say_ready();
  Repetitions repetitions(arguments);
  while (repetitions.next()) co_await sightings.next();
  repetitions.print();
}

Task<> connect(const Arguments& arguments) {
  const auto devices = co_await devices_near(arguments);
  std::vector<blau::Client> clients(devices.begin(), devices.end());
  Measurement measurement;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const bool measured = i >= arguments.number("warm");
    if (measured) measurement.begin();
    co_await clients[i].connect();
    const std::size_t found = clients[i].services().characteristics().size();
    if (measured) measurement.end(), measurement.count(1);
    if (found < 100) refuse("found " + std::to_string(found) + " characteristics");
  }
  measurement.print();
}

}  // namespace

int main(int count, char** words) {
  return client_main(count, words,
                     {{"notify", notify},
                      {"read", read},
                      {"write", write},
                      {"write_command", write},
                      {"advertise", advertise},
                      {"connect", connect}});
}
