// Standard MIDI files taken apart and put together again: what is not changed keeps its bytes.
//
// Written here, about two hundred lines of it: the small C libraries for such files have had no
// release for years, and a damaged file has to end in a message, never in a crash.
//
// Source: MIDI Manufacturers Association, "Standard MIDI Files 1.0" (RP-001).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "midi_bytes.hpp"

namespace chromasonic::midi {

inline constexpr std::size_t most_bytes = std::size_t{32} << 20;
inline constexpr std::size_t most_messages = 4'000'000;
inline constexpr std::size_t most_chunks = 65'535;
inline constexpr std::size_t most_notes = 2'000'000;
/// The most ticks a quarter note that a file can have.
inline constexpr int finest_ticks = 32'767;

/// A message of a track, by its place in the file.
struct Message {
  std::int64_t tick;      ///< from the start; changed to move it
  std::uint32_t begin;    ///< first byte after the status (meta: its kind)
  std::uint32_t end;      ///< after its last byte
  std::uint8_t status;    ///< which running status may have left out of the file
  std::uint8_t velocity;  ///< of a note-on: written in place of the file's; 0 leaves it
};

/// A note-off that the file lacked.
struct AddedOff {
  std::int64_t tick;
  std::uint8_t channel, note;
};

struct Track {
  std::vector<Message> messages;
  std::vector<AddedOff> added;
  std::int64_t last_tick = 0;  ///< of its end
};

/// A time signature that makes sense; a numerator of 0 says nothing and is left out.
struct TimeSignature {
  std::int64_t tick;
  int numerator, denominator;
  std::size_t track;
  std::size_t number;  ///< of its message in the file
};

struct Tempo {
  std::int64_t tick;
  int microseconds;  ///< a quarter note; above 0
  std::size_t track;
  std::size_t number;  ///< of its message in the file
};

/// A file whose notes can be moved and struck anew. Not for the audio thread.
class File {
 public:
  /// Take a file apart.
  ///
  /// @param data the whole file
  /// @param name how to call it in messages
  /// @throws Error no MIDI file, cut short, damaged, SMPTE time, 0 ticks a quarter, too large
  File(std::vector<std::uint8_t> data, std::string name)
      : data_(std::move(data)), name_(std::move(name)) {
    read_header();
    read_chunks();
    const auto is_earlier = [](const auto& a, const auto& b) {
      return a.tick != b.tick ? a.tick < b.tick : a.number < b.number;
    };
    std::sort(metres_.begin(), metres_.end(), is_earlier);
    std::sort(tempos_.begin(), tempos_.end(), is_earlier);
  }

  int format() const { return format_; }
  int ticks_per_quarter() const { return division_; }
  const std::string& name() const { return name_; }
  std::vector<Track>& tracks() { return tracks_; }
  const std::vector<Track>& tracks() const { return tracks_; }
  /// In time.
  const std::vector<TimeSignature>& metres() const { return metres_; }
  /// In time.
  const std::vector<Tempo>& tempos() const { return tempos_; }
  std::uint8_t note_of(const Message& message) const { return data_[message.begin] & 0x7F; }
  std::uint8_t velocity_of(const Message& message) const { return data_[message.begin + 1] & 0x7F; }
  bool is_note_on(const Message& message) const {
    return message.status >> 4 == 0x9 && velocity_of(message) > 0;
  }
  bool is_note_off(const Message& message) const {
    return message.status >> 4 == 0x8 || (message.status >> 4 == 0x9 && velocity_of(message) == 0);
  }

  /// By how much its resolution can be raised, at least 1.
  int finest() const {
    std::int64_t longest = 0;
    for (const Track& track : tracks_) longest = std::max(longest, track.last_tick);
    const auto most =
        std::min<std::int64_t>(finest_ticks / division_, longest_ticks / (longest + 1));
    return static_cast<int>(std::max<std::int64_t>(1, most));
  }

  /// Raise the resolution: every time keeps its place, to `factor` times as many ticks.
  void refine(int factor) {
    division_ *= factor;
    for (Track& track : tracks_) {
      track.last_tick *= factor;
      for (Message& message : track.messages) message.tick *= factor;
      for (AddedOff& off : track.added) off.tick *= factor;
    }
    for (TimeSignature& metre : metres_) metre.tick *= factor;
    for (Tempo& tempo : tempos_) tempo.tick *= factor;
  }

