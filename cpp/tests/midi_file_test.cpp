// MIDI files: taken apart and put together, hostile ones, and their notes moved and struck anew.
#include "../tools/midi_file.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "../tools/drum_part.hpp"
#include "../tools/musical_time.hpp"
#include "../tools/other_parts.hpp"

using namespace chromasonic;
using Bytes = std::vector<std::uint8_t>;

namespace {

void append(Bytes& out, const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }

Bytes chunk(const std::string& kind, const Bytes& content) {
  Bytes out(kind.begin(), kind.end());
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(content.size() >> shift & 0xFF));
  }
  append(out, content);
  return out;
}

Bytes header(std::uint8_t form, std::uint8_t tracks, int division) {
  return chunk("MThd", {0, form, 0, tracks, static_cast<std::uint8_t>(division >> 8 & 0xFF),
                        static_cast<std::uint8_t>(division & 0xFF)});
}

const Bytes end_of_track{0, 0xFF, 0x2F, 0};

/// Everything that a file can hold: text, tempo, metre, system exclusive, controllers, a change of
/// kit, a chord, drums, an unknown chunk, stray bytes; every status written out.
Bytes rich_file() {
  Bytes conductor{0,    0xFF, 0x03, 4, 's', 'o', 'n', 'g', 0,    0xFF, 0x51, 3, 0x07, 0xA1, 0x20, 0,
                  0xFF, 0x58, 4,    3, 2,   24,  8,   96,  0xFF, 0x58, 4,    4, 2,    24,   8};
  append(conductor, end_of_track);
  Bytes notes{0,  0xF0, 5,  0x43, 0x12, 0x00, 0x07, 0xF7,                   // system exclusive
              0,  0xC0, 5,  0,    0xB0, 7,    100,                          // program, volume
              0,  0x90, 60, 64,   0,    0x90, 64,   64,   0, 0x90, 67, 64,  // a chord
              48, 0x80, 60, 64,   0,    0x90, 64,   0,    0, 0x80, 67, 0,   // ends, one of them a 0
              0,  0xE0, 0,  64,   0,    0xA0, 60,   3,    0, 0xD0, 9};
  append(notes, end_of_track);
  Bytes drums{0,  0xC9, 0,    0,  0x99, 36,   100, 0,  0x99, 42,   90, 10, 0x89, 36,   64,
              0,  0x89, 42,   64, 14,   0x99, 42,  90, 10,   0x89, 42, 64, 14,   0x99, 38,
              80, 0,    0xC9, 8,  4,    0x89, 38,  0,  20,   0x99, 38, 80};  // never switched off
  append(drums, end_of_track);
  Bytes file = header(1, 3, 48);
  for (const Bytes& each : {chunk("MTrk", conductor), chunk("XYZq", {1, 2, 3}),
                            chunk("MTrk", notes), chunk("MTrk", drums), Bytes{9, 9, 9}}) {
    append(file, each);
  }
  return file;
}

/// A model that says anything.
struct Wild {
  std::mt19937 random{1};
  void operator()(const float*, float* answer) {
    for (int i = 0; i < 32; ++i) {
      answer[i] = static_cast<float>(static_cast<int>(random() % 4000) - 2000) / 500.0F;
    }
  }
};

/// Everything humanized; what the host does.
void humanize_all(midi::File& file, const midi::Predict& predict) {
  groove::Looseness loose;
  file.refine(std::min(10, file.finest()));
  for (const midi::Song& song : midi::songs_of(file)) {
    const midi::MetreMap metres = midi::metres_of(file, song);
    for (int channel = 0; channel < 16; ++channel) {
      if (channel == 9) {
        auto hits = midi::hits_of(file, song, channel);
        midi::humanize(hits, metres, file.ticks_per_quarter(), {}, loose, predict);
        midi::put_hits(hits, channel, file);
      } else {
        auto notes = midi::notes_of(file, song, channel);
        const auto narrow = [&](const float* in, float* out) {
          std::array<float, 32> wide;
          predict(in, wide.data());
          std::copy(wide.begin(), wide.begin() + 16, out);
        };
        midi::strike(notes, metres, file.ticks_per_quarter(), 1.0, midi::Level::written, narrow);
        midi::put_notes(notes, file);
      }
    }
  }
}

std::size_t messages_of(const midi::File& file) {
  std::size_t count = 0;
  for (const midi::Track& track : file.tracks()) count += track.messages.size();
  return count;
}

std::string error_of(const Bytes& data) {
  try {
    const midi::File file(data, "x.mid");
    return "";
  } catch (const midi::Error& error) {
    return error.what();
  }
}

Bytes file_of(const Bytes& track, std::uint8_t form = 0, int division = 96) {
  Bytes file = header(form, 1, division);
  append(file, chunk("MTrk", track));
  return file;
}

}  // namespace

TEST_CASE("a file that nobody changes keeps every byte") {
  const Bytes data = rich_file();
  CHECK(midi::File(data, "rich").bytes() == data);
}

