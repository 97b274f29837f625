// Real senders to the receiver.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/servers/child_process.h"
#include "tests/servers/programs.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/server/otlp_receiver.h"
#include "trimtab/server/testing/tls_files.h"

namespace trimtab {
namespace {

struct Sender {
  bool is_http = false;
  bool has_tls = false;     // with a certificate of its own
  bool is_standby = false;  // to a replica that hands on to the one that leads
};

class RealSendersTest : public ::testing::TestWithParam<Sender> {
 protected:
  void SetUp() override { servers::RequirePrograms({"telemetrygen"}); }
};

TEST_P(RealSendersTest, TracesOfTelemetrygenArriveWhole) {
  const auto program = servers::ProgramPath("telemetrygen");
  if (!program.ok()) return;  // said by SetUp
  SystemClock clock;
  const testing::TlsFiles files;
  OtlpReceiverOptions options;
  OtlpReceiverOptions standby_options;
  standby_options.forwarding = ForwardOptions();
  if (GetParam().has_tls) options.sockets.tls = files.server_that_asks_clients();
  const auto receiver =
      OtlpReceiver::Start({*ListenAddress::Parse("127.0.0.1:0")}, clock, std::move(options));
  ASSERT_TRUE(receiver.ok()) << receiver.status();
  const auto standby = OtlpReceiver::Start({*ListenAddress::Parse("127.0.0.1:0")}, clock,
                                           std::move(standby_options));
  ASSERT_TRUE(standby.ok()) << standby.status();
  (*standby)->Follow(fmt::format("http://127.0.0.1:{}", (*receiver)->ports()[0]));
  const auto& asked = GetParam().is_standby ? *standby : *receiver;
  std::vector<std::string> command = {
      *program,   "traces", "--otlp-endpoint", fmt::format("127.0.0.1:{}", asked->ports()[0]),
      "--traces", "400",    "--child-spans",   "3",
      "--rate",   "0",      "--service",       "checkout"};
  // Its queue holds 2,048 spans; of more at this rate it drops some itself.
  if (GetParam().is_http) command.emplace_back("--otlp-http");
  if (GetParam().has_tls) {
    const auto own = *files.authority().Issue({.common_name = "sender"});
    for (std::string word :
         {std::string("--ca-cert"), files.File("ca.crt"), std::string("--mtls"),
          std::string("--client-cert"), files.Write("own.crt", own.certificate),
          std::string("--client-key"), files.Write("own.key", own.private_key)}) {
      command.push_back(std::move(word));
    }
  } else {
    command.emplace_back("--otlp-insecure");
  }
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
  EXPECT_EQ((*standby)->forwarded().taken > 0, GetParam().is_standby);
}

INSTANTIATE_TEST_SUITE_P(HttpAndGrpc, RealSendersTest,
                         ::testing::Values(Sender{}, Sender{.is_http = true},
                                           Sender{.has_tls = true},
                                           Sender{.is_http = true, .has_tls = true},
                                           Sender{.is_standby = true},
                                           Sender{.is_http = true, .is_standby = true}),
                         [](const ::testing::TestParamInfo<Sender>& sender) {
                           return std::string(sender.param.is_http ? "Http" : "Grpc") +
                                  (sender.param.has_tls      ? "WithTls"
                                   : sender.param.is_standby ? "ThroughAStandby"
                                                             : "InClearText");
                         });

}  // namespace
}  // namespace trimtab
