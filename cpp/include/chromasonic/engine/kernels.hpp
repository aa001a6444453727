// The arithmetic of the layers.
#pragma once

#include <chromasonic/engine/activations.hpp>
#include <chromasonic/engine/matrix.hpp>