  /// The bytes of the file as it is now. Messages of one tick keep their order; running status is
  /// written out.
  ///
  /// @throws Error a time is longer than a file can say
  std::vector<std::uint8_t> bytes() const {
    std::vector<std::uint8_t> out(data_.begin(), data_.begin() + header_end_);
    out[12] = static_cast<std::uint8_t>(division_ >> 8);
    out[13] = static_cast<std::uint8_t>(division_ & 0xFF);
    auto place = static_cast<std::size_t>(header_end_);
    std::size_t number = 0;
    for (const Chunk& chunk : chunks_) {
      if (chunk.is_track) {
        append_track(tracks_[number++], out);
      } else {
        append(chunk.begin - 8, chunk.end, out);
      }
      place = chunk.end;
    }
    append(place, data_.size(), out);
    return out;
  }

 private:
  struct Chunk {
    bool is_track;
    std::size_t begin, end;  // without the 8 bytes before it
  };

  void read_header() {
    const std::size_t size = data_.size();
    if (size == 0) throw Error(name_ + " is empty. Export the file again.");
    if (size > most_bytes) {
      throw Error(name_ + " has " + std::to_string(size) + " bytes; up to " +
                  std::to_string(most_bytes) + " are read. Cut it into parts.");
    }
    if (size < 4 || !std::equal(data_.begin(), data_.begin() + 4, "MThd")) {
      throw Error(name_ + " is no MIDI file: it does not begin with 'MThd'. Give a .mid file.");
    }
    if (size < 14 || big_endian(data_, 4, 4) < 6) {
      throw Error(name_ + " is cut short: the header of a MIDI file has 14 bytes.");
    }
    if (big_endian(data_, 4, 4) > size - 8) {
      throw Error(name_ + " is cut short: its header should have " +
                  std::to_string(big_endian(data_, 4, 4)) + " bytes, only " +
                  std::to_string(size - 8) + " are there. Copy or export the file again.");
    }
    header_end_ = static_cast<std::ptrdiff_t>(8 + big_endian(data_, 4, 4));
    format_ = static_cast<int>(big_endian(data_, 8, 2));
    division_ = static_cast<int>(big_endian(data_, 12, 2));
    if (format_ > 2) {
      throw Error(name_ + " is a MIDI file of format " + std::to_string(format_) +
                  "; 0, 1 and 2 are read. Export it as format 1.");
    }
    if ((division_ & 0x8000) != 0) {
      throw Error(name_ +
                  " counts time in SMPTE frames, which have no beats. Export it with ticks " +
                  "a quarter note.");
    }
    if (division_ == 0) throw Error(name_ + " has 0 ticks a quarter note; at least 1 is needed.");
  }

  void read_chunks() {
    auto place = static_cast<std::size_t>(header_end_);
    while (place + 8 <= data_.size()) {  // a few stray bytes in the end: many programs pad
      const std::size_t length = big_endian(data_, place + 4, 4);
      const std::size_t begin = place + 8;
      if (length > data_.size() - begin) {
        throw Error(name_ + " is cut short: track " + std::to_string(tracks_.size() + 1) +
                    " should have " + std::to_string(length) + " bytes, only " +
                    std::to_string(data_.size() - begin) + " are there. Copy or export it again.");
      }
      const bool is_track =
          std::equal(data_.begin() + static_cast<std::ptrdiff_t>(place),
                     data_.begin() + static_cast<std::ptrdiff_t>(place) + 4, "MTrk");
      if (chunks_.size() == most_chunks) {
        throw Error(name_ + " has more than " + std::to_string(most_chunks) +
                    " tracks. Music has fewer: export it anew.");
      }
      chunks_.push_back({is_track, begin, begin + length});
      if (is_track) read_track(begin, begin + length);
      place = begin + length;
    }
    if (tracks_.empty()) throw Error(name_ + " has no track. Export the file again.");
  }

