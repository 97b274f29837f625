// Credentials from programs that are sound, slow, verbose or broken.
#include "trimtab/kubernetes/exec_credential.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/clock/testing/hand_clock.h"
#include "trimtab/kubernetes/child_process.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Answer(const std::string& status) {
  return R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{)" +
         status + "}}";
}

std::string ErrorOf(const std::string& text) {
  const absl::Status status = ParseExecCredential(text).status();
  EXPECT_THAT(status.ToString(), Not(HasSubstr("s3cr3t")));
  return std::string(status.message());
}

TEST(ParseExecCredentialTest, ReadsTokenCertificateAndEnd) {
  const auto answer =
      ParseExecCredential(Answer(R"("token":"t","clientCertificateData":"C","clientKeyData":"K",)"
                                 R"("expirationTimestamp":"1970-01-01T00:01:00Z")"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->credential, (Credential{"Bearer t", "C", "K"}));
  EXPECT_EQ(answer->expires, Instant(std::chrono::minutes(1)));
}

TEST(ParseExecCredentialTest, RefusesWhatIsNone) {
  EXPECT_EQ(ErrorOf("s3cr3t"), "ExecCredential: output: is not JSON");
  EXPECT_EQ(ErrorOf("{}"), "ExecCredential: kind: must be 'ExecCredential'");
  EXPECT_EQ(ErrorOf(R"({"kind":"ExecCredential","apiVersion":"x"})"),
            "ExecCredential: apiVersion: must be 'client.authentication.k8s.io/v1'");
  EXPECT_EQ(ErrorOf(Answer("")),
            "ExecCredential: status: has neither token nor clientCertificateData");
  EXPECT_EQ(ErrorOf(Answer(R"("token":"s3cr3t\n")")),
            "ExecCredential: status: token: has a character other than visible ASCII");
  EXPECT_EQ(ErrorOf(Answer(R"("clientKeyData":"s3cr3t")")),
            "ExecCredential: status: has only one of clientCertificateData and clientKeyData");
  EXPECT_EQ(ErrorOf(Answer(R"("token":"s3cr3t","expirationTimestamp":"soon")")),
            "ExecCredential: status.expirationTimestamp: time 'soon': is not like "
            "'2026-01-01T00:00:00Z'");
}

// A plugin that prints an answer with the number of times that it ran as token.
class ExecCredentialTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    connection_.source = "f";
    connection_.server = "https://h";
    connection_.exec.emplace();
    connection_.exec->command = "/bin/sh";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Script(const std::string& text) { connection_.exec->arguments = {"-c", text}; }
  void CountingScript(const std::string& more = "") {
    Script("echo >> " + folder_ + "/runs; n=$(wc -l < " + folder_ + "/runs); printf '" +
           Answer(R"("token":"%s")" + more) + "' $n");
  }
  std::shared_ptr<ExecCredential> Make(bool may_interact = false) {
    auto made = ExecCredential::Create(connection_, clock_, may_interact);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.value_or(nullptr);
  }
  std::string TokenOf(ExecCredential& source) {
    const auto credential = source.Get();
    return credential.ok() ? credential->authorization : credential.status().ToString();
  }

  const std::string folder_ = ::testing::TempDir() + "exec_" +
                              ::testing::UnitTest::GetInstance()->current_test_info()->name();
  ClusterConnection connection_;
  HandClock clock_;
};

TEST_F(ExecCredentialTest, RunsOnceAndKeepsTheAnswer) {
  CountingScript();
  const auto source = Make();
  EXPECT_EQ(TokenOf(*source), "Bearer 1");
  clock_.now += std::chrono::hours(1000);
  EXPECT_EQ(TokenOf(*source), "Bearer 1");
}

TEST_F(ExecCredentialTest, RunsAgainTenSecondsBeforeTheEnd) {
  CountingScript(R"(,"expirationTimestamp":"1970-01-01T00:01:00Z")");
  const auto source = Make();
  EXPECT_EQ(TokenOf(*source), "Bearer 1");
  clock_.now = Instant(std::chrono::seconds(49));
  EXPECT_EQ(TokenOf(*source), "Bearer 1");
  clock_.now = Instant(std::chrono::seconds(50));
  EXPECT_EQ(TokenOf(*source), "Bearer 2");
}

