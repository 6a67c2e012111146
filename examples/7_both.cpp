// 7. Two devices at once; the first to fail cancels the other. A stop token cancels both.
#include <blau/blau.hpp>
#include <iostream>

blau::Task<> both(blau::Client& a, blau::Client& b, std::stop_token stop) {
  co_await blau::when_all(a.connect(), b.connect()).cancel_with(stop);
}

blau::Task<> connect_both(std::string first, std::string second) {
  blau::Client a{first};
  blau::Client b{second};
  std::stop_source stop;
  co_await both(a, b, stop.get_token());
  std::cout << a.name().value_or(first) << " and " << b.name().value_or(second) << " are connected\n";
  co_await blau::when_all(a.disconnect(), b.disconnect());
}

int main(int count, char** arguments) {
  if (count != 3) return std::cerr << "usage: 7_both ADDRESS ADDRESS\n", 2;
  blau::run(connect_both(arguments[1], arguments[2]));
}
