#include "trimtab/profiling/sample_journal.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include "trimtab/profile/atomic_file.h"
#include "trimtab/profiling/sample_csv.h"
#include "trimtab/profiling/sample_table.h"

namespace trimtab {
namespace {

std::string PartPath(const std::string& path) { return path + ".part"; }

absl::Status SystemError(std::string_view action, const std::string& path) {
  return absl::UnavailableError(fmt::format("{} '{}': {}", action, path, std::strerror(errno)));
}

absl::Status CheckSameSweep(const std::string& path, const SampleManifest& manifest) {
  const auto earlier = LoadManifest(path);
  if (!earlier.ok()) return earlier.status();
  const auto differences = SweepDifferences(*earlier, manifest);
  if (differences.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("'{}' is part of another sweep ({}): remove it or write elsewhere", path,
                  absl::StrJoin(differences, "; ")));
}

absl::Status Compress(const std::string& from, const std::string& to) {
  const std::string temporary = to + ".tmp";
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(from.c_str(), "rb"), std::fclose);
  if (in == nullptr) return SystemError("opening", from);
  // Level 4 takes half the time of the default for a few per cent of size.
  const gzFile out = gzopen(temporary.c_str(), "wb4");
  if (out == nullptr) return SystemError("creating", temporary);
  std::vector<char> block(std::size_t{1} << 18);
  bool good = true;
  while (good) {
    const std::size_t got = std::fread(block.data(), 1, block.size(), in.get());
    if (got == 0) break;
    good = gzwrite(out, block.data(), static_cast<unsigned>(got)) == static_cast<int>(got);
  }
  good = gzclose(out) == Z_OK && good && std::ferror(in.get()) == 0;
  if (!good || std::rename(temporary.c_str(), to.c_str()) != 0) {
    std::remove(temporary.c_str());
    return SystemError("writing", to);
  }
  return absl::OkStatus();
}

}  // namespace

SampleJournal::SampleJournal(std::string path, std::vector<std::string> names, int file)
    : path_(std::move(path)), names_(std::move(names)), file_(file) {}

SampleJournal::~SampleJournal() {
  if (file_ >= 0) ::close(file_);
}

absl::StatusOr<std::unique_ptr<SampleJournal>> SampleJournal::Open(const std::string& path,
                                                                   const SampleManifest& manifest) {
  if (auto status = ValidateSampleNames(manifest.Names()); !status.ok()) return status;
  const std::string part = PartPath(path);
  RecoveredSamples recovered;
  const auto text = ReadWholeFile(part, std::numeric_limits<std::int64_t>::max());
  if (text.ok() && !text->empty()) {
    if (auto status = CheckSameSweep(part, manifest); !status.ok()) return status;
    auto rows = RecoverSamples(*text, manifest.Names());
    if (!rows.ok()) {
      return absl::Status(rows.status().code(), fmt::format("samples '{}': {}", part,
                                                            std::string(rows.status().message())));
    }
    recovered = *std::move(rows);
  } else if (!text.ok() && !absl::IsNotFound(text.status())) {
    return text.status();
  } else if (auto status = ReplaceFile(ManifestPath(part), ManifestToJson(manifest));
             !status.ok()) {
    return status;
  }
  const int file = ::open(part.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return SystemError("opening", part);
  std::unique_ptr<SampleJournal> journal(new SampleJournal(path, manifest.Names(), file));
  const auto kept = static_cast<off_t>(recovered.bytes);
  if (::ftruncate(file, kept) != 0 || ::lseek(file, kept, SEEK_SET) != kept) {
    return SystemError("cutting", part);
  }
  journal->recovered_ = std::move(recovered.rows);
  if (kept == 0) journal->pending_ = fmt::format("{}\n", SampleCsvHeader());
  if (auto status = journal->Flush(); !status.ok()) return status;
  return journal;
}

absl::Status SampleJournal::Append(std::span<const SampleRow> rows) {
  for (const SampleRow& row : rows) AppendSampleCsv(row, names_, pending_);
  pending_rows_ += static_cast<std::int64_t>(rows.size());
  return pending_rows_ >= kBatchRows ? Flush() : absl::OkStatus();
}

absl::Status SampleJournal::Flush() {
  std::string_view rest = pending_;
  while (!rest.empty()) {
    const ssize_t written = ::write(file_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError("appending to", PartPath(path_));
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  pending_.clear();
  pending_rows_ = 0;
  if (::fsync(file_) != 0) return SystemError("flushing", PartPath(path_));
  return absl::OkStatus();
}

absl::Status SampleJournal::Finish(const SampleManifest& manifest) {
  if (auto status = Flush(); !status.ok()) return status;
  const std::string part = PartPath(path_);
  if (auto status = ReplaceFile(ManifestPath(path_), ManifestToJson(manifest)); !status.ok()) {
    return status;
  }
  if (path_.ends_with(".gz")) {
    if (auto status = Compress(part, path_); !status.ok()) return status;
    std::remove(part.c_str());
  } else if (std::rename(part.c_str(), path_.c_str()) != 0) {
    return SystemError("renaming", part);
  }
  std::remove(ManifestPath(part).c_str());
  return absl::OkStatus();
}

}  // namespace trimtab
