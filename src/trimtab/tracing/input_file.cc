#include "trimtab/tracing/input_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace trimtab {
namespace {

absl::Status FileError(const std::string& path, int error) {
  const std::string message = fmt::format("'{}': {}", path, std::strerror(error));
  if (error == ENOENT) return absl::NotFoundError(message);
  if (error == EACCES) return absl::PermissionDeniedError(message);
  return absl::InvalidArgumentError(message);
}

class DescriptorFile : public InputFile {
 public:
  DescriptorFile(std::string path, int descriptor, std::optional<std::uint64_t> size)
      : InputFile(std::move(path)), descriptor_(descriptor), size_(size) {}
  ~DescriptorFile() override {
    if (descriptor_ != STDIN_FILENO) close(descriptor_);
  }

  absl::StatusOr<std::size_t> ReadNext(char* to, std::size_t size) override {
    for (;;) {
      const ssize_t got = read(descriptor_, to, size);
      if (got >= 0) {
        position_ += static_cast<std::uint64_t>(got);
        return static_cast<std::size_t>(got);
      }
      if (errno != EINTR) return FileError(path(), errno);
    }
  }
  std::uint64_t position() const override { return position_; }
  std::optional<std::uint64_t> size() const override { return size_; }

 private:
  int descriptor_;
  std::optional<std::uint64_t> size_;
  std::uint64_t position_ = 0;
};

class TextFile : public InputFile {
 public:
  TextFile(std::string name, std::string_view bytes) : InputFile(std::move(name)), bytes_(bytes) {}

  absl::StatusOr<std::size_t> ReadNext(char* to, std::size_t size) override {
    const std::size_t got = std::min(size, bytes_.size() - position_);
    std::memcpy(to, bytes_.data() + position_, got);
    position_ += got;
    return got;
  }
  std::uint64_t position() const override { return position_; }
  std::optional<std::uint64_t> size() const override { return bytes_.size(); }

 private:
  std::string_view bytes_;
  std::size_t position_ = 0;
};

// Reads the first bytes of another file to recognise gzip, then decompresses or passes through.
class DecodedFile : public InputFile {
 public:
  explicit DecodedFile(std::unique_ptr<InputFile> raw)
      : InputFile(raw->path()), raw_(std::move(raw)), buffer_(kBufferSize) {}
  ~DecodedFile() override {
    if (is_gzip_) inflateEnd(&stream_);
  }

  absl::StatusOr<std::size_t> ReadNext(char* to, std::size_t size) override {
    if (!is_begun_) {
      const absl::Status begun = Begin();
      if (!begun.ok()) return begun;
    }
    if (is_gzip_) return Inflate(to, size);
    if (begin_ == end_) return raw_->Read(to, size);
    const std::size_t got = std::min(size, end_ - begin_);
    std::memcpy(to, buffer_.data() + begin_, got);
    begin_ += got;
    return got;
  }
  std::uint64_t position() const override { return raw_->position() - (end_ - begin_); }
  std::optional<std::uint64_t> size() const override { return raw_->size(); }

 private:
  static constexpr std::size_t kBufferSize = 256 << 10;

  bool StartsWithMagic() const {
    return end_ - begin_ >= 2 && static_cast<unsigned char>(buffer_[begin_]) == 0x1f &&
           static_cast<unsigned char>(buffer_[begin_ + 1]) == 0x8b;
  }

