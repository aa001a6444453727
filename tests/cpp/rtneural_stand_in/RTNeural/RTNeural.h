// A small stand-in for RTNeural, written for these tests: the same names and the same manners (it
// takes wrong files without a word), plain loops. It shows that what is written against RTNeural
// compiles and computes where RTNeural itself is not at hand; it is not a part of RTNeural.
#pragma once

#include "Model.h"
#include "ModelT.h"
