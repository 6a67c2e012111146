#pragma once

namespace fake_windows {

/// From now on C++/WinRT in this process asks the fake for its classes, and Windows for the others. Again and again without harm; there is no way back, but without a FakeWindows they are not registered.
void install_activation();

}  // namespace fake_windows
