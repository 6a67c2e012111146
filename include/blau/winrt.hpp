#pragma once

/// @file
/// COM apartments, for programs on Windows. Blau itself does not need any of it: it calls Windows on a thread of its own, so that `Client` and `Scanner` work in every apartment, that of a GUI
/// included. These functions are for programs that hand Blau's threads to other COM objects, or that come from Bleak. Elsewhere than on Windows they do nothing and succeed.

#include <blau/export.hpp>
#include <blau/operation.hpp>

namespace blau {

/// Returns if COM objects can be called on this thread without a message loop: COM is not initialised on it, or it is in the multi-threaded apartment. Also after `allow_sta`. Any thread.
/// @throws Error `wrong_apartment` in a single-threaded apartment; `failed` if Windows does not tell
BLAU_API void assert_mta();

/// The program vouches for its message loops: from now on `assert_mta` and `assert_pumped` succeed on every thread of the process. Any thread.
BLAU_API void allow_sta() noexcept;

/// Succeeds where `assert_mta` returns, and in a single-threaded apartment whose messages are pumped: a message to the thread that calls this function comes through within half a second.
///
/// So on such a thread do not block for the result: `get()` there stops the messages that it waits for.
/// Errors: `wrong_apartment`; `failed` if Windows does not tell, or gives no timer; `canceled`.
[[nodiscard]] BLAU_API Operation<void> assert_pumped();

/// Takes this thread out of a single-threaded apartment that something else has put it into: one CoUninitialize. Nothing happens in the multi-threaded apartment and where COM is not initialised.
///
/// Call it early, right after the offender (a GUI toolkit, a driver library) was loaded, and before anything on this thread holds COM objects.
/// @throws Error `wrong_apartment` if the thread is in a single-threaded apartment still: COM was initialised more than once; `failed` if Windows does not tell
BLAU_API void uninitialize_sta();

}  // namespace blau
