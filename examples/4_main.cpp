// The program around 4_count_beats.cpp; 11_count_beats_test.cpp is its test.
#include <blau/blau.hpp>
#include <iostream>

#include "4_count_beats.hpp"

int main(int count, char** arguments) {
  std::cout << blau::run(count_beats(count > 1 ? arguments[1] : "C0:FF:EE:00:00:01")) << " beats\n";
}
