// Drums humanized while they are played: hits in, the same hits one bar later, as a drummer would.
//
// Why a bar: the GroovePredictor looks at a whole bar, so what a hit becomes is known when its bar
// is over. A plugin reports this delay as its latency; a sequencer that knows its pattern before it
// plays needs no delay, calls `groove::encode` and `decode` half a step before the bar, and
// schedules the hits itself.
#pragma once

#include <algorithm>
#include <array>
#include <chromasonic/engine/finite.hpp>
#include <chromasonic/engine/realtime.hpp>
#include <chromasonic/events.hpp>
#include <chromasonic/groove.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace chromasonic::groove {

/// Where an audio block lies in the music, as a plugin's host tells it.
struct BlockTime {
  double begin;             ///< steps (sixteenths) from the start of the music
  double end;               ///< where the next block begins, above `begin`
  std::int32_t samples;     ///< of the block, above 0
  std::int64_t bar_begin;   ///< a step at which a bar of this metre begins, not after `begin`
  std::int64_t bar_length;  ///< steps of a bar, see `steps_of_metre`
};

/// Delays drums by 16 steps and strikes them as the model says.
///
/// Fixed memory (about 60 kB), no allocation, lock or system call; one thread, the audio thread.
/// Everything is counted in steps, so tempo may change at any time; the delay in samples is then
/// what 16 steps last. Where the music jumps (a loop), what is on its way still comes out 16 steps
/// after it was played.
///
/// A hit never comes before what has been played already: one that is wanted more than half a step
/// before its bar comes there. Hits of one drum keep their order, and every note that is begun is
/// ended.
class GroovePlayer {
 public:
  static constexpr std::size_t capacity = 512;  ///< hits on their way
  static constexpr std::size_t most_events = 2 * capacity + 128;
  static constexpr double delay_steps = bar_steps;
  using Events = EventList<most_events>;

  explicit GroovePlayer(const Settings& settings = {}, std::uint64_t seed = 0) noexcept
      : settings_(settings), seed_(seed) {
    loose_.chance = Chance(seed_);
  }

  void set(const Settings& settings) noexcept { settings_ = settings; }

  /// Hits that found no room since the last `stop`.
  std::size_t dropped() const noexcept { return dropped_; }

  /// The delay at a tempo, to report as latency.
  static double delay_seconds(double tempo_bpm) noexcept {
    return delay_steps / steps_per_quarter * 60.0 / tempo_bpm;
  }

  /// Forget all hits; sounding notes are ended at sample 0. For where the transport stops.
  void stop(Events& out) noexcept CHROMASONIC_NONBLOCKING {
    out.clear();
    end_sounding(out);
    for (Slot& slot : slots_) slot.state = State::empty;
    last_of_note_.fill(never);
    bar_is_open_ = false;
    dropped_ = 0;
    loose_.chance = Chance(seed_);
    loose_.drift = 0.0;
    is_running_ = false;
  }

  /// One block.
  ///
  /// @param in hits of the block (velocity 0 ends one), in time, samples from 0 to below the
  /// block's
  /// @param predict `bool(const float* in64, float* out32) noexcept`, such as
  ///     `MultiModelProcessor::process`; where it gives false, hits pass as they are
  /// @param out what is to be played in this block, in time; cleared first
  template <std::size_t Capacity, class Predict>
  void process(const BlockTime& block, const EventList<Capacity>& in, Predict&& predict,
               Events& out) noexcept CHROMASONIC_NONBLOCKING {
    out.clear();
    if (!is_sound(block)) return;
    follow_jump(block, predict);
    for (const BlockEvent& event : in) {
      const double share = std::clamp(static_cast<double>(event.sample) / block.samples, 0.0, 1.0);
      const double position = block.begin + share * (block.end - block.begin);
      if (event.velocity > 0) {
        take_on(event, position, block, predict);
      } else {
        take_off(event.note & 127U, position + lead_);
      }
    }
    // All hits of the bar have come when half a step before the end of its 16th step is over: that
    // is when its earliest hit is due.
    if (bar_is_open_ && block.end + lead_ >= bar_first_ + bar_steps - 0.5) close_bar(predict);
    play(block, out);
  }

 private:
  enum class State : std::uint8_t {
    empty,
    waiting,  ///< for its bar to be over
    known,    ///< when and how it will be played
    sounding,
    cut,  ///< ended by its drum's next hit before its own end was known
  };

