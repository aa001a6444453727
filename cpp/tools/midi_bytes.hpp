// Numbers of MIDI files, read without ever leaving the track, and written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace chromasonic::midi {

/// A MIDI file cannot be read or written; the text says why and what to do.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The longest time between two messages that a file can say.
inline constexpr std::int64_t longest_ticks = (std::int64_t{1} << 28) - 1;

/// `size` bytes from `place` on, which are known to be there.
inline std::size_t big_endian(const std::vector<std::uint8_t>& data, std::size_t place,
                              std::size_t size) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | data[place + i];
  return value;
}

/// Reads one track; whatever lies beyond its end is an error.
class ByteReader {
 public:
  ByteReader(const std::vector<std::uint8_t>& data, std::size_t begin, std::size_t end,
             const std::string& name, std::size_t track)
      : data_(data), place_(begin), end_(end), name_(name), track_(track) {}

  bool has_more() const { return place_ < end_; }
  std::size_t place() const { return place_; }

  std::uint8_t peek() const {
    if (place_ >= end_) fail("ends in the middle of an event");
    return data_[place_];
  }

  std::uint8_t next() {
    const std::uint8_t byte = peek();
    ++place_;
    return byte;
  }

  void skip(std::size_t size) {
    if (size > end_ - place_) fail("ends in the middle of an event");
    place_ += size;
  }

  /// A number of 1 to 4 bytes of 7 bits.
  std::uint32_t variable_length() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
      const std::uint8_t byte = next();
      value = value << 7 | (byte & 0x7FU);
      if (byte < 0x80) return value;
    }
    fail("has a time or length of more than 4 bytes");
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(name_ + " is damaged: track " + std::to_string(track_) + " " + what +
                ". Export the file again.");
  }

 private:
  const std::vector<std::uint8_t>& data_;
  std::size_t place_, end_;
  const std::string& name_;
  std::size_t track_;
};

/// Write a number of 7 bits a byte.
inline void append_variable_length(std::int64_t value, const std::string& name,
                                   std::vector<std::uint8_t>& out) {
  if (value > longest_ticks) {
    throw Error(name + " is silent for " + std::to_string(value) +
                " ticks, more than a MIDI file can say. Take the silence out.");
  }
  for (int shift = 21; shift > 0; shift -= 7) {
    if (value >> shift != 0)
      out.push_back(static_cast<std::uint8_t>(0x80 | (value >> shift & 0x7F)));
  }
  out.push_back(static_cast<std::uint8_t>(value & 0x7F));
}

}  // namespace chromasonic::midi