TEST_CASE("running status is written out and says the same") {
  Bytes track{0, 0x90, 60, 64, 10, 60, 0, 0, 62, 64, 0, 0xFF, 0x01, 1, 'a', 5, 0x90, 62, 0};
  append(track, end_of_track);
  const Bytes written = midi::File(file_of(track), "running").bytes();
  Bytes wanted{0,  0x90, 60,   64,   10, 0x90, 60, 0,    0,  0x90, 62,
               64, 0,    0xFF, 0x01, 1,  'a',  5,  0x90, 62, 0};
  append(wanted, end_of_track);
  CHECK(written == file_of(wanted));
}

TEST_CASE("what is no MIDI file, or counts no beats, is refused by name") {
  CHECK(error_of({}).find("is empty. Export the file again") != std::string::npos);
  CHECK(error_of({'R', 'I', 'F', 'F'}).find("no MIDI file") != std::string::npos);
  CHECK(error_of(file_of(end_of_track, 3)).find("format 3") != std::string::npos);
  CHECK(error_of(file_of(end_of_track, 0, 0)).find("0 ticks") != std::string::npos);
  CHECK(error_of(file_of(end_of_track, 0, 0xE728)).find("SMPTE") != std::string::npos);
  CHECK(error_of(header(1, 1, 96)).find("no track") != std::string::npos);
  CHECK(error_of(file_of({0, 60, 64})).find("without a status") != std::string::npos);
  CHECK(error_of(file_of({0, 0xF8, 0})).find("only a wire") != std::string::npos);
  CHECK(error_of(file_of({0x80, 0x80, 0x80, 0x80, 0, 0x90, 60, 64})).find("4 bytes") !=
        std::string::npos);
  CHECK(error_of(file_of({0, 0xFF, 0x01, 0xFF, 0xFF, 0xFF, 0x7F, 1})).find("middle of an event") !=
        std::string::npos);
  Bytes endless = header(1, 1, 96);
  append(endless, {'M', 'T', 'r', 'k', 0xFF, 0xFF, 0xFF, 0xFF, 0, 0x90, 60, 64});
  CHECK(error_of(endless).find("cut short") != std::string::npos);
  Bytes tracks = header(1, 1, 96);
  for (std::size_t i = 0; i <= midi::most_chunks; ++i) append(tracks, chunk("MTrk", {}));
  CHECK(error_of(tracks).find("tracks") != std::string::npos);
}

TEST_CASE("a file with more messages than music has is refused before it fills the memory") {
  Bytes track{0, 0xC0};
  track.resize(2 + 2 * (midi::most_messages + 1), 0);
  CHECK(error_of(file_of(track)).find("Music has fewer") != std::string::npos);
  Bytes notes{0, 0x90};
  for (std::size_t i = 0; i <= midi::most_notes; ++i) append(notes, {60, 64, 0});
  CHECK(error_of(file_of(notes)).find("Music has fewer") != std::string::npos);
}

TEST_CASE("a file cut at any byte gives a message or a whole file, never less") {
  const Bytes data = rich_file();
  const std::size_t whole = messages_of(midi::File(data, "rich"));
  for (std::size_t size = 0; size < data.size(); ++size) {
    CAPTURE(size);
    const Bytes cut(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(size));
    try {
      midi::File file(cut, "cut");
      // Only between chunks, or among the stray bytes, does a cut leave a file.
      CHECK(file.bytes() == cut);
      CHECK(messages_of(file) <= whole);
    } catch (const midi::Error& error) {
      CHECK(std::string(error.what()).find("cut") == 0);
    }
  }
}

TEST_CASE("a file with flipped bytes gives a message, or is humanized like any other") {
  const Bytes data = rich_file();
  std::mt19937 random(7);
  Wild wild;
  int read = 0, refused = 0;
  for (int round = 0; round < 20000; ++round) {
    Bytes spoiled = data;
    for (unsigned flips = 1 + random() % 4; flips > 0; --flips) {
      spoiled[random() % spoiled.size()] = static_cast<std::uint8_t>(random());
    }
    try {
      midi::File file(spoiled, "spoiled");
      const std::size_t before = messages_of(file);
      std::size_t added = 0;
      humanize_all(file, std::ref(wild));
      for (const midi::Track& track : file.tracks()) added += track.added.size();
      const midi::File again(file.bytes(), "again");
      REQUIRE(messages_of(again) == before + added);
      ++read;
    } catch (const midi::Error&) {
      ++refused;
    }
  }
  CHECK(read > 1000);
  CHECK(refused > 1000);
}

