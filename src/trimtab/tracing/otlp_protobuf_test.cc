#include "trimtab/tracing/otlp_protobuf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <protozero/pbf_writer.hpp>
#include <random>
#include <string>

#include "trimtab/tracing/testing/encoded_spans.h"
#include "trimtab/tracing/testing/generated_spans.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using Writer = protozero::pbf_writer;

// Spans are given as they stand in the message, so that they can be wrong.
struct SpanBytes {
  std::string trace = "0123456789abcdef";
  std::string id = "12345678";
  std::string parent = {};
  std::string name = "GET /";
  std::uint64_t start = 1'000'000;
  std::uint64_t end = 3'000'000;
};

void Write(Writer& scope, const SpanBytes& span) {
  Writer message(scope, 2);
  message.add_bytes(1, span.trace);
  message.add_bytes(2, span.id);
  if (!span.parent.empty()) message.add_bytes(4, span.parent);
  message.add_string(5, span.name);
  message.add_enum(6, 2);
  message.add_fixed64(7, span.start);
  message.add_fixed64(8, span.end);
}

// A request with one resource: its attributes, then spans.
std::string Request(const std::vector<std::pair<std::string, std::string>>& attributes,
                    const std::vector<SpanBytes>& spans) {
  std::string request;
  Writer writer(request);
  Writer of_resource(writer, 1);
  {
    Writer resource(of_resource, 1);
    for (const auto& [key, value] : attributes) {
      Writer attribute(resource, 1);
      attribute.add_string(1, key);
      Writer any(attribute, 2);
      any.add_string(1, value);
    }
  }
  {
    Writer scope(of_resource, 2);
    for (const SpanBytes& span : spans) Write(scope, span);
  }
  return request;
}

struct Decoded {
  NameTable names;
  OtlpIntake intake{names};
  absl::Status status;
  explicit Decoded(const std::string& bytes) : status(DecodeOtlpProtobuf(bytes, intake)) {}
  std::uint64_t refused(OtlpFault fault) const {
    return intake.refused()[static_cast<std::size_t>(fault)].spans;
  }
};

TEST(OtlpProtobufTest, ReadsWhatASpanIs) {
  const Decoded decoded(
      Request({{"service.name", "cart"}, {"k8s.pod.name", "cart-1"}, {"host.name", "node"}},
              {{.parent = std::string("\0\0\0\0\0\0\0\2", 8)}}));
  ASSERT_TRUE(decoded.status.ok()) << decoded.status;
  ASSERT_EQ(decoded.intake.spans().size(), 1);
  const TracedSpan& traced = decoded.intake.spans().front();
  // "01234567" and "89abcdef" as big-endian numbers.
  EXPECT_EQ(traced.trace, (TraceId{.high = 0x3031323334353637, .low = 0x3839616263646566}));
  EXPECT_EQ(traced.span.id, 0x3132333435363738);
  EXPECT_EQ(traced.span.parent, 2);
  EXPECT_EQ(traced.span.kind, SpanKind::kServer);
  EXPECT_EQ(traced.span.start, Instant(std::chrono::milliseconds(1)));
  EXPECT_EQ(traced.span.duration, std::chrono::milliseconds(2));
  EXPECT_EQ(decoded.names.Name(traced.span.service), "cart");
  EXPECT_EQ(decoded.names.Name(traced.span.pod), "cart-1");
  EXPECT_EQ(decoded.names.Name(traced.span.operation), "GET /");
}

TEST(OtlpProtobufTest, AnEmptyMessageIsARequestWithoutSpans) {
  const Decoded decoded("");
  EXPECT_TRUE(decoded.status.ok());
  EXPECT_TRUE(decoded.intake.spans().empty());
}

TEST(OtlpProtobufTest, ASpanWithoutParentMaySaySoWithZeros) {
  const Decoded decoded(Request({{"service.name", "s"}}, {{.parent = std::string(8, '\0')}}));
  ASSERT_EQ(decoded.intake.spans().size(), 1);
  EXPECT_EQ(decoded.intake.spans().front().span.parent, 0);
}

