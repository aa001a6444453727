// What compilers can be told of code that runs on the audio thread.
#pragma once

/// Put behind `noexcept` of functions of the audio thread: neither they nor what they call may
/// allocate, lock, or wait for the system. Clang 20 and newer hold them to it, when compiling
/// (-Wfunction-effects) and when running (-fsanitize=realtime).
#if defined(__clang__) && __clang_major__ >= 20
#define CHROMASONIC_NONBLOCKING [[clang::nonblocking]]
#else
#define CHROMASONIC_NONBLOCKING
#endif
