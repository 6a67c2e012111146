#pragma once

#include <blau/task.hpp>
#include <string>

/// Counts the heart beats that a strap reports within 30 seconds.
blau::Task<int> count_beats(std::string address);
