// The arithmetic of the layers.
#pragma once

#include <chromasonic/activations.hpp>
#include <chromasonic/matrix.hpp>