  struct Slot {
    State state = State::empty;
    bool has_end = false;
    std::uint8_t note = 0, velocity = 0;
    std::int8_t step = 0;
    double offset = 0;         ///< from its step, as written
    double on = 0;             ///< steps, as written; when it is played once it is known
    double end = 0;            ///< likewise, if it `has_end`
    std::uint64_t number = 0;  ///< in the order in which hits came
  };

  struct Due {
    double position;
    std::uint16_t slot;
    bool is_on;
  };

  static constexpr double never = -1e300;
  static constexpr double farthest = 1e12;  ///< steps: where sixteenths still are whole numbers
  static constexpr double shortest = 1e-3;  ///< steps that a hit lasts at least

  static bool is_sound(const BlockTime& block) noexcept {
    return is_finite(block.begin) && is_finite(block.end) && block.samples > 0 &&
           block.end > block.begin && std::fabs(block.begin) < farthest &&
           std::fabs(block.end) < farthest;
  }

  /// Time as it is played goes on where the music's time jumps; `lead_` is the difference.
  template <class Predict>
  void follow_jump(const BlockTime& block, Predict& predict) noexcept {
    constexpr double tolerance = 1e-3;  // hosts round
    if (!is_running_) lead_ = 0.0;
    if (is_running_ && std::fabs(block.begin - next_begin_) > tolerance) {
      if (bar_is_open_) close_bar(predict);
      lead_ += next_begin_ - block.begin;
    }
    is_running_ = true;
    next_begin_ = block.end;
  }

  template <class Predict>
  void take_on(const BlockEvent& event, double position, const BlockTime& block,
               Predict& predict) noexcept {
    const std::int64_t length = std::max<std::int64_t>(block.bar_length, 1);
    const PlacedHit placed = place(position, event.note, event.velocity, block.bar_begin, length);
    const double first = static_cast<double>(placed.first_step) + lead_;
    if (bar_is_open_ && std::fabs(first - bar_first_) > 0.5) close_bar(predict);
    Slot* const slot = free_slot();
    if (slot == nullptr) {
      ++dropped_;
      return;
    }
    bar_is_open_ = true;
    bar_first_ = first;
    *slot = Slot{};
    slot->state = State::waiting;
    slot->note = event.note & 127U;
    slot->velocity = std::min<std::uint8_t>(event.velocity, 127);
    slot->step = static_cast<std::int8_t>(placed.hit.step);
    slot->offset = placed.hit.offset;
    slot->on = position + lead_;
    slot->number = ++hits_;
  }

  /// Ends the oldest hit of a drum that has no end yet.
  void take_off(std::uint8_t note, double position) noexcept {
    Slot* oldest = nullptr;
    for (Slot& slot : slots_) {
      if (slot.state != State::empty && !slot.has_end && slot.note == note &&
          (oldest == nullptr || slot.number < oldest->number)) {
        oldest = &slot;
      }
    }
    if (oldest == nullptr) return;
    if (oldest->state == State::cut) {
      oldest->state = State::empty;
      return;
    }
    oldest->has_end = true;
    // Of a hit that is known already, `offset` has become how far it was moved.
    const double moved = oldest->state == State::waiting ? 0.0 : delay_steps + oldest->offset;
    oldest->end = position + moved;
  }

  Slot* free_slot() noexcept {
    Slot* free = nullptr;
    for (Slot& slot : slots_) {
      if (slot.state == State::empty) return &slot;
      if (slot.state == State::cut) free = &slot;  // nobody hears whether its end comes
    }
    return free;
  }

  /// Asks the model about the bar, and gives its hits their velocities and times.
  template <class Predict>
  void close_bar(Predict& predict) noexcept {
    std::size_t count = 0;
    for (std::size_t i = 0; i < capacity; ++i) {
      if (slots_[i].state == State::waiting) numbers_[count++] = static_cast<std::uint16_t>(i);
    }
    std::sort(numbers_.begin(), numbers_.begin() + static_cast<std::ptrdiff_t>(count),
              [this](auto a, auto b) { return slots_[a].number < slots_[b].number; });
    for (std::size_t i = 0; i < count; ++i) {
      const Slot& slot = slots_[numbers_[i]];
      bar_[i] = {slot.step, slot.offset, slot.note, slot.velocity};
    }
    std::array<float, input_size> features;
    std::array<float, output_size> answer{};
    encode(bar_.data(), count, features.data());
    if (predict(static_cast<const float*>(features.data()), answer.data())) {
      decode(answer.data(), bar_.data(), count, settings_, loose_, struck_.data());
    } else {
      for (std::size_t i = 0; i < count; ++i) struck_[i] = {0.0, bar_[i].velocity, true};
    }
    for (std::size_t i = 0; i < count; ++i) move(slots_[numbers_[i]], struck_[i]);
    bar_is_open_ = false;
  }

