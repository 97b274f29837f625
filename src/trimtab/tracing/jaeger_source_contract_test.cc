#include <gtest/gtest.h>

#include "trimtab/tracing/jaeger_source.h"
#include "trimtab/tracing/testing/fake_jaeger.h"
#include "trimtab/tracing/testing/trace_source_contract.h"

namespace trimtab {
namespace {

// Twenty requests a second, each of 150 ms: front calls two others. Spans reach Jaeger when they
// end, the front's last.
class JaegerWorld : public TraceSourceWorld {
 public:
  explicit JaegerWorld(JaegerApi api)
      : source_(JaegerQuery(jaeger_.Getter(), {.service = "front", .api = api, .limit = 40}), {},
                now_) {}
  TraceSource& source() override { return source_; }
  Instant Now() override { return now_; }
  Duration settle() override { return std::chrono::seconds(15); }
  void LetPass(Duration time) override {
    now_ += time;
    for (; next_start_ <= now_; next_start_ += std::chrono::milliseconds(50)) Request(next_start_);
    std::erase_if(under_way_, [this](const Span& span) {
      const bool has_ended = span.start + span.duration <= now_;
      if (has_ended) jaeger_.Add(span);
      return has_ended;
    });
  }

 private:
  void Request(Instant start) {
    ++trace_;
    Add(1, 0, "front", start, std::chrono::milliseconds(150));
    Add(2, 1, "cart", start + std::chrono::milliseconds(10), std::chrono::milliseconds(50));
    Add(3, 1, "store", start + std::chrono::milliseconds(70), std::chrono::milliseconds(70));
  }
  void Add(std::uint64_t id, std::uint64_t parent, const char* service, Instant start,
           Duration duration) {
    under_way_.push_back({.trace = {.high = 7, .low = trace_},
                          .id = id,
                          .parent = parent,
                          .service = service,
                          .pod = std::string(service) + "-1",
                          .operation = "call",
                          .kind = SpanKind::kServer,
                          .start = start,
                          .duration = duration,
                          .argument_classes = {}});
  }

  testing::FakeJaeger jaeger_;
  Instant now_{std::chrono::seconds(1'700'000'000)};
  Instant next_start_ = now_;
  std::uint64_t trace_ = 0;
  std::vector<Span> under_way_;
  JaegerSource source_;
};

INSTANTIATE_TEST_SUITE_P(
    Jaeger, TraceSourceContract,
    ::testing::Values([] { return std::make_unique<JaegerWorld>(JaegerApi::kV1); },
                      [] { return std::make_unique<JaegerWorld>(JaegerApi::kV3); }));

}  // namespace
}  // namespace trimtab
