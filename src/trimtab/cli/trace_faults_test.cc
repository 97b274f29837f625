// Jaeger and the senders of OTLP fail in each way: nothing becomes smaller, and the reason stands
// in the conditions, the own metrics and `trimtab explain`.
#include <fmt/format.h>

#include <mutex>
#include <optional>
#include <string_view>

#include "trimtab/cli/testing/source_faults.h"
#include "trimtab/http/http_client.h"
#include "trimtab/http/testing/loopback_server.h"
#include "trimtab/operator/metered_sources.h"
#include "trimtab/operator/span_sources.h"
#include "trimtab/tracing/testing/encoded_spans.h"
#include "trimtab/tracing/testing/fake_jaeger.h"

namespace trimtab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

// A request of 200 ms to the entry.
Span RequestAt(Instant start, std::uint64_t number) {
  return {{1, number}, 1, 0, "m0", "m0-0", "get", SpanKind::kServer, start, milliseconds(200)};
}

// The spans of ten requests a second, which the counter has, too.
class TraceFaultFixture : public SourceFaultFixture {
 protected:
  TraceFaultFixture() { world.metrics_.load = 10; }

  void Start(const std::string& name, SpanSourceOptions options_of) {
    options_of.settle_delay = seconds(5);
    auto started = SpanSources::Start(std::move(options_of), clock);
    ASSERT_TRUE(started.ok()) << started.status();
    sources_ = *std::move(started);
    source_ = std::make_unique<MeteredTraceSource>(sources_->Open(*stored.Seen().scaler),
                                                   SourceMeter{name, clock, metrics});
    trace_source = source_.get();
    Restart();
  }

  // The requests that have ended since the last call.
  std::vector<Span> NewRequests() {
    std::vector<Span> requests;
    for (; next_ + milliseconds(200) <= clock.now; next_ += milliseconds(100)) {
      requests.push_back(RequestAt(next_, ++count_));
    }
    return requests;
  }

  std::string Page() override {
    sources_->Measure(metrics);
    return metrics.Text();
  }

  std::unique_ptr<SpanSources> sources_;

 private:
  Instant next_{seconds(900)};
  std::uint64_t count_ = 0;
  std::unique_ptr<MeteredTraceSource> source_;
};

class FaultyJaeger {
 public:
  std::string Url() const { return server_.Url(); }
  void Add(const std::vector<Span>& spans) {
    const std::scoped_lock lock(mutex_);
    for (const Span& span : spans) jaeger_.Add(span);
  }
  void Break(const std::string& fault) {
    const std::scoped_lock lock(mutex_);
    fault_ = fault;
  }

 private:
  void Serve(const LoopbackConnection::Request& request, const LoopbackConnection& to) {
    std::unique_lock lock(mutex_);
    const std::string fault = fault_;
    const auto sound = jaeger_.Getter()(request.target);
    lock.unlock();
    const std::string& body = sound->body;
    constexpr std::string_view kJson = "Content-Type: application/json\r\n";
    if (fault == "Silent") return to.WaitForClose();
    if (fault == "Reset") {
      to.Reset();
      return to.End();
    }
    if (fault == "Garbage") return void(to.Answer(200, "<html>Welcome</html>"));
    if (fault == "Empty") return void(to.Answer(200, R"({"data":[]})", kJson));
    if (fault == "NoBody") return void(to.Answer(200, "", kJson));
    if (fault == "HalfABody") {
      to.Write(fmt::format("HTTP/1.1 200 OK\r\n{}Content-Length: {}\r\n\r\n{}", kJson,
                           body.size() + 10, body));
      return to.End();
    }
    if (fault == "HalfADocument") {
      return void(to.Answer(200, std::string_view(body).substr(0, body.size() / 2), kJson));
    }
    if (fault == "WrongTypes") {
      return void(to.Answer(200, R"({"data":[{"traceID":"1","spans":{"a":1}}]})", kJson));
    }
    if (fault.starts_with("Status")) {
      return void(to.Answer(std::stoi(fault.substr(6)), R"({"errors":[{"msg":"no"}]})", kJson));
    }
    to.Answer(200, body, kJson);
  }

  std::mutex mutex_;  // guards all below
  testing::FakeJaeger jaeger_;
  std::string fault_;
  LoopbackServer server_{
      LoopbackServer::EveryRequest([this](const LoopbackConnection::Request& request,
                                          const LoopbackConnection& to) { Serve(request, to); })};
};

