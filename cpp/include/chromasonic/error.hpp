// The one error that loading throws; nothing on the audio thread throws.
#pragma once

#include <stdexcept>

namespace chromasonic {

/// A file is not what it claims to be; the text says which, what was met, and what was wanted.
class LoadError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace chromasonic
