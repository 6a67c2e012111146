// 2. A live scan ends with its scope: the destructor stops it.
#include <blau/blau.hpp>
#include <iostream>

blau::Task<blau::Device> first_close_one() {
  blau::ScannerOptions options;
  options.service_uuids = {blau::Uuid{0x180d}};
  blau::Scanner scanner{options};
  auto advertisements = scanner.advertisements();
  co_await scanner.start();
  while (auto seen = co_await advertisements.next())
    if (seen->data.rssi > -60) co_return seen->device;
  throw blau::Error{blau::ErrorCode::device_not_found, "the scan ended"};
}

int main() { std::cout << blau::run(first_close_one()).address() << '\n'; }
