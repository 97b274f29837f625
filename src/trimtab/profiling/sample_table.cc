#include "trimtab/profiling/sample_table.h"

#include <zlib.h>

#include <memory>
#include <utility>

#include "fmt/format.h"
#include "trimtab/profile/atomic_file.h"
#include "trimtab/profiling/sample_csv.h"

namespace trimtab {
namespace {

absl::Status AtLine(const absl::Status& status, std::int64_t line) {
  return absl::InvalidArgumentError(
      fmt::format("line {}: {}", line, std::string(status.message())));
}

absl::Status CheckHeader(std::string_view line) {
  if (line == SampleCsvHeader()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("line 1 is '{}', expected the header '{}'",
                                                line.substr(0, 80), SampleCsvHeader()));
}

// Lines of a plain or gzip file. The longest line of a table is far below the bound.
class LineReader {
 public:
  static constexpr std::size_t kLongestLine = 4096;

  explicit LineReader(const std::string& path) : file_(gzopen(path.c_str(), "rb"), gzclose) {
    if (file_ != nullptr) gzbuffer(file_.get(), 1U << 17U);
  }
  bool open() const { return file_ != nullptr; }

  // False at the end. kDataLoss for a line without its end or one that is too long.
  absl::StatusOr<bool> Next(std::string_view& line) {
    if (gzgets(file_.get(), buffer_, sizeof buffer_) == nullptr) {
      int code = Z_OK;
      const char* reason = gzerror(file_.get(), &code);
      if (code == Z_OK || code == Z_STREAM_END) return false;
      return absl::DataLossError(fmt::format("after line {}: {}", number_, reason));
    }
    ++number_;
    line = buffer_;
    if (line.empty() || line.back() != '\n') {
      return absl::DataLossError(
          fmt::format("line {} is cut short, or longer than {} bytes", number_, kLongestLine));
    }
    line.remove_suffix(1);
    return true;
  }
  std::int64_t number() const { return number_; }

 private:
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
  char buffer_[kLongestLine];
  std::int64_t number_ = 0;
};

absl::StatusOr<std::vector<SampleRow>> ReadRows(LineReader& reader,
                                                const std::vector<std::string>& names) {
  std::vector<SampleRow> rows;
  std::string_view line;
  auto more = reader.Next(line);
  if (!more.ok()) return more.status();
  if (!*more) return absl::DataLossError("the file is empty");
  if (auto status = CheckHeader(line); !status.ok()) return status;
  for (more = reader.Next(line); more.ok() && *more; more = reader.Next(line)) {
    auto row = ParseSampleCsv(line, names);
    if (!row.ok()) return AtLine(row.status(), reader.number());
    if (!rows.empty() && row->setting < rows.back().setting) {
      return AtLine(absl::InvalidArgumentError(fmt::format("setting {} comes after {}",
                                                           row->setting, rows.back().setting)),
                    reader.number());
    }
    rows.push_back(*std::move(row));
  }
  if (!more.ok()) return more.status();
  return rows;
}

absl::Status Named(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(),
                      fmt::format("samples '{}': {}", path, std::string(status.message())));
}

}  // namespace

std::string ManifestPath(std::string_view table_path) { return fmt::format("{}.json", table_path); }

absl::StatusOr<SampleManifest> LoadManifest(const std::string& table_path) {
  const std::string path = ManifestPath(table_path);
  const auto text = ReadWholeFile(path);
  if (!text.ok()) return text.status();
  auto manifest = ManifestFromJson(*text);
  if (!manifest.ok()) return Named(path, manifest.status());
  return manifest;
}

absl::StatusOr<SampleTable> LoadSampleTable(const std::string& path) {
  auto manifest = LoadManifest(path);
  if (!manifest.ok()) return manifest.status();
  LineReader reader(path);
  if (!reader.open())
    return absl::NotFoundError(fmt::format("samples '{}' cannot be opened", path));
  auto rows = ReadRows(reader, manifest->Names());
  if (!rows.ok()) return Named(path, rows.status());
  if (manifest->complete && static_cast<std::int64_t>(rows->size()) != manifest->rows) {
    return Named(path, absl::DataLossError(fmt::format("{} rows, its description says {}",
                                                       rows->size(), manifest->rows)));
  }
  return SampleTable{*std::move(manifest), *std::move(rows)};
}

absl::StatusOr<RecoveredSamples> RecoverSamples(std::string_view text,
                                                const std::vector<std::string>& names) {
  RecoveredSamples out;
  std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return out;  // not even the header was whole
  if (auto status = CheckHeader(text.substr(0, end)); !status.ok()) return status;
  out.bytes = end + 1;
  std::size_t last_setting_rows = 0;  // where they start
  std::size_t last_setting_bytes = out.bytes;
  std::int64_t line = 1;
  for (;;) {
    const std::size_t start = out.bytes;
    end = text.find('\n', start);
    if (end == std::string_view::npos) break;
    ++line;
    auto row = ParseSampleCsv(text.substr(start, end - start), names);
    if (!row.ok()) return AtLine(row.status(), line);
    if (out.rows.empty() || row->setting != out.rows.back().setting) {
      last_setting_rows = out.rows.size();
      last_setting_bytes = start;
    }
    out.rows.push_back(*std::move(row));
    out.bytes = end + 1;
  }
  out.rows.resize(last_setting_rows);
  out.bytes = last_setting_bytes;
  return out;
}

}  // namespace trimtab
