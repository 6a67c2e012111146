#pragma once

/// @file
/// Marks what a shared library exports. A static library, the default, needs neither macro.

#if defined(BLAU_SHARED)
#if defined(_WIN32)
#if defined(BLAU_BUILDING)
#define BLAU_API __declspec(dllexport)
#else
#define BLAU_API __declspec(dllimport)
#endif
#else
#define BLAU_API __attribute__((visibility("default")))
#endif
#else
#define BLAU_API
#endif