TEST(OtlpProtobufTest, EachWrongSpanIsCountedByReasonAndTheOthersAreKept) {
  constexpr std::uint64_t kDay = 86'400'000'000'000;
  const Decoded decoded(
      Request({{"service.name", "s"}}, {{.trace = "0123456789abcde"},
                                        {.trace = std::string(16, '\0')},
                                        {.trace = ""},
                                        {.id = "1234567"},
                                        {.id = std::string(8, '\0')},
                                        {.parent = "123456789"},
                                        {.start = 0},
                                        {.start = 1ULL << 63, .end = (1ULL << 63) + 5},
                                        {.start = 10, .end = 9},
                                        {.end = 0},
                                        {.start = 1, .end = kDay + 2},
                                        {.start = 1, .end = kDay + 1},
                                        {.start = 5, .end = 5}}));
  ASSERT_TRUE(decoded.status.ok());
  EXPECT_EQ(decoded.refused(OtlpFault::kTraceId), 3);
  EXPECT_EQ(decoded.refused(OtlpFault::kSpanId), 2);
  EXPECT_EQ(decoded.refused(OtlpFault::kParentId), 1);
  EXPECT_EQ(decoded.refused(OtlpFault::kStart), 2);
  EXPECT_EQ(decoded.refused(OtlpFault::kEnd), 2);
  EXPECT_EQ(decoded.refused(OtlpFault::kLength), 1);
  EXPECT_EQ(decoded.intake.refused_spans(), 11);
  EXPECT_EQ(decoded.intake.spans().size(), 2);  // exactly a day, and no time at all
  const auto& late = decoded.intake.refused()[static_cast<std::size_t>(OtlpFault::kLength)];
  EXPECT_EQ(late.first, "GET / (86400000000001)");
}

TEST(OtlpProtobufTest, ResourcesWithoutANameThatSomebodySetAreRefused) {
  const std::vector<SpanBytes> two(2);
  EXPECT_EQ(Decoded(Request({}, two)).refused(OtlpFault::kService), 2);
  EXPECT_EQ(Decoded(Request({{"service.name", "unknown_service:java"}}, two))
                .refused(OtlpFault::kService),
            2);
  EXPECT_EQ(Decoded(Request({{"service.name", std::string(1025, 'x')}}, two))
                .refused(OtlpFault::kNameSize),
            2);
  const Decoded workload(
      Request({{"service.name", "unknown_service"}, {"k8s.deployment.name", "cart"}}, two));
  ASSERT_EQ(workload.intake.spans().size(), 2);
  EXPECT_EQ(workload.names.Name(workload.intake.spans().front().span.service), "cart");
}

TEST(OtlpProtobufTest, TheResourceMayFollowItsSpans) {
  std::string request;
  {
    Writer writer(request);
    Writer of_resource(writer, 1);
    {
      Writer scope(of_resource, 2);
      Write(scope, {});
    }
    Writer resource(of_resource, 1);
    Writer attribute(resource, 1);
    attribute.add_string(1, "service.name");
    Writer any(attribute, 2);
    any.add_string(1, "late");
  }
  const Decoded decoded(request);
  ASSERT_EQ(decoded.intake.spans().size(), 1);
  EXPECT_EQ(decoded.names.Name(decoded.intake.spans().front().span.service), "late");
}

TEST(OtlpProtobufTest, LongOperationsAreCutBetweenCharacters) {
  const std::string name = std::string(1023, 'n') + "\xc3\xa9" + "rest";
  const Decoded decoded(Request({{"service.name", "s"}}, {{.name = name}}));
  ASSERT_EQ(decoded.intake.spans().size(), 1);
  EXPECT_EQ(decoded.names.Name(decoded.intake.spans().front().span.operation),
            std::string(1023, 'n'));
}

TEST(OtlpProtobufTest, AttributesOfAMegabyteAndAThousandLevelsArePassedOver) {
  std::string request;
  {
    Writer writer(request);
    Writer of_resource(writer, 1);
    {
      Writer resource(of_resource, 1);
      Writer attribute(resource, 1);
      attribute.add_string(1, "service.name");
      Writer any(attribute, 2);
      any.add_string(1, "s");
    }
    Writer scope(of_resource, 2);
    Writer span(scope, 2);
    span.add_bytes(1, "0123456789abcdef");
    span.add_bytes(2, "12345678");
    span.add_fixed64(7, 1);
    span.add_fixed64(8, 2);
    {
      Writer attribute(span, 9);
      attribute.add_string(1, "body");
      Writer any(attribute, 2);
      any.add_string(1, std::string(1 << 20, 'x'));
    }
    // AnyValue{array_value{values: AnyValue{array_value{...}}}}
    std::string nested;
    for (int level = 0; level < 1000; ++level) {
      std::string outer;
      Writer any(outer);
      any.add_message(level % 2 == 0 ? 5 : 1, nested);
      nested = outer;
    }
    Writer attribute(span, 9);
    attribute.add_string(1, "deep");
    attribute.add_message(2, nested);
  }
  const Decoded decoded(request);
  ASSERT_TRUE(decoded.status.ok()) << decoded.status;
  EXPECT_EQ(decoded.intake.spans().size(), 1);
}

TEST(OtlpProtobufTest, UnknownFieldsAndWrongTypesArePassedOver) {
  std::string request = Request({{"service.name", "s"}}, {{}});
  {
    Writer writer(request);
    writer.add_uint64(99, 7);
    writer.add_fixed32(1, 7);  // resource_spans, of another type
    Writer of_resource(writer, 1);
    of_resource.add_double(2, 1.5);
    of_resource.add_string(3, "https://opentelemetry.io/schemas/1.4.0");
  }
  const Decoded decoded(request);
  ASSERT_TRUE(decoded.status.ok()) << decoded.status;
  EXPECT_EQ(decoded.intake.spans().size(), 1);
}

