// The engine that models run on: this project's own loops, or RTNeural where CMake was told of it.
#pragma once

#ifdef CHROMASONIC_USE_RTNEURAL
#include <chromasonic/engine/rtneural_network.hpp>
namespace chromasonic {
using Network = RTNeuralNetwork;
}
#else
#include <chromasonic/engine/native_network.hpp>
namespace chromasonic {
using Network = NativeNetwork;
}
#endif
