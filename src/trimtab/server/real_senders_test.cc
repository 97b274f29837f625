// Real senders to the receiver.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/servers/child_process.h"
#include "tests/servers/programs.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/server/otlp_receiver.h"

namespace trimtab {
namespace {

class RealSendersTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override { servers::RequirePrograms({"telemetrygen"}); }
};

TEST_P(RealSendersTest, TracesOfTelemetrygenArriveWhole) {
  const auto program = servers::ProgramPath("telemetrygen");
  if (!program.ok()) return;  // said by SetUp
  SystemClock clock;
  const auto receiver = OtlpReceiver::Start({*ListenAddress::Parse("127.0.0.1:0")}, clock, {});
  ASSERT_TRUE(receiver.ok()) << receiver.status();
  std::vector<std::string> command = {*program,
                                      "traces",
                                      "--otlp-insecure",
                                      "--otlp-endpoint",
                                      fmt::format("127.0.0.1:{}", (*receiver)->ports()[0]),
                                      "--traces",
                                      "400",
                                      "--child-spans",
                                      "3",
                                      "--rate",
                                      "0",
                                      "--service",
                                      "checkout"};
  // Its queue holds 2,048 spans; of more at this rate it drops some itself.
  if (GetParam()) command.emplace_back("--otlp-http");
  const auto output = servers::RunCommand(command);
  ASSERT_TRUE(output.ok()) << output.status();

  std::map<TraceId, int> traces;
  (*receiver)->inbox().ReadRest(clock.Now(), [&](const Span& span) {
    ++traces[span.trace];
    EXPECT_EQ(span.service, "checkout");
  });
  EXPECT_EQ(traces.size(), 400);
  for (const auto& [trace, spans] : traces) EXPECT_EQ(spans, 4);
  const SpanAccount account = (*receiver)->inbox().account();
  EXPECT_EQ(account.received, 1'600);
  EXPECT_EQ(account.refused + account.dropped + account.late + account.unfinished, 0);
  EXPECT_EQ(account.bad_requests + account.deferred_requests, 0);
}

INSTANTIATE_TEST_SUITE_P(HttpAndGrpc, RealSendersTest, ::testing::Bool());

}  // namespace
}  // namespace trimtab
