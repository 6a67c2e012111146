#pragma once

#include <cstdlib>

namespace blau::test {

/// @param value null: there is no such variable
inline void set_variable(const char* name, const char* value) {
#ifdef _WIN32
  ::_putenv_s(name, value ? value : "");
#else
  value ? ::setenv(name, value, 1) : ::unsetenv(name);
#endif
}

}  // namespace blau::test