  // Makes at least `wanted` bytes available unless the file ends before.
  absl::Status Fill(std::size_t wanted) {
    if (begin_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    while (end_ < wanted) {
      const absl::StatusOr<std::size_t> got =
          raw_->Read(buffer_.data() + end_, buffer_.size() - end_);
      if (!got.ok()) return got.status();
      if (*got == 0) break;
      end_ += *got;
    }
    return absl::OkStatus();
  }

  absl::Status Begin() {
    is_begun_ = true;
    if (const absl::Status filled = Fill(2); !filled.ok()) return filled;
    if (!StartsWithMagic()) return absl::OkStatus();
    constexpr int kGzipWithLargestWindow = 15 + 16;
    if (inflateInit2(&stream_, kGzipWithLargestWindow) != Z_OK) {
      return absl::ResourceExhaustedError(fmt::format("'{}': no memory to decompress", path()));
    }
    is_gzip_ = true;
    return absl::OkStatus();
  }

  absl::Status Damaged(std::string_view what) const {
    return absl::DataLossError(
        fmt::format("'{}': gzip stream {} at byte {}", path(), what, position()));
  }

  // What was decompressed before an error is handed on first; the error comes with the next call.
  absl::StatusOr<std::size_t> Inflate(char* to, std::size_t size) {
    std::size_t done = 0;
    while (done == 0 && !is_finished_ && failed_.ok()) failed_ = InflateSome(to, size, done);
    if (done == 0 && !failed_.ok()) return failed_;
    return done;
  }

  absl::Status InflateSome(char* to, std::size_t size, std::size_t& done) {
    if (begin_ == end_) {
      if (const absl::Status filled = Fill(1); !filled.ok()) return filled;
    }
    const bool input_is_over = begin_ == end_;
    stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data() + begin_);
    stream_.avail_in = static_cast<uInt>(end_ - begin_);
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(size, 1 << 30));
    const uInt room = stream_.avail_out;
    const int outcome = inflate(&stream_, Z_NO_FLUSH);
    begin_ = end_ - stream_.avail_in;
    done = room - stream_.avail_out;
    if (outcome == Z_STREAM_END) return NextMember();
    if (outcome != Z_OK && outcome != Z_BUF_ERROR) return Damaged("is damaged");
    // All input can be taken in while output is still held back for want of room.
    if (input_is_over && done == 0) return Damaged("is cut");
    return absl::OkStatus();
  }

  // After the end of a member: another member, zero padding up to the end, or the end.
  absl::Status NextMember() {
    if (const absl::Status filled = Fill(2); !filled.ok()) return filled;
    if (StartsWithMagic()) {
      inflateReset(&stream_);
      return absl::OkStatus();
    }
    while (begin_ < end_) {
      if (std::any_of(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                      buffer_.begin() + static_cast<std::ptrdiff_t>(end_),
                      [](char c) { return c != 0; })) {
        return Damaged("is followed by something else");
      }
      begin_ = end_ = 0;
      if (const absl::Status filled = Fill(1); !filled.ok()) return filled;
    }
    is_finished_ = true;
    return absl::OkStatus();
  }

  std::unique_ptr<InputFile> raw_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  z_stream stream_ = {};
  bool is_begun_ = false;
  bool is_gzip_ = false;
  bool is_finished_ = false;
  absl::Status failed_;
};

}  // namespace

absl::StatusOr<std::size_t> InputFile::Read(char* to, std::size_t size) {
  if (peeked_.empty()) return ReadNext(to, size);
  const std::size_t got = std::min(size, peeked_.size());
  std::memcpy(to, peeked_.data(), got);
  peeked_.erase(0, got);
  return got;
}

absl::StatusOr<std::string_view> InputFile::Peek(std::size_t size) {
  while (peeked_.size() < size) {
    const std::size_t had = peeked_.size();
    peeked_.resize(size);
    const absl::StatusOr<std::size_t> got = ReadNext(peeked_.data() + had, size - had);
    peeked_.resize(had + (got.ok() ? *got : 0));
    // What came before an error is shown; the reading meets the error again.
    if (!got.ok() && had == 0) return got.status();
    if (!got.ok() || *got == 0) break;
  }
  return std::string_view(peeked_).substr(0, size);
}

absl::StatusOr<std::unique_ptr<InputFile>> InputFile::Open(const std::string& path) {
  if (path == "-") {
    return std::make_unique<DecodedFile>(
        std::make_unique<DescriptorFile>("standard input", STDIN_FILENO, std::nullopt));
  }
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return FileError(path, errno);
  struct stat status = {};
  std::optional<std::uint64_t> size;
  if (fstat(descriptor, &status) == 0) {
    if (S_ISDIR(status.st_mode)) {
      close(descriptor);
      return absl::InvalidArgumentError(fmt::format("'{}' is a folder, expected a file", path));
    }
    if (S_ISREG(status.st_mode)) size = static_cast<std::uint64_t>(status.st_size);
  }
  return std::make_unique<DecodedFile>(std::make_unique<DescriptorFile>(path, descriptor, size));
}

std::unique_ptr<InputFile> InputFile::OverText(std::string name, std::string_view bytes) {
  return std::make_unique<DecodedFile>(std::make_unique<TextFile>(std::move(name), bytes));
}

}  // namespace trimtab
