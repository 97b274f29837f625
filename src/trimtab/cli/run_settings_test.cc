// What `trimtab run` is set to, and what it shows of that.
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/program.h"
#include "trimtab/cli/progress.h"

namespace trimtab {
namespace {

using testing::HasSubstr;
using testing::Not;

class RunSettingsTest : public testing::Test {
 protected:
  ~RunSettingsTest() override { std::filesystem::remove(file_); }

  // What `trimtab run --print-config` prints, on both streams, with `text` as its file.
  std::string Print(const std::string& text, const std::vector<std::string>& more = {}) {
    std::ofstream(file_) << text;
    std::vector<std::string> words = {"run", "--config",      file_, "--lease-namespace",
                                      "x",   "--print-config"};
    words.insert(words.end(), more.begin(), more.end());
    std::ostringstream printed;
    std::atomic<bool> stop = false;
    Progress progress(printed, false);
    Context context{
        .out = printed, .err = printed, .color = false, .progress = progress, .stop = stop};
    constexpr std::array kCommands = {
        Command{.name = "run", .description = "", .examples = "", .declare = DeclareRun}};
    RunProgram(kCommands, words, context);
    return printed.str();
  }

 private:
  const std::string file_ = testing::TempDir() + "/run_settings_test.yaml";
};

TEST_F(RunSettingsTest, NoSecretIsPrinted) {
  const std::string printed = Print(R"(
sources:
  prometheus:
    url: "http://user:s3cret-1@prometheus:9090/p?token=s3cret-2"
    headers: {Authorization: s3cret-3}
  jaeger: {url: "http://user:s3cret-4@jaeger:16686"}
  otlp: {peerUrl: "http://user:s3cret-5@{holder}.peers:4318"}
)",
                                    {"--prometheus-header", "X-Api-Key: s3cret-6"});
  EXPECT_THAT(printed, Not(HasSubstr("s3cret"))) << printed;
  EXPECT_THAT(printed, HasSubstr("http://prometheus:9090/p?token=***"));
  EXPECT_THAT(printed, HasSubstr("http://{holder}.peers:4318"));
  EXPECT_THAT(printed, HasSubstr("Authorization: \"(hidden)\""));
}

TEST_F(RunSettingsTest, WhatIsWrongIsToldWithoutSecrets) {
  for (const char* text : {"sources: {prometheus: {headers: s3cret}}",
                           "sources: {prometheus: {headers: {Authorization: [s3cret]}}}",
                           "sources: {prometheus: {header: s3cret}}", "tls: {keyFile: [s3cret]}"}) {
    EXPECT_THAT(Print(text), Not(HasSubstr("s3cret"))) << text;
  }
  EXPECT_THAT(Print("mode: Recommend", {"--prometheus-header", "s3cret"}),
              Not(HasSubstr("s3cret")));
}

TEST_F(RunSettingsTest, NothingIsServedInClearTextBeyondLoopbackUnlessAsked) {
  for (const char* listener : {"metrics", "health", "otlp"}) {
    const std::string flag = std::string("--listen-") + listener;
    EXPECT_THAT(Print("mode: Recommend", {flag, "0.0.0.0:4318"}), HasSubstr("in clear text"))
        << listener;
    EXPECT_THAT(Print("mode: Recommend", {flag, "[::]:4318"}), HasSubstr("in clear text"))
        << listener;
    EXPECT_THAT(Print("mode: Recommend", {flag, "127.0.0.1:4318"}), Not(HasSubstr("in clear text")))
        << listener;
    EXPECT_THAT(Print("mode: Recommend", {flag, "0.0.0.0:4318", "--allow-clear-text"}),
                HasSubstr("allowClearText"))
        << listener;
  }
}

}  // namespace
}  // namespace trimtab
