// chromasonic-humanize: a MIDI file through the GroovePredictor and the DynamicsEngine.
#include <algorithm>
#include <chromasonic/error.hpp>
#include <chromasonic/multi_model_processor.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include "drum_part.hpp"
#include "humanize_arguments.hpp"
#include "humanize_summary.hpp"
#include "midi_file.hpp"
#include "musical_time.hpp"
#include "other_parts.hpp"
#include "whole_file.hpp"

namespace {

using namespace chromasonic;  // the program is the library's own

/// A hit cannot be put between ticks: the drums of a coarser file are written this fine.
constexpr int least_ticks_per_quarter = 480;

/// Both files, before any work is done.
void check_paths(const host::Arguments& arguments) {
  std::error_code error;
  if (std::filesystem::equivalent(arguments.input, arguments.output, error) ||
      arguments.input.lexically_normal() == arguments.output.lexically_normal()) {
    throw host::UsageError("The file to write is the file to read (" + arguments.input.string() +
                           "). Name another one, so that the original stays.");
  }
  if (std::filesystem::is_directory(arguments.output, error)) {
    throw host::UsageError(arguments.output.string() +
                           " is a folder. Name the file to write in it, such as played.mid.");
  }
  const auto status = std::filesystem::status(arguments.output, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw host::UsageError(arguments.output.string() +
                           " is a device or a pipe. Name a file, such as played.mid.");
  }
}

void load(Model model, const host::Arguments& arguments, MultiModelProcessor& processor) {
  const std::filesystem::path file =
      arguments.models / (std::string(spec_of(model).name) + ".json");
  std::error_code error;
  if (!std::filesystem::is_directory(arguments.models, error)) {
    throw LoadError("There is no folder " + arguments.models.string() +
                    ". Give one that 'chromasonic export RUN' wrote.");
  }
  if (!std::filesystem::exists(file, error)) {
    throw LoadError(arguments.models.string() + " has no " + file.filename().string() +
                    ". Give the folder that 'chromasonic export RUN' wrote, or leave the model "
                    "out with " +
                    (model == Model::groove_predictor ? "--no-groove." : "--no-dynamics."));
  }
  processor.load(model, file, arguments.precision);
}

midi::Predict predict_with(Model model, MultiModelProcessor& processor) {
  return [model, &processor](const float* in, float* out) {
    if (!processor.process(model, in, out)) {
      throw LoadError("The " + std::string(spec_of(model).title) +
                      " gave no finite answer to a bar. Export it anew from its training.");
    }
  };
}

bool has_notes(const midi::File& file, int drum_channel, bool of_drums) {
  for (const midi::Track& track : file.tracks()) {
    for (const midi::Message& message : track.messages) {
      if (file.is_note_on(message) && ((message.status & 0x0F) == drum_channel) == of_drums) {
        return true;
      }
    }
  }
  return false;
}

/// Drums and other parts of each song, put into the file.
host::Summary humanize_file(const host::Arguments& arguments, bool has_drums, bool has_parts,
                            MultiModelProcessor& processor, midi::File& file) {
  host::Summary summary;
  if (has_drums && file.ticks_per_quarter() < least_ticks_per_quarter) {
    const int wanted =
        (least_ticks_per_quarter + file.ticks_per_quarter() - 1) / file.ticks_per_quarter();
    file.refine(std::min(wanted, file.finest()));
  }
  groove::Looseness loose;
  loose.chance = Chance(arguments.seed);
  for (const midi::Song& song : midi::songs_of(file)) {
    const midi::MetreMap metres = midi::metres_of(file, song);
    for (int channel = 0; channel < 16; ++channel) {
      if (channel == arguments.drum_channel) {
        if (!has_drums) continue;
        auto hits = midi::hits_of(file, song, channel);
        midi::humanize(hits, metres, file.ticks_per_quarter(), arguments.groove, loose,
                       predict_with(Model::groove_predictor, processor));
        summary.add_drums(hits, midi::TempoMap(file, song));
        midi::put_hits(hits, channel, file);
      } else if (has_parts) {
        auto notes = midi::notes_of(file, song, channel);
        midi::strike(notes, metres, file.ticks_per_quarter(), arguments.dynamics_amount,
                     arguments.level, predict_with(Model::dynamics_engine, processor));
        summary.add_part(channel, notes);
        midi::put_notes(notes, file);
      }
    }
  }
  return summary;
}

void run(const host::Arguments& arguments) {
  check_paths(arguments);
  midi::File file(midi::read_whole(arguments.input, midi::most_bytes),
                  arguments.input.filename().string());
  const int drums = arguments.drum_channel;
  const bool has_drums = arguments.has_groove && has_notes(file, drums, true);
  const bool has_parts = arguments.has_dynamics && has_notes(file, drums, false);
  if (!has_drums && !has_parts) {
    throw midi::Error(file.name() + " has no note to humanize" +
                      (arguments.has_dynamics ? "" : " on channel " + std::to_string(drums + 1)) +
                      ". Name the drums' channel with --channel, or take back --no-groove or "
                      "--no-dynamics.");
  }
  MultiModelProcessor processor;
  if (has_drums) load(Model::groove_predictor, arguments, processor);
  if (has_parts) load(Model::dynamics_engine, arguments, processor);
  const host::Summary summary = humanize_file(arguments, has_drums, has_parts, processor, file);
  midi::write_whole(arguments.output, file.bytes());
  std::fputs((summary.text() + arguments.output.string() + "\n").c_str(), stdout);
}

}  // namespace

int main(int count, char** words) {
  try {
    const std::vector<std::string> given(words + (count > 0 ? 1 : 0), words + count);
    const host::Arguments arguments = host::ArgumentReader(given).result();
    if (arguments.wants_help) {
      std::fputs(std::string(host::help).c_str(), stdout);
      return 0;
    }
    run(arguments);
    return 0;
  } catch (const host::UsageError& error) {
    std::fprintf(stderr, "Error: %s\n", error.what());
    return 2;
  } catch (const std::bad_alloc&) {
    std::fputs("Error: There is not enough memory for this file. Cut it into parts.\n", stderr);
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "Error: %s\n", error.what());
    return 1;
  }
}
