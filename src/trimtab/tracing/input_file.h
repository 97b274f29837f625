// A file of spans as a stream of bytes, plain or gzip.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace trimtab {

// Reads front to back once; gzip is recognised by its first two bytes, several members in a row
// are one stream. Memory does not depend on the length of the file.
// Thread-safety: none.
class InputFile {
 public:
  // "-" is the standard input. kNotFound, kPermissionDenied or kInvalidArgument (a folder) with the
  // path.
  static absl::StatusOr<std::unique_ptr<InputFile>> Open(const std::string& path);
  // The same over bytes in memory, which must outlive the object.
  static std::unique_ptr<InputFile> OverText(std::string name, std::string_view bytes);

  virtual ~InputFile() = default;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // Up to `size` (decompressed) bytes; 0 only at the end of the file. kDataLoss when a gzip stream
  // is damaged or cut, with the path and the byte reached.
  absl::StatusOr<std::size_t> Read(char* to, std::size_t size);
  // The next bytes without taking them: `size`, or fewer when the file ends before. The view is
  // valid until the next call. Errors as Read().
  absl::StatusOr<std::string_view> Peek(std::size_t size);

  const std::string& path() const { return path_; }
  // Bytes taken from the file so far, as they lie on disk.
  virtual std::uint64_t position() const = 0;
  // Bytes of the whole file; nothing for a pipe.
  virtual std::optional<std::uint64_t> size() const = 0;

 protected:
  explicit InputFile(std::string path) : path_(std::move(path)) {}
  virtual absl::StatusOr<std::size_t> ReadNext(char* to, std::size_t size) = 0;

 private:
  std::string path_;
  std::string peeked_;
};

}  // namespace trimtab