  void read_track(std::size_t begin, std::size_t end) {
    tracks_.emplace_back();
    Track& track = tracks_.back();
    ByteReader reader(data_, begin, end, name_, tracks_.size());
    std::uint8_t status = 0;
    while (reader.has_more()) {
      track.last_tick += reader.variable_length();
      if (reader.peek() >= 0x80) {
        status = reader.next();
      } else if (status < 0x80) {
        reader.fail("has data without a status byte");
      }
      const auto first = static_cast<std::uint32_t>(reader.place());
      if (status == 0xFF) {
        const std::uint8_t kind = reader.next();
        const std::size_t length = reader.variable_length();
        const std::size_t content = reader.place();
        reader.skip(length);
        if (kind == 0x2F) return;
        if (kind == 0x58 && length >= 2) add_metre(track.last_tick, content);
        if (kind == 0x51 && length >= 3) add_tempo(track.last_tick, content);
      } else if (status == 0xF0 || status == 0xF7) {
        reader.skip(reader.variable_length());
      } else if (status > 0xF0) {
        reader.fail("has a message that only a wire may carry (status " + std::to_string(status) +
                    ")");
      } else {
        const bool has_one = status >> 4 == 0xC || status >> 4 == 0xD;
        reader.skip(has_one ? 1 : 2);
      }
      add({track.last_tick, first, static_cast<std::uint32_t>(reader.place()), status, 0}, track);
      status = status >= 0xF0 ? std::uint8_t{0} : status;
    }
  }

  void add(const Message& message, Track& track) {
    const bool is_one = message.status >> 4 == 0x9 && velocity_of(message) > 0;
    if (++messages_ > most_messages || (notes_ += is_one) > most_notes) {
      throw Error(name_ + " has more than " + std::to_string(most_notes) + " notes or " +
                  std::to_string(most_messages) + " messages. Music has fewer: cut it.");
    }
    track.messages.push_back(message);
  }

  void add_metre(std::int64_t tick, std::size_t place) {
    const int numerator = data_[place];
    const int power = std::min<int>(data_[place + 1], 16);
    if (numerator > 0)
      metres_.push_back({tick, numerator, 1 << power, tracks_.size() - 1, messages_});
  }

  void add_tempo(std::int64_t tick, std::size_t place) {
    const auto microseconds = static_cast<int>(big_endian(data_, place, 3));
    if (microseconds > 0) tempos_.push_back({tick, microseconds, tracks_.size() - 1, messages_});
  }

  void append(std::size_t begin, std::size_t end, std::vector<std::uint8_t>& out) const {
    out.insert(out.end(), data_.begin() + static_cast<std::ptrdiff_t>(begin),
               data_.begin() + static_cast<std::ptrdiff_t>(end));
  }

  void append_track(const Track& track, std::vector<std::uint8_t>& out) const {
    const std::size_t count = track.messages.size();
    std::vector<std::uint32_t> order(count + track.added.size());
    std::iota(order.begin(), order.end(), 0U);
    const auto tick_of = [&](std::uint32_t number) {
      return number < count ? track.messages[number].tick : track.added[number - count].tick;
    };
    std::sort(order.begin(), order.end(), [&](auto a, auto b) {
      return tick_of(a) != tick_of(b) ? tick_of(a) < tick_of(b) : a < b;
    });
    out.insert(out.end(), {'M', 'T', 'r', 'k', 0, 0, 0, 0});
    const std::size_t start = out.size();
    std::int64_t last = 0;
    for (const std::uint32_t number : order) {
      append_variable_length(tick_of(number) - last, name_, out);
      last = tick_of(number);
      if (number < count) {
        append_message(track.messages[number], out);
      } else {
        const AddedOff& off = track.added[number - count];
        out.insert(out.end(), {static_cast<std::uint8_t>(0x80 | off.channel), off.note, 64});
      }
    }
    append_variable_length(std::max<std::int64_t>(track.last_tick - last, 0), name_, out);
    out.insert(out.end(), {0xFF, 0x2F, 0x00});
    const std::size_t length = out.size() - start;
    for (int byte = 0; byte < 4; ++byte) {
      out[start - 4 + static_cast<std::size_t>(byte)] =
          static_cast<std::uint8_t>(length >> (8 * (3 - byte)) & 0xFF);
    }
  }

  void append_message(const Message& message, std::vector<std::uint8_t>& out) const {
    out.push_back(message.status);
    if (message.velocity != 0) {
      out.insert(out.end(), {data_[message.begin], message.velocity});
    } else {
      append(message.begin, message.end, out);
    }
  }

  std::vector<std::uint8_t> data_;
  std::string name_;
  std::ptrdiff_t header_end_ = 0;
  int format_ = 0, division_ = 0;
  std::size_t messages_ = 0, notes_ = 0;
  std::vector<Chunk> chunks_;
  std::vector<Track> tracks_;
  std::vector<TimeSignature> metres_;
  std::vector<Tempo> tempos_;
};

}  // namespace chromasonic::midi
