#pragma once

#include "platform.hpp"

#include <string_view>

namespace fake_windows {

/// From now on C++/WinRT in this process asks the fake for its classes, and Windows for the others. Again and again without harm; there is no way back, but without a FakeWindows they are not registered.
void install_activation();

/// A class's factory; null for a class that the fake does not have.
[[nodiscard]] foundation::IInspectable make_factory(std::wstring_view name);

}  // namespace fake_windows