  void move(Slot& slot, const Struck& struck) noexcept {
    const double earliest = bar_first_ - 0.5;
    double on = std::max(slot.on + struck.shift, earliest) + delay_steps;
    double& last = last_of_note_[slot.note];
    on = std::max(on, last + shortest);
    last = on;
    slot.offset = on - slot.on - delay_steps;
    if (slot.has_end) slot.end = std::max(slot.end + delay_steps + slot.offset, on + shortest);
    slot.on = on;
    slot.velocity = struck.velocity;
    slot.state = State::known;
  }

  /// Writes down what is due before the block ends, in time.
  void play(const BlockTime& block, Events& out) noexcept {
    const double end = block.end + lead_;
    std::size_t count = 0;
    for (std::size_t i = 0; i < capacity; ++i) {
      const Slot& slot = slots_[i];
      const auto number = static_cast<std::uint16_t>(i);
      const bool begins = slot.state == State::known && slot.on < end;
      if (begins) due_[count++] = {slot.on, number, true};
      if ((begins || slot.state == State::sounding) && slot.has_end && slot.end < end) {
        due_[count++] = {std::max(slot.end, slot.on + shortest), number, false};
      }
    }
    std::sort(due_.begin(), due_.begin() + static_cast<std::ptrdiff_t>(count),
              [this](const Due& a, const Due& b) {
                if (a.position < b.position || b.position < a.position) {
                  return a.position < b.position;
                }
                return slots_[a.slot].number < slots_[b.slot].number;
              });
    for (std::size_t i = 0; i < count; ++i) {
      Slot& slot = slots_[due_[i].slot];
      const std::int32_t sample = sample_of(due_[i].position - lead_, block);
      if (due_[i].is_on) {
        begin_note(slot, sample, out);
      } else if (slot.state == State::sounding) {
        end_note(slot, sample, out);
      }
    }
  }

  void begin_note(Slot& slot, std::int32_t sample, Events& out) noexcept {
    // The drum's last hit still sounds: it ends now, and its own end must not end this one.
    for (Slot& each : slots_) {
      if (each.state == State::sounding && each.note == slot.note) {
        const bool has_end = each.has_end;
        end_note(each, sample, out);
        if (!has_end) each.state = State::cut;
      }
    }
    out.push({sample, slot.note, slot.velocity});
    slot.state = State::sounding;
  }

  void end_note(Slot& slot, std::int32_t sample, Events& out) noexcept {
    out.push({sample, slot.note, 0});
    slot.state = State::empty;
  }

  void end_sounding(Events& out) noexcept {
    for (Slot& slot : slots_) {
      if (slot.state == State::sounding) end_note(slot, 0, out);
    }
  }

  static std::int32_t sample_of(double position, const BlockTime& block) noexcept {
    const double share = (position - block.begin) / (block.end - block.begin);
    const double sample = std::floor(share * block.samples);
    return static_cast<std::int32_t>(std::clamp(sample, 0.0, block.samples - 1.0));
  }

  Settings settings_;
  std::uint64_t seed_;
  Looseness loose_;
  std::array<Slot, capacity> slots_{};
  std::array<std::uint16_t, capacity> numbers_{};
  std::array<Hit, capacity> bar_{};
  std::array<Struck, capacity> struck_{};
  std::array<Due, 2 * capacity> due_{};
  std::array<double, 128> last_of_note_ = [] {
    std::array<double, 128> none{};
    none.fill(never);
    return none;
  }();
  double bar_first_ = 0;   ///< steps, as played
  double next_begin_ = 0;  ///< where the music goes on, if it does not jump
  double lead_ = 0;        ///< from the music's time to time as played
  bool bar_is_open_ = false, is_running_ = false;
  std::size_t dropped_ = 0;
  std::uint64_t hits_ = 0;
};

}  // namespace chromasonic::groove