class JaegerFaultsTest : public TraceFaultFixture,
                         public ::testing::WithParamInterface<SourceFault> {
 protected:
  JaegerFaultsTest() {
    Start("jaeger", {.jaeger_url = jaeger_.Url(),
                     .look_back = seconds(60),
                     .jaeger_timeout = seconds(GetParam().name == "Silent" ? 2 : 60)});
  }
  void BeforeCycle() override { jaeger_.Add(NewRequests()); }

  FaultyJaeger jaeger_;
};

TEST_P(JaegerFaultsTest, NothingIsLoweredAndTheReasonIsTold) {
  const SourceFault& fault = GetParam();
  ExpectWell();
  jaeger_.Break(fault.name);
  // What is missing shows once the window of 10 s and what settles has none of it.
  if (fault.name == "Empty") {
    for (int i = 0; i < 4; ++i) Cycle();
  }
  ExpectNothingLowered(fault, "TracesAvailable", fault.name == "Silent" ? 2 : 3);
  jaeger_.Break("");
  ExpectLoweredOnceWell();
  EXPECT_THAT(Page(), HasSubstr("trimtab_source_up{source=\"jaeger\"} 1\n"));
}

std::vector<std::string> JaegerDown(const std::string& code) {
  return {"trimtab_source_up{source=\"jaeger\"} 0\n",
          "trimtab_source_errors_total{source=\"jaeger\",code=\"" + code + "\"} ",
          "trimtab_actions_suppressed_total{reason=\"StaleTraces\"} "};
}

const std::vector<std::string> kJaegerIncomplete = {
    "trimtab_source_up{source=\"jaeger\"} 1\n",
    "trimtab_actions_suppressed_total{reason=\"StaleTraces\"} "};

INSTANTIATE_TEST_SUITE_P(
    Each, JaegerFaultsTest,
    ::testing::Values(
        SourceFault{"Silent", "no complete answer within", "False/NoData",
                    JaegerDown("DEADLINE_EXCEEDED")},
        SourceFault{"Reset", "UNAVAILABLE", "False/NoData", JaegerDown("UNAVAILABLE")},
        SourceFault{"Garbage", "/api/traces", "False/NoData", JaegerDown("UNAVAILABLE")},
        SourceFault{"NoBody", "/api/traces", "False/NoData", JaegerDown("UNAVAILABLE")},
        SourceFault{"HalfABody", "UNAVAILABLE", "False/NoData", JaegerDown("UNAVAILABLE")},
        SourceFault{"HalfADocument", "/api/traces", "False/NoData", JaegerDown("UNAVAILABLE")},
        SourceFault{"WrongTypes", "spans refused 1", "False/NoData", kJaegerIncomplete},
        SourceFault{"Empty", "completed within 10s", "False/NoData", kJaegerIncomplete},
        SourceFault{"Status401", "401", "False/NoData", JaegerDown("PERMISSION_DENIED")},
        SourceFault{"Status403", "403", "False/NoData", JaegerDown("PERMISSION_DENIED")},
        SourceFault{"Status404", "404", "False/NoData", JaegerDown("NOT_FOUND")},
        SourceFault{"Status500", "500", "False/NoData", JaegerDown("UNAVAILABLE")},
        SourceFault{"Status503", "503", "False/NoData", JaegerDown("UNAVAILABLE")}),
    FaultNameOf);

class OtlpFaultsTest : public TraceFaultFixture, public ::testing::WithParamInterface<SourceFault> {
 protected:
  OtlpFaultsTest() {
    Start("otlp", {.otlp = {*ListenAddress::Parse("127.0.0.1:0")},
                   .memory_bound = Mebibytes(GetParam().name == "Overloaded" ? 1 : 64)});
    auto client = HttpClient::Create({});
    EXPECT_TRUE(client.ok()) << client.status();
    if (client.ok()) client_ = *std::move(client);
  }