TEST_F(ExecCredentialTest, RunsAgainAfterARefusal) {
  CountingScript();
  const auto source = Make();
  const auto first = source->Get();
  ASSERT_TRUE(first.ok());
  source->Rejected(*first);
  EXPECT_EQ(TokenOf(*source), "Bearer 2");
  source->Rejected(*first);
  EXPECT_EQ(TokenOf(*source), "Bearer 2");
}

TEST_F(ExecCredentialTest, TellsThePluginWhatItMayDoAndWhere) {
  connection_.exec->interaction = ExecPlugin::Interaction::kIfAvailable;
  connection_.exec->provide_cluster_info = true;
  connection_.exec->environment = {{"GREETING", "hello"}};
  connection_.tls.server_name = "api";
  Script("echo \"$GREETING $KUBERNETES_EXEC_INFO\" > " + folder_ + "/info; echo '" +
         Answer(R"("token":"t")") + "'");
  EXPECT_EQ(TokenOf(*Make(true)), "Bearer t");
  std::string info;
  std::getline(std::ifstream(folder_ + "/info"), info);
  EXPECT_EQ(info,
            R"(hello {"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",)"
            R"("spec":{"cluster":{"server":"https://h","tls-server-name":"api"},)"
            R"("interactive":true}})");
}

TEST_F(ExecCredentialTest, APluginThatMustAskNeedsATerminal) {
  connection_.exec->interaction = ExecPlugin::Interaction::kAlways;
  EXPECT_EQ(ExecCredential::Create(connection_, clock_, false).status().message(),
            "f: exec plugin '/bin/sh' has interactiveMode Always, and there is no terminal");
  EXPECT_TRUE(ExecCredential::Create(connection_, clock_, true).ok());
}

TEST_F(ExecCredentialTest, AMissingProgramIsNamedWithItsHint) {
  connection_.exec->command = "/nonexistent/login";
  connection_.exec->install_hint = "install it";
  EXPECT_EQ(Make()->Get().status().message(),
            "f: exec plugin '/nonexistent/login': No such file or directory; install it");
}

TEST_F(ExecCredentialTest, BrokenPluginsAreUnavailableAndTellNoSecret) {
  for (const char* script : {"echo s3cr3t; exit 3", "kill -9 $$", "echo s3cr3t"}) {
    Script(script);
    const absl::Status status = Make()->Get().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    EXPECT_THAT(status.message(), HasSubstr("f: exec plugin '/bin/sh': "));
    EXPECT_THAT(status.message(), Not(HasSubstr("s3cr3t")));
  }
}

TEST(RunChildTest, EndsWhatRunsTooLongOrPrintsTooMuch) {
  SystemClock clock;
  ChildProcess child{.command = "sleep", .arguments = {"1000"}};
  child.timeout = std::chrono::milliseconds(50);
  const auto slow = RunChild(child, clock);
  EXPECT_EQ(slow.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(slow.status().message(), "'sleep': did not end within 50ms");
  ChildProcess loud{.command = "yes"};
  loud.largest_output = Bytes(1000);
  const auto much = RunChild(loud, clock);
  EXPECT_EQ(much.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(much.status().message(), "'yes': printed more than 1000 bytes");
}

TEST(RunChildTest, EndsWhatClosesItsOutputAndStays) {
  const SystemClock clock;
  const auto silent = RunChild({.command = "sh",
                                .arguments = {"-c", "exec >&-; exec sleep 600"},
                                .timeout = std::chrono::milliseconds(300)},
                               clock);
  EXPECT_TRUE(absl::IsDeadlineExceeded(silent.status())) << silent.status();
  EXPECT_THAT(silent.status().ToString(), HasSubstr("did not end within 300ms"));
}

TEST(RunChildTest, GivesWhatWasPrinted) {
  SystemClock clock;
  const auto text = RunChild({.command = "printf", .arguments = {"a%sb", "-"}}, clock);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, "a-b");
  EXPECT_EQ(*RunChild({.command = "cat"}, clock), "");
}

}  // namespace
}  // namespace trimtab