TEST(OtlpProtobufTest, WhatIsNoRequestIsAnErrorThatSaysSo) {
  for (const std::string& bytes :
       {std::string("garbage"), std::string("\x0a\xff\xff\xff\x7f", 5), std::string("\x0a\x05xyz"),
        std::string("{\"resourceSpans\":[]}")}) {
    const Decoded decoded(bytes);
    EXPECT_EQ(decoded.status.code(), absl::StatusCode::kInvalidArgument) << bytes;
    EXPECT_THAT(
        std::string(decoded.status.message()),
        HasSubstr(std::to_string(bytes.size()) + " bytes are no ExportTraceServiceRequest"));
  }
}

// Every cut either is an error or leaves spans that are whole: nothing is made up.
TEST(OtlpProtobufTest, ACutRequestNeverGivesAnotherSpan) {
  const std::string whole = testing::EncodedSpans(testing::GeneratedSpans::Spans(1)).OtlpProtobuf();
  const Decoded all(whole);
  ASSERT_EQ(all.intake.spans().size(), testing::GeneratedSpans::kSpansPerTrace);
  int errors = 0;
  for (std::size_t size = 0; size < whole.size(); size += 3) {
    const Decoded cut(whole.substr(0, size));
    errors += cut.status.ok() ? 0 : 1;
    if (!cut.status.ok()) continue;
    for (const TracedSpan& traced : cut.intake.spans()) {
      EXPECT_TRUE(std::ranges::any_of(all.intake.spans(), [&](const TracedSpan& known) {
        return known.span.id == traced.span.id && known.span.start == traced.span.start;
      }));
    }
  }
  EXPECT_GT(errors, 100);
}

TEST(OtlpProtobufTest, RandomDamageNeverCrashes) {
  const std::string whole = testing::EncodedSpans(testing::GeneratedSpans::Spans(1)).OtlpProtobuf();
  std::mt19937_64 random(5);
  std::uint64_t refused = 0;
  for (int round = 0; round < 2'000; ++round) {
    std::string damaged = whole;
    for (int hit = 0; hit < 3; ++hit) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    const Decoded decoded(damaged);
    refused += decoded.status.ok() ? decoded.intake.refused_spans() : 0;
    for (const TracedSpan& traced : decoded.intake.spans()) {
      EXPECT_GE(traced.span.duration, Duration(0));
      EXPECT_NE(traced.span.id, 0);
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(OtlpProtobufTest, ArgumentsOfTheRequestAreClassedAndTheirValuesForgotten) {
  std::string request;
  {
    Writer writer(request);
    Writer of_resource(writer, 1);
    {
      Writer resource(of_resource, 1);
      Writer attribute(resource, 1);
      attribute.add_string(1, "service.name");
      Writer any(attribute, 2);
      any.add_string(1, "s");
    }
    Writer scope(of_resource, 2);
    for (const std::uint64_t id : {1, 2}) {
      Writer span(scope, 2);
      span.add_bytes(1, "0123456789abcdef");
      span.add_bytes(2, std::string(7, '\0') + static_cast<char>(id));
      span.add_fixed64(7, 1);
      span.add_fixed64(8, 2);
      const auto add = [&span](const char* key, const auto& write) {
        Writer attribute(span, 9);
        attribute.add_string(1, key);
        Writer any(attribute, 2);
        write(any);
      };
      add("app.seats", [id](Writer& any) { any.add_int64(3, id == 1 ? 4 : 40); });
      add("app.distance", [](Writer& any) { any.add_double(4, 2.5); });
      add("app.vip", [](Writer& any) { any.add_bool(2, true); });
      add("app.user", [](Writer& any) { any.add_string(1, "somebody"); });
    }
  }
  const auto bins = ArgumentBins::Parse({"app.seats=2,5", "app.distance=1,3", "app.vip=true"});
  ASSERT_TRUE(bins.ok()) << bins.status();
  NameTable names;
  OtlpIntake intake(names, &*bins);
  ASSERT_TRUE(DecodeOtlpProtobuf(request, intake).ok());
  ASSERT_EQ(intake.spans().size(), 2);
  EXPECT_EQ(names.ArgumentClasses(intake.spans()[0].span.argument_classes),
            "app.seats=2..5;app.distance=1..3;app.vip=true");
  EXPECT_EQ(names.ArgumentClasses(intake.spans()[1].span.argument_classes),
            "app.seats=5..;app.distance=1..3;app.vip=true");
}

}  // namespace
}  // namespace trimtab
