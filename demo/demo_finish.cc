// The end of the demonstration: what is asked to end, and what is read then.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "demo/demo_cluster.h"
#include "tests/servers/readiness.h"

namespace trimtab::demo {
namespace {

using servers::ChildProcess;

// SIGTERM, and the half minute that a pod has.
absl::Status End(ChildProcess& process) {
  kill(process.pid(), SIGTERM);
  if (!process.WaitForEnd(std::chrono::seconds(30))) {
    return absl::DeadlineExceededError(
        fmt::format("{} did not end within 30 s of SIGTERM", process.name()));
  }
  if (process.exit_code() != 0) {
    return absl::FailedPreconditionError(fmt::format("{} ended with code {}:\n{}", process.name(),
                                                     process.exit_code(), process.LogTail()));
  }
  return absl::OkStatus();
}

// The value of the label in a line of the text format; empty without it.
std::string_view LabelOf(std::string_view line, std::string_view label) {
  const std::string key = fmt::format("{}=\"", label);
  const std::size_t at = line.find(key);
  if (at == std::string_view::npos) return "";
  line.remove_prefix(at + key.size());
  return line.substr(0, line.find('"'));
}

}  // namespace

// Nobody else of this cluster writes scales or resizes by PATCH: the server's own counters say what
// Trimtab did.
absl::Status DemoCluster::CountWrites(Outcome& outcome) const {
  const auto reply = servers::HttpGet({.url = plane_->url() + "/metrics",
                                       .ca_file = plane_->ca_file(),
                                       .token = plane_->admin_token()});
  if (!reply.ok()) return reply.status();
  const std::vector<std::string> lines = absl::StrSplit(reply->body, '\n');
  for (const std::string& text : lines) {
    const std::string_view line = text;
    if (!line.starts_with("apiserver_request_total{") || LabelOf(line, "verb") != "PATCH" ||
        LabelOf(line, "code") != "200" || !LabelOf(line, "dry_run").empty()) {
      continue;
    }
    double count = 0;
    const std::string_view value = line.substr(line.rfind(' ') + 1);
    if (!absl::SimpleAtod(absl::string_view(value.data(), value.size()), &count)) continue;
    const std::string_view subresource = LabelOf(line, "subresource");
    if (subresource == "scale") outcome.scale_writes += static_cast<int>(count);
    if (subresource == "resize") outcome.resize_writes += static_cast<int>(count);
  }
  return absl::OkStatus();
}

// The rows that `simulate` printed: its own truth, of every request. A window without requests has
// no tail.
absl::Status DemoCluster::ReadWindows(Outcome& outcome) const {
  const auto text = servers::ReadWholeFile(folder_.File("world.out"));
  if (!text.ok()) return text.status();
  const std::vector<std::string> lines = absl::StrSplit(*text, '\n', absl::SkipWhitespace());
  if (lines.empty()) return absl::NotFoundError("simulate printed no windows");
  const std::vector<std::string> names = absl::StrSplit(lines.front(), ',');
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> cells = absl::StrSplit(lines[i], ',');
    Window window;
    for (std::size_t column = 0; column < std::min(names.size(), cells.size()); ++column) {
      double value = 0;
      if (!absl::SimpleAtod(cells[column], &value)) continue;
      if (names[column] == "endSeconds") window.end_seconds = value;
      if (names[column] == "requests") window.requests = value;
      if (names[column] == "failed") window.failed = value;
      if (names[column] == "p95Seconds") window.tail_seconds = value;
    }
    if (window.requests > 0) outcome.windows.push_back(window);
  }
  return absl::OkStatus();
}

absl::StatusOr<Outcome> DemoCluster::Finish() {
  Outcome outcome;
  if (absl::Status status = End(*trimtab_); !status.ok()) return status;
  if (absl::Status status = End(*world_); !status.ok()) return status;
  for (const auto read : {&DemoCluster::ReadWindows, &DemoCluster::CountWrites}) {
    if (absl::Status status = (this->*read)(outcome); !status.ok()) return status;
  }
  return outcome;
}

}  // namespace trimtab::demo
