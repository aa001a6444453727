// The one error that loading throws; nothing on the audio thread throws.
#pragma once

#include <stdexcept>
#include <string>

namespace chromasonic {

/// A file is not what it claims to be; the text says which, where, what was met, and what was
/// wanted.
class LoadError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws LoadError: "FILE: WHERE is MET; wanted: WANTED."
[[noreturn]] inline void refuse(const std::string& file, const std::string& where,
                                const std::string& met, const std::string& wanted) {
  throw LoadError(file + ": " + where + " is " + met + "; wanted: " + wanted + ".");
}

}  // namespace chromasonic
