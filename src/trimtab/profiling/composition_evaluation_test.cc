#include "trimtab/profiling/composition_evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "trimtab/probability/random_stream.h"
#include "trimtab/tracing/input_file.h"
#include "trimtab/tracing/span_reader.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

constexpr Duration Seconds(double seconds) { return SecondsToDuration(seconds); }

// A frontend that calls one microservice and then two more at the same time. Each call takes 1 ms
// on the way there and back.
class Recording {
 public:
  explicit Recording(NameTable& names)
      : front_(names.Intern("front")),
        first_(names.Intern("first")),
        left_(names.Intern("left")),
        right_(names.Intern("right")) {}

  // Own latencies in s.
  void Add(TraceSink& sink, Instant at, double front, double first, double left, double right) {
    spans_.clear();
    const Duration way = Seconds(0.001);
    Instant now = at + Seconds(front);
    const std::uint64_t root = Span(0, front_, at, Duration(0), SpanKind::kServer);
    now = Call(root, first_, now, first, way);
    const Instant end =
        std::max(Call(root, left_, now, left, way), Call(root, right_, now, right, way));
    spans_.front().duration = end - at;
    ++traces_;
    sink.AcceptTrace({traces_, traces_}, spans_);
  }

 private:
  std::uint64_t Span(std::uint64_t parent, NameId service, Instant start, Duration duration,
                     SpanKind kind) {
    SpanRecord& span = spans_.emplace_back();
    span.id = spans_.size();
    span.parent = parent;
    span.service = service;
    span.start = start;
    span.duration = duration;
    span.kind = kind;
    return span.id;
  }
  Instant Call(std::uint64_t parent, NameId callee, Instant start, double own, Duration way) {
    const std::uint64_t client =
        Span(parent, front_, start, 2 * way + Seconds(own), SpanKind::kClient);
    Span(client, callee, start + way, Seconds(own), SpanKind::kServer);
    return start + 2 * way + Seconds(own);
  }

  NameId front_;
  NameId first_;
  NameId left_;
  NameId right_;
  std::vector<SpanRecord> spans_;
  std::uint64_t traces_ = 0;
};

// Exponentials of 10 ms; with probability `together` all four of a request are the same draw.
RecordedTraces Record(double together, int count) {
  NameTable names;
  TraceRecorder recorder(names, VisitKey::kSubtree, {});
  Recording recording(names);
  RandomStream random(5, "own latencies");
  for (int i = 0; i < count; ++i) {
    const bool same = random.Uniform() < together;
    const double all = 0.01 * random.Exponential();
    const auto draw = [&] { return same ? all : 0.01 * random.Exponential(); };
    const double front = draw();
    const double first = draw();
    const double left = draw();
    recording.Add(recorder, Instant(std::chrono::milliseconds(100) * i), front, first, left,
                  draw());
  }
  return recorder.Collect().value();
}

const CompositionAccuracy& Find(const CompositionEvaluation& evaluation, CompositionModel model,
                                bool correlated) {
  return *std::ranges::find_if(evaluation.models, [&](const CompositionAccuracy& of) {
    return of.model == model && of.correlated == correlated;
  });
}

TEST(TraceRecorderTest, KeepsWhatEachVisitAddsWithTheTimeOnTheWay) {
  NameTable names;
  TraceRecorder recorder(names, VisitKey::kSubtree, {});
  Recording recording(names);
  recording.Add(recorder, Instant(), 0.1, 0.2, 0.3, 0.4);
  recording.Add(recorder, Instant(std::chrono::seconds(10)), 0.1, 0.2, 0.3, 0.4);
  const RecordedTraces traces = recorder.Collect().value();
  ASSERT_EQ(traces.graphs.size(), 1);
  EXPECT_FALSE(traces.graphs[0].tree.is_sequence());
  ASSERT_EQ(traces.traces.size(), 2);
  // 0.1 + (0.2 + 0.002) + max(0.3 + 0.002, 0.4 + 0.002).
  EXPECT_NEAR(traces.traces[0].seconds, 0.704, 1e-9);
  ASSERT_EQ(traces.kinds.size(), 4);
  for (const RecordedVisit& visit : traces.VisitsOf(traces.traces[0])) {
    const std::string& name = traces.kinds[visit.kind];
    const double own = name == "front"   ? 0.1
                       : name == "first" ? 0.202
                       : name == "left"  ? 0.302
                                         : 0.402;
    EXPECT_NEAR(visit.seconds, own, 1e-6) << name;
  }
}

