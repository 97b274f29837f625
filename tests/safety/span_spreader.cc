#include "tests/safety/span_spreader.h"

#include <chrono>
#include <optional>

#include "fmt/format.h"
#include "trimtab/clock/stoppable_wait.h"

namespace trimtab {
namespace {

// OTLP: ExportTraceServiceRequest.resource_spans, ResourceSpans.scope_spans, ScopeSpans.spans.
constexpr int kResourceSpans = 1;
constexpr int kScopeSpans = 2;
constexpr int kSpans = 2;

std::optional<std::uint64_t> TakeVarint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

void AppendVarint(std::uint64_t value, std::string& bytes) {
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  bytes += static_cast<char>(value);
}

std::uint64_t SpansIn(std::string_view resource_spans) {
  std::uint64_t spans = 0;
  for (const auto& [field, scope] : ProtobufFields(resource_spans)) {
    if (field != kScopeSpans) continue;
    for (const auto& [inner, span] : ProtobufFields(scope)) spans += inner == kSpans ? 1 : 0;
  }
  return spans;
}

}  // namespace

std::vector<std::pair<int, std::string_view>> ProtobufFields(std::string_view message) {
  std::vector<std::pair<int, std::string_view>> fields;
  while (!message.empty()) {
    const auto tag = TakeVarint(message);
    if (!tag) break;
    const auto kind = *tag & 7;
    if (kind == 2) {
      const auto size = TakeVarint(message);
      if (!size || *size > message.size()) break;
      fields.emplace_back(static_cast<int>(*tag >> 3), message.substr(0, *size));
      message.remove_prefix(*size);
    } else if (kind == 0) {
      if (!TakeVarint(message)) break;
    } else if (kind == 1 || kind == 5) {
      const std::size_t size = kind == 1 ? 8 : 4;
      if (message.size() < size) break;
      message.remove_prefix(size);
    } else {
      break;
    }
  }
  return fields;
}

SpanSpreader::SpanSpreader(std::vector<std::string> receivers)
    : receivers_(std::move(receivers)),
      http_(HttpClient::Create({.connect_timeout = std::chrono::seconds(2)}).value()),
      taken_(receivers_.size()),
      server_(LoopbackServer::EveryRequest(
          [this](const LoopbackConnection::Request& request, const LoopbackConnection& connection) {
            Take(request, connection);
          })) {}

void SpanSpreader::Hold() {
  is_held_ = true;
  const std::scoped_lock lock(under_way_);
}

std::vector<std::uint64_t> SpanSpreader::taken() const {
  const std::scoped_lock lock(mutex_);
  return taken_;
}

void SpanSpreader::Take(const LoopbackConnection::Request& request,
                        const LoopbackConnection& connection) {
  const std::scoped_lock lock(under_way_);
  if (is_held_) {
    connection.Answer(503, "");
    return;
  }
  for (const auto& [field, resource_spans] : ProtobufFields(request.body)) {
    if (field == kResourceSpans) Send(resource_spans);
  }
  connection.Answer(200, "", "Content-Type: application/x-protobuf\r\n");
}

void SpanSpreader::Send(std::string_view resource_spans) {
  std::string body(1, static_cast<char>(kResourceSpans << 3 | 2));
  AppendVarint(resource_spans.size(), body);
  body += resource_spans;
  for (std::size_t turn = turn_++; !has_ended_; ++turn) {
    const std::size_t to = turn % receivers_.size();
    const auto answer = http_->Send({.method = "POST",
                                     .url = fmt::format("http://{}/v1/traces", receivers_[to]),
                                     .headers = {{"Content-Type", "application/x-protobuf"}},
                                     .body = body,
                                     .timeout = std::chrono::seconds(10)});
    if (answer.ok() && answer->ok()) {
      const std::scoped_lock lock(mutex_);
      taken_[to] += SpansIn(resource_spans);
      return;
    }
    WaitFor(std::chrono::milliseconds(100), {});
  }
}

}  // namespace trimtab
