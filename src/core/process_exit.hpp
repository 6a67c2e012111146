#pragma once

#include <blau/detail/loop.hpp>

namespace blau::detail {

/// The loop's members are told when the process ends without unwinding what holds the loop: `std::exit` in a callback or in a Task, or a loop that is never destroyed. Any number of calls.
/// The loop's thread.
void tell_of_exit(Loop& loop);

}  // namespace blau::detail
