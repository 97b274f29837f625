#include <gtest/gtest.h>

#include <map>

#include "trimtab/server/span_inbox.h"
#include "trimtab/tracing/testing/encoded_spans.h"
#include "trimtab/tracing/testing/trace_source_contract.h"

namespace trimtab {
namespace {

// Twenty requests a second through three services, whose exporters send what has ended every one,
// two and three seconds: parents often before their children.
class ExportersWorld : public TraceSourceWorld {
 public:
  explicit ExportersWorld(SpanInbox::Encoding encoding) : encoding_(encoding) {}
  TraceSource& source() override { return inbox_; }
  Instant Now() override { return now_; }
  Duration settle() override { return std::chrono::seconds(15); }
  void LetPass(Duration time) override {
    const Instant until = now_ + time;
    while (now_ < until) {
      now_ = std::min(until, next_export_);
      for (; next_start_ <= now_; next_start_ += std::chrono::milliseconds(50)) Request();
      if (now_ < next_export_) return;
      next_export_ += std::chrono::seconds(1);
      ++exports_;
      for (int service = 1; service <= 3; ++service) {
        if (exports_ % service == 0) Export("service" + std::to_string(service));
      }
    }
  }

 private:
  void Request() {
    ++trace_;
    Add(1, 0, "service1", std::chrono::milliseconds(0), std::chrono::milliseconds(150));
    Add(2, 1, "service2", std::chrono::milliseconds(10), std::chrono::milliseconds(50));
    Add(3, 1, "service3", std::chrono::milliseconds(70), std::chrono::milliseconds(70));
  }
  void Add(std::uint64_t id, std::uint64_t parent, const std::string& service, Duration after,
           Duration duration) {
    under_way_[service].push_back({.trace = {.high = 7, .low = trace_},
                                   .id = id,
                                   .parent = parent,
                                   .service = service,
                                   .pod = service + "-1",
                                   .operation = "call",
                                   .kind = SpanKind::kServer,
                                   .start = next_start_ + after,
                                   .duration = duration,
                                   .argument_classes = {}});
  }
  void Export(const std::string& service) {
    std::vector<Span> ended;
    std::erase_if(under_way_[service], [&](const Span& span) {
      if (span.start + span.duration > now_) return false;
      ended.push_back(span);
      return true;
    });
    const testing::EncodedSpans encoded(ended);
    const auto receipt = inbox_.Take(
        encoding_ == SpanInbox::Encoding::kJson ? encoded.OtlpJson() : encoded.OtlpProtobuf(),
        encoding_, now_);
    EXPECT_TRUE(receipt.status.ok());
    EXPECT_EQ(receipt.lost, 0);
  }

  SpanInbox::Encoding encoding_;
  SpanInbox inbox_{{}};
  Instant now_{std::chrono::seconds(1'700'000'000)};
  Instant next_start_ = now_;
  Instant next_export_ = now_ + std::chrono::seconds(1);
  int exports_ = 0;
  std::uint64_t trace_ = 0;
  std::map<std::string, std::vector<Span>> under_way_;
};

INSTANTIATE_TEST_SUITE_P(
    Otlp, TraceSourceContract,
    ::testing::Values(
        [] { return std::make_unique<ExportersWorld>(SpanInbox::Encoding::kProtobuf); },
        [] { return std::make_unique<ExportersWorld>(SpanInbox::Encoding::kJson); }));

}  // namespace
}  // namespace trimtab
