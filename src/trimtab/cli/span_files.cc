#include "trimtab/cli/span_files.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/tracing/input_file.h"
#include "trimtab/tracing/span_reader.h"

namespace trimtab {
namespace {

// A file whose reading moves a progress bar and ends when the user wants it to.
class WatchedFile : public InputFile {
 public:
  WatchedFile(std::unique_ptr<InputFile> file, Context& context)
      : InputFile(file->path()), file_(std::move(file)), context_(context) {
    if (const auto size = file_->size(); size && *size > 0) {
      bar_.emplace(context.progress.Start(path(), static_cast<std::int64_t>(*size)));
    }
  }
  std::uint64_t position() const override { return file_->position(); }
  std::optional<std::uint64_t> size() const override { return file_->size(); }

 protected:
  absl::StatusOr<std::size_t> ReadNext(char* to, std::size_t size) override {
    if (context_.stop) return absl::CancelledError(fmt::format("reading '{}'", path()));
    if (bar_) bar_->Set(static_cast<std::int64_t>(file_->position()));
    return file_->Read(to, size);
  }

 private:
  std::unique_ptr<InputFile> file_;
  Context& context_;
  std::optional<Progress::Bar> bar_;
};

}  // namespace

void DeclareSpanFiles(Arguments& arguments, SpanFiles* values, bool required) {
  arguments.PositionalList(
      "file", &values->files,
      "span files: CSV, Jaeger JSON, OTLP JSON or Alibaba MSCallGraph, plain or gzip", required);
  arguments.Choice("format", &values->format, {"auto", "csv", "jaeger", "otlp", "alibaba"},
                   "format of the files; auto looks at each");
}

absl::Status ReadSpanFiles(const SpanFiles& values, NameTable& names, SkipLog& skipped,
                           SpanSink& sink, Context& context) {
  const SpanFormat format = SpanFormatFromString(values.format).value_or(SpanFormat::kAuto);
  for (const std::string& path : values.files) {
    absl::StatusOr<std::unique_ptr<InputFile>> file = InputFile::Open(path);
    if (!file.ok()) return file.status();
    WatchedFile watched(*std::move(file), context);
    ReadCounts counts;
    const absl::Status read = ReadSpans(
        watched, format,
        {.names = names, .skipped = skipped, .sink = sink, .arguments = &values.arguments}, counts);
    if (!read.ok()) return read;
  }
  return absl::OkStatus();
}

}  // namespace trimtab
