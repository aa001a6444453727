// The one error that loading throws; nothing on the audio thread throws.
#pragma once

#include <chromasonic/file/printable.hpp>
#include <cstddef>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>

namespace chromasonic {

/// A file is not what it claims to be; the text says which, where, what was met, and what was
/// wanted.
class LoadError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Bytes that a message repeats of a place, or of what was met there.
inline constexpr std::size_t longest_quote = 200;

/// Throws LoadError: "FILE: WHERE is MET; wanted: WANTED." What comes from a file is made
/// printable.
[[noreturn]] inline void refuse(const std::string& file, const std::string& where,
                                const std::string& met, const std::string& wanted) {
  throw LoadError(printable(file) + ": " + printable(where, longest_quote) + " is " +
                  printable(met, longest_quote) + "; wanted: " + wanted + ".");
}

/// Made before there is need of it: an error that asks for no memory.
inline const LoadError out_of_memory("Memory ran out while a model was loaded.");

/// What an action gives; whatever it throws becomes a LoadError.
///
/// @param file What errors of others are said to be of.
template <class Action>
auto or_load_error(const std::string& file, const Action& action) {
  try {
    try {
      return action();
    } catch (const LoadError&) {
      throw;
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& error) {
      throw LoadError(printable(file) + ": could not be loaded: " + error.what() + ".");
    }
  } catch (const std::bad_alloc&) {
    throw LoadError(out_of_memory);
  }
}

}  // namespace chromasonic