  void BeforeCycle() override {
    std::vector<Span> spans = NewRequests();
    if (fault_ == "NothingReceived") return;
    if (fault_ == "UnfinishedTraces") {
      for (Span& span : spans) span.parent = 77;  // which nobody sends
    }
    Post(testing::EncodedSpans(spans).OtlpProtobuf());
    if (fault_ == "Rejected") {
      Span span = RequestAt(clock.now - seconds(1), 1);
      span.trace = {0, 0};
      Post(testing::EncodedSpans({{span}}).OtlpProtobuf());
    } else if (fault_ == "Late") {
      Post(testing::EncodedSpans({{RequestAt(clock.now - seconds(30), 1)}}).OtlpProtobuf());
    } else if (fault_ == "Garbage") {
      Post("<html>Welcome</html>");
    } else if (fault_ == "HalfARequest") {
      std::string request = testing::EncodedSpans({{RequestAt(clock.now, 1)}}).OtlpProtobuf();
      request.resize(request.size() / 2);
      Post(std::move(request));
    } else if (fault_ == "WrongTypes") {
      Post(R"({"resourceSpans":{"resource":7}})", "application/json");
    } else if (fault_ == "Dropped") {
      ++foreign_;  // one trace with more than its 20,000 spans
      Post(Burst(20'100, /*of_one_trace=*/true));
    } else if (fault_ == "Overloaded") {
      for (int i = 0; i < 100 && Post(Burst(500)) != 503; ++i) {
      }
    }
  }

  // The status of the answer.
  int Post(std::string body, const std::string& type = "application/x-protobuf") {
    const auto answer = client_->Send(
        {.method = "POST",
         .url = fmt::format("http://127.0.0.1:{}/v1/traces", sources_->otlp_ports()[0]),
         .headers = {{"Content-Type", type}},
         .body = std::move(body)});
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? answer->status : 0;
  }

  // Requests of now, of applications that are not ours.
  std::string Burst(int requests, bool of_one_trace = false) {
    std::vector<Span> spans;
    for (int i = 0; i < requests; ++i) {
      if (!of_one_trace) ++foreign_;
      Span& span = spans.emplace_back(RequestAt(clock.now - seconds(1), foreign_));
      span.id = static_cast<std::uint64_t>(i) + 1;
      span.trace.high = 2;
      span.service = "other";
    }
    return testing::EncodedSpans(spans).OtlpProtobuf();
  }

  std::string fault_;

 private:
  std::unique_ptr<HttpClient> client_;
  std::uint64_t foreign_ = 0;
};

TEST_P(OtlpFaultsTest, NothingIsLoweredAndTheReasonIsTold) {
  const SourceFault& fault = GetParam();
  ExpectWell();
  fault_ = fault.name;
  // A trace is handed out 10 s after its end, and the window is 10 s.
  if (fault_ == "NothingReceived" || fault_ == "UnfinishedTraces") {
    for (int i = 0; i < 6; ++i) Cycle();
  }
  ExpectNothingLowered(fault, "TracesAvailable", 3);
  fault_ = "";
  ExpectLoweredOnceWell();
}

constexpr char kStaleTraces[] = "trimtab_actions_suppressed_total{reason=\"StaleTraces\"} ";

INSTANTIATE_TEST_SUITE_P(
    Each, OtlpFaultsTest,
    ::testing::Values(
        SourceFault{
            "NothingReceived", "traces: 0 completed within 10s", "False/NoData", {kStaleTraces}},
        SourceFault{"UnfinishedTraces",
                    "are unfinished, at most 1 % may be",
                    "False/NoData",
                    {kStaleTraces, "trimtab_traces_incomplete_total{source=\"otlp\"} "}},
        SourceFault{"Rejected",
                    "spans refused 1",
                    "False/NoData",
                    {kStaleTraces,
                     "trimtab_otlp_spans_rejected_total{reason=\"a span whose trace id is not 16 "
                     "bytes or is zero\"} 3\n"}},
        SourceFault{"Late",
                    "spans late 1",
                    "False/NoData",
                    {kStaleTraces, "trimtab_otlp_spans_rejected_total{reason=\"late\"} 3\n"}},
        SourceFault{
            "Garbage",
            "requests unreadable 1",
            "False/NoData",
            {kStaleTraces, "trimtab_otlp_requests_refused_total{reason=\"unreadable\"} 3\n"}},
        SourceFault{
            "HalfARequest",
            "requests unreadable 1",
            "False/NoData",
            {kStaleTraces, "trimtab_otlp_requests_refused_total{reason=\"unreadable\"} 3\n"}},
        SourceFault{
            "WrongTypes",
            "requests unreadable 1",
            "False/NoData",
            {kStaleTraces, "trimtab_otlp_requests_refused_total{reason=\"unreadable\"} 3\n"}},
        SourceFault{"Dropped",
                    "spans dropped",
                    "False/NoData",
                    {kStaleTraces, "trimtab_otlp_spans_rejected_total{reason=\"no room\"} "}},
        SourceFault{"Overloaded",
                    "requests turned away",
                    "False/NoData",
                    {kStaleTraces, "trimtab_otlp_requests_refused_total{reason=\"overloaded\"} "}}),
    FaultNameOf);

}  // namespace
}  // namespace trimtab
