// Notes as events of an audio block: plain values, in memory of fixed size.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace chromasonic {

/// A note that begins or ends within a block.
struct BlockEvent {
  std::int32_t sample;    ///< from the start of the block
  std::uint8_t note;      ///< MIDI note, 0 to 127
  std::uint8_t velocity;  ///< 1 to 127; 0 ends the note
};

/// Velocity in whole MIDI units: 1 to 127, halves to the even number, 1 where it is no number.
/// Any thread.
inline std::uint8_t midi_velocity(double velocity) noexcept {
  if (!(velocity > 1)) {
    return 1;
  }
  if (velocity >= 127) {
    return 127;
  }
  // Not nearbyint: a plugin's host may have set another rounding mode.
  const auto below = static_cast<int>(velocity);
  const double rest = velocity - below;
  const bool is_up = rest > 0.5 || (rest == 0.5 && below % 2 == 1);
  return static_cast<std::uint8_t>(below + (is_up ? 1 : 0));
}

/// A list of events that never allocates; what does not fit is refused, never written.
template <std::size_t Capacity>
class EventList {
 public:
  /// Audio thread. False where the list is full.
  bool push(const BlockEvent& event) noexcept {
    if (size_ == Capacity) {
      return false;
    }
    events_[size_++] = event;
    return true;
  }

  void clear() noexcept { size_ = 0; }
  std::size_t size() const noexcept { return size_; }
  const BlockEvent& operator[](std::size_t number) const noexcept { return events_[number]; }
  const BlockEvent* begin() const noexcept { return events_.data(); }
  const BlockEvent* end() const noexcept { return events_.data() + size_; }

 private:
  std::array<BlockEvent, Capacity> events_{};
  std::size_t size_ = 0;
};

}  // namespace chromasonic
