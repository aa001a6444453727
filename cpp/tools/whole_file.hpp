// Files as a whole: read with a limit, written to a temporary name and then renamed.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "midi_bytes.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace chromasonic::midi {

using Stream = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

/// The bytes of a file.
///
/// @param most more are an error
/// @throws Error it is not there, no file, cannot be read, or is larger
inline std::vector<std::uint8_t> read_whole(const std::filesystem::path& path, std::size_t most) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    throw Error("There is no file " + path.string() + ". Check the path.");
  }
  if (std::filesystem::is_directory(status)) {
    throw Error(path.string() + " is a folder. Give a MIDI file (.mid).");
  }
  if (!std::filesystem::is_regular_file(status)) {  // which may never end, or wait for somebody
    throw Error(path.string() + " is a pipe or a device. Give a MIDI file (.mid).");
  }
  const Stream stream(std::fopen(path.string().c_str(), "rb"), std::fclose);
  if (!stream) throw Error("Cannot read " + path.string() + ": " + std::strerror(errno) + ".");
  std::vector<std::uint8_t> data;
  std::uint8_t piece[65536];
  while (const std::size_t count = std::fread(piece, 1, sizeof piece, stream.get())) {
    data.insert(data.end(), piece, piece + count);
    if (data.size() > most) {
      throw Error(path.string() + " has more than " + std::to_string(most) +
                  " bytes; no more are read. Cut it into parts.");
    }
  }
  if (std::ferror(stream.get()) != 0) {
    throw Error("Cannot read " + path.string() + ": " + std::strerror(errno) + ".");
  }
  return data;
}

/// Write a file whole or not at all: nobody ever sees a half of it, and what stood there before
/// stays until the new one is complete.
///
/// @throws Error it cannot be written
inline void write_whole(const std::filesystem::path& path, const std::vector<std::uint8_t>& data) {
  static int number = 0;
#if defined(__unix__) || defined(__APPLE__)
  const auto process = static_cast<long>(getpid());
#else
  const long process = 0;
#endif
  std::filesystem::path temporary = path;
  temporary += "." + std::to_string(process) + "." + std::to_string(++number) + ".part";
  const auto fail = [&](const std::string& why) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw Error("Cannot write " + path.string() + ": " + why +
                ". Check that its folder is there, can be written, and has room.");
  };
  // "x": never through a file or link that somebody put there.
  Stream stream(std::fopen(temporary.string().c_str(), "wbx"), std::fclose);
  if (!stream) {
    throw Error("Cannot write " + path.string() + ": " + std::strerror(errno) +
                ". Check that its folder is there and can be written.");
  }
  bool is_done = std::fwrite(data.data(), 1, data.size(), stream.get()) == data.size();
  is_done = std::fflush(stream.get()) == 0 && is_done;
#if defined(__unix__) || defined(__APPLE__)
  is_done = fsync(fileno(stream.get())) == 0 && is_done;
#endif
  const int reason = errno;
  if (std::fclose(stream.release()) != 0 || !is_done) fail(std::strerror(reason));
  std::error_code error;
  std::filesystem::rename(temporary, path, error);
  if (error) fail(error.message());
}

}  // namespace chromasonic::midi