TEST_CASE(
    "whatever the model says, no note is stuck, lost, turned round or moved before the start") {
  std::mt19937 random(11);
  const auto chance = [&](unsigned most) { return random() % most; };
  Wild wild;
  for (int round = 0; round < 300; ++round) {
    Bytes track{0, 0x99, 36, 100, 0, 0x89, 36, 0};
    std::vector<int> hits(128, 0);
    hits[36] = 1;
    int sounding = -1;
    for (int i = 0; i < 60; ++i) {
      const auto delta = static_cast<std::uint8_t>(chance(3) == 0 ? 0 : chance(60));
      if (sounding >= 0 && chance(2) == 0) {
        append(track, {delta, 0x89, static_cast<std::uint8_t>(sounding), 0});
        sounding = -1;
      } else if (chance(12) == 0) {
        append(track, {delta, 0xC9, static_cast<std::uint8_t>(chance(128))});
      } else {
        sounding = static_cast<int>(36 + chance(3));
        ++hits[static_cast<std::size_t>(sounding)];
        append(track, {delta, 0x99, static_cast<std::uint8_t>(sounding),
                       static_cast<std::uint8_t>(1 + chance(127))});
      }
    }
    append(track, end_of_track);
    midi::File file(file_of(track), "drums");
    humanize_all(file, std::ref(wild));
    const midi::File played(file.bytes(), "played");
    std::vector<midi::DrumHit> after;
    midi::collect_hits(played, 0, 9, after);
    for (const midi::DrumHit& hit : after) {
      REQUIRE(hit.onset >= 0);
      REQUIRE(hit.off >= 0);
      REQUIRE(hit.end > hit.onset);
      --hits[hit.note];
    }
    for (const int many : hits) REQUIRE(many == 0);
  }
}

TEST_CASE("what is not a note keeps its bytes and its time") {
  midi::File file(rich_file(), "rich");
  Wild wild;
  humanize_all(file, std::ref(wild));
  const midi::File before(rich_file(), "before"), after(file.bytes(), "after");
  REQUIRE(after.ticks_per_quarter() == 480);
  for (std::size_t number = 0; number < before.tracks().size(); ++number) {
    std::vector<midi::Message> others[2];
    for (int which = 0; which < 2; ++which) {
      const midi::File& each = which == 0 ? before : after;
      for (const midi::Message& message : each.tracks()[number].messages) {
        const bool is_hit = (message.status & 0xEF) == 0x89;
        if (!is_hit) others[which].push_back(message);
      }
    }
    REQUIRE(others[0].size() == others[1].size());
    for (std::size_t i = 0; i < others[0].size(); ++i) {
      const midi::Message &old = others[0][i], &now = others[1][i];
      CHECK(now.tick == 10 * old.tick);
      CHECK(now.status == old.status);
      CHECK(now.end - now.begin == old.end - old.begin);
      CHECK(after.note_of(now) == before.note_of(old));
    }
  }
}

TEST_CASE("in a file of format 2 each track goes by its own metre and tempo") {
  Bytes first{0, 0xFF, 0x58, 4, 3, 2, 24, 8, 0, 0xFF, 0x51, 3, 0x03, 0xD0, 0x90};
  append(first, end_of_track);
  Bytes data = header(2, 2, 96);
  append(data, chunk("MTrk", first));
  append(data, chunk("MTrk", end_of_track));
  const midi::File file(data, "two");
  const auto songs = midi::songs_of(file);
  REQUIRE(songs.size() == 2);
  CHECK(midi::metres_of(file, songs[0]).at(13).length == 12);
  CHECK(midi::metres_of(file, songs[1]).at(13).length == 16);
  CHECK(midi::TempoMap(file, songs[0]).seconds_of(96) == doctest::Approx(0.25));
  CHECK(midi::TempoMap(file, songs[1]).seconds_of(96) == doctest::Approx(0.5));
}

TEST_CASE("seconds follow every change of tempo") {
  Bytes track{0, 0xFF, 0x51, 3, 0x07, 0xA1, 0x20, 96, 0xFF, 0x51, 3, 0x0F, 0x42, 0x40};
  append(track, end_of_track);
  const midi::File file(file_of(track), "tempos");
  const midi::TempoMap tempos(file, midi::songs_of(file)[0]);
  CHECK(tempos.seconds_of(48) == doctest::Approx(0.25));
  CHECK(tempos.seconds_of(192) == doctest::Approx(1.5));
}

TEST_CASE("a part keeps its level as written, or takes the model's") {
  Bytes track;
  for (int i = 0; i < 16; ++i) append(track, {static_cast<std::uint8_t>(i ? 24 : 0), 0x90, 60, 80});
  append(track, end_of_track);
  midi::File file(file_of(track), "part");
  const midi::Song song = midi::songs_of(file)[0];
  const auto rising = [](const float*, float* out) {
    for (int i = 0; i < 16; ++i) out[i] = static_cast<float>(32 + 2 * i) / 127.0F;
  };
  auto notes = midi::notes_of(file, song, 0);
  midi::strike(notes, midi::metres_of(file, song), 96, 1.0, midi::Level::model, rising);
  CHECK(notes[0].new_velocity == 32);
  CHECK(notes[15].new_velocity == 62);
  midi::strike(notes, midi::metres_of(file, song), 96, 1.0, midi::Level::written, rising);
  CHECK(notes[0].new_velocity == 65);
  CHECK(notes[15].new_velocity == 95);
}
