// RTNeural brings a copy of nlohmann's JSON here; this stand-in takes the system's.
#pragma once
#include <nlohmann/json.hpp>
