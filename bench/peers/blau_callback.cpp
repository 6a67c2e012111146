// Blau with callbacks: values and results come to functions.

#include "blau_client.hpp"

#include <functional>
#include <stop_token>

namespace {

using namespace peers;
using blau::Task;

/// Lets a coroutine wait until callbacks have done their work.
class Done {
 public:
  void set() { source_.request_stop(); }
  [[nodiscard]] blau::Operation<blau::Result<void>> wait() const {
    return blau::sleep_for(std::chrono::hours(24)).cancel_with(source_.get_token()).as_result();
  }

 private:
  std::stop_source source_;
};

Task<> notify(const Arguments& arguments) {
  blau::Client client(arguments.text("address"));
  const auto characteristic = co_await connected(client, arguments);
  Values values(arguments);
  Done done;
  auto on_value = [&values, &done](const blau::Characteristic&, blau::ByteView value) {
    if (values.take(value.data(), value.size())) done.set();
  };
  co_await client.start_notify(characteristic, on_value, notify_options(arguments));
  say_ready();
  co_await done.wait();
  values.print();
}

/// Calls `request(characteristic)`, an operation, again and again, each time from the callback of the one before.
template <class Request>
Task<> repeat(const Arguments& arguments, blau::Client& client, Request request) {
  const auto characteristic = co_await connected(client, arguments);
  Repetitions repetitions(arguments);
  Done done;
  std::function<void()> next = [&] {
    if (!repetitions.next()) return done.set();
    request(characteristic).start([&next](const auto& result) {
      if (!result) refuse(result.error().what());
      next();
    });
  };
  next();
  co_await done.wait();
  repetitions.print();
}

Task<> read(const Arguments& arguments) {
  blau::Client client(arguments.text("address"));
  auto request = [&client](const blau::Characteristic& from) { return client.read_gatt_char(from); };
  co_await repeat(arguments, client, request);
}

Task<> write(const Arguments& arguments) {
  blau::Client client(arguments.text("address"));
  const auto options = write_options(arguments);
  auto request = [&](const blau::Characteristic& to) { return client.write_gatt_char(to, payload(), options); };
  co_await repeat(arguments, client, request);
}

Task<> advertise(const Arguments& arguments) {
  Repetitions repetitions(arguments);
  Done done;
  bool ended = false;
  blau::ScannerOptions options;
  options.on_detection = [&](const blau::Device&, const blau::AdvertisementData&) {
    if (ended || repetitions.next()) return;
    ended = true;
    done.set();
  };
  blau::Scanner scanner(options);
  co_await scanner.start();
  say_ready();
  co_await done.wait();
  repetitions.print();
}

Task<> connect(const Arguments& arguments) {
  const auto devices = co_await devices_near(arguments);
  std::vector<blau::Client> clients(devices.begin(), devices.end());
  Measurement measurement;
  Done done;
  std::size_t number = 0;
  std::function<void()> next = [&] {
    if (number == clients.size()) return done.set();
    const bool measured = number >= arguments.number("warm");
    if (measured) measurement.begin();
    blau::Client& client = clients[number++];
    client.connect().start([&, measured](const blau::Result<void>& result) {
      if (!result) refuse(result.error().what());
      const std::size_t found = client.services().characteristics().size();
      if (measured) measurement.end(), measurement.count(1);
      if (found < 100) refuse("found " + std::to_string(found) + " characteristics");
      next();
    });
  };
  next();
  co_await done.wait();
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