// 3,000 requests in each block: their P95 is known to 1.6 %, for its standard error is
// sqrt(0.95 0.05 / 3000) / f = 0.004 / (0.05 / 10 ms) = 0.8 ms of 52 ms.
TEST(CompositionEvaluationTest, FindsTheTailOfIndependentVisits) {
  const CompositionEvaluation evaluation = EvaluateComposition(Record(0, 6'000), {}).value();
  EXPECT_EQ(evaluation.graphs, 1);
  for (const CompositionModel model : kCompositionModels) {
    const CompositionAccuracy& of = Find(evaluation, model, false);
    EXPECT_GT(of.p95_accuracy, 94) << CompositionModelName(model);
    // Four standard errors of the share of 6,000 requests: 0.011.
    EXPECT_NEAR(of.within[2], 0.95, 0.015) << CompositionModelName(model);
  }
  for (const double correlation : evaluation.correlations) EXPECT_LE(correlation, 0.1);
}

TEST(CompositionEvaluationTest, CorrelationRaisesTheAccuracyWhereVisitsAreCorrelated) {
  const CompositionEvaluation evaluation = EvaluateComposition(Record(0.8, 6'000), {}).value();
  for (const double correlation : evaluation.correlations) EXPECT_GT(correlation, 0.2);
  const CompositionAccuracy& apart = Find(evaluation, CompositionModel::kEmpirical, false);
  const CompositionAccuracy& together = Find(evaluation, CompositionModel::kEmpirical, true);
  EXPECT_LT(apart.p95_accuracy, 90);
  EXPECT_GT(together.p95_accuracy, 94);
  EXPECT_LT(apart.within[2], 0.935);
  EXPECT_NEAR(together.within[2], 0.95, 0.015);
}

TEST(CompositionEvaluationTest, FewTracesAreNoReasonToGuess) {
  const auto evaluation = EvaluateComposition(Record(0, 90), {});
  EXPECT_THAT(evaluation.status().message(),
              HasSubstr("no load has two blocks of 50 traces; the recording has 90"));
}

// The measured recordings: what is composed of their own latencies.
double MeasuredAccuracy(const std::string& name, bool correlated) {
  NameTable names;
  SkipLog skipped;
  TraceRecorder recorder(names, VisitKey::kSubtree, {});
  class Sink : public SpanSink {
   public:
    explicit Sink(TraceSink& sink) : assembler({.memory_bound = Mebibytes(256)}, sink) {}
    void Accept(std::span<const TracedSpan> batch) override { assembler.Add(batch, Instant()); }
    TraceAssembler assembler;
  } sink(recorder);
  auto file = InputFile::Open(name);
  ReadCounts counts;
  EXPECT_TRUE(ReadSpans(**file, SpanFormat::kAuto,
                        {.names = names, .skipped = skipped, .sink = sink}, counts)
                  .ok());
  sink.assembler.Flush();
  const auto evaluation = EvaluateComposition(recorder.Collect().value(), {});
  return Find(*evaluation, CompositionModel::kEmpirical, correlated).p95_accuracy;
}

TEST(MeasuredCompositionTest, ReachesItsGoalsAndCorrelationRaisesThem) {
  const std::string folder = TRIMTAB_SOURCE_DIR "/../shared/data/traceweaver/";
  const std::string hotel = folder + "hotel_reservation.csv.gz";
  const std::string media = folder + "media_microservices.csv.gz";
  if (!std::filesystem::exists(hotel)) GTEST_SKIP() << "no measured traces in " << folder;
  const double hotel_apart = MeasuredAccuracy(hotel, false);
  const double media_apart = MeasuredAccuracy(media, false);
  EXPECT_GE(hotel_apart, 85);
  EXPECT_GE(media_apart, 80);
  EXPECT_GT(MeasuredAccuracy(hotel, true), hotel_apart);
  EXPECT_GT(MeasuredAccuracy(media, true), media_apart);
}

}  // namespace
}  // namespace trimtab
