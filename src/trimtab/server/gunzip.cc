#include "trimtab/server/gunzip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

namespace trimtab {

absl::StatusOr<std::string> Gunzip(std::string_view bytes, std::size_t most_bytes) {
  constexpr int kGzipWithLargestWindow = 15 + 16;
  constexpr std::size_t kFirstRoom = std::size_t{64} << 10;
  z_stream stream = {};
  if (inflateInit2(&stream, kGzipWithLargestWindow) != Z_OK) {
    return absl::ResourceExhaustedError("no memory to decompress");
  }
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string text;
  std::size_t size = 0;
  int outcome = Z_OK;
  while (outcome == Z_OK && size <= most_bytes) {
    if (size == text.size()) {
      // One byte above the bound tells that there is more.
      text.resize(std::min(most_bytes + 1, std::max(kFirstRoom, 2 * text.size())));
    }
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + size);
    stream.avail_out = static_cast<uInt>(text.size() - size);
    outcome = inflate(&stream, Z_NO_FLUSH);
    size = text.size() - stream.avail_out;
    if (outcome == Z_STREAM_END && stream.avail_in > 0) outcome = inflateReset(&stream);
  }
  inflateEnd(&stream);
  if (size > most_bytes) {
    return absl::ResourceExhaustedError(
        fmt::format("{} bytes of gzip decompress to more than {}", bytes.size(), most_bytes));
  }
  if (outcome != Z_STREAM_END) {
    return absl::InvalidArgumentError(
        fmt::format("{} bytes are no whole gzip stream", bytes.size()));
  }
  text.resize(size);
  return text;
}

}  // namespace trimtab
