// What stands in a file, made fit for a message: a file may hold anything, a terminal may not.
#pragma once

#include <cstddef>
#include <string>

namespace chromasonic {

/// Bytes of the UTF-8 character at a place; 0 where there is none, or where it is a control
/// character, U+0000 to U+001F and U+007F to U+009F.
inline std::size_t printable_bytes(const std::string& text, std::size_t place) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(place);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || size > text.size() - place) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(place + i) & 0xc0) != 0x80) return 0;
  }
  const unsigned char second = byte(place + 1);
  const bool is_control = first == 0xc2 && second < 0xa0;
  const bool is_too_long = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool is_no_character =
      (first == 0xed && second >= 0xa0) || (first == 0xf4 && second >= 0x90);
  return is_control || is_too_long || is_no_character ? 0 : size;
}

/// A text with '?' for each byte that is no printable UTF-8, and cut between characters.
///
/// @param most Bytes that are kept; "..." stands for the others.
inline std::string printable(const std::string& text,
                             std::size_t most = static_cast<std::size_t>(-1)) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = printable_bytes(text, i);
    if (result.size() + (size == 0 ? 1 : size) > most) return result + "...";
    if (size == 0) {
      result += '?';
      ++i;
    } else {
      result.append(text, i, size);
      i += size;
    }
  }
  return result;
}

}  // namespace chromasonic
