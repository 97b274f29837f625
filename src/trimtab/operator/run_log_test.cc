// The lines that the controller writes of its work.
#include "trimtab/operator/run_log.h"

#include <chrono>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/controller/testing/fake_world.h"

namespace trimtab {
namespace {

class RunLogTest : public testing::Test {
 protected:
  std::string Written(LogFormat format, const std::string& value) {
    std::ostringstream out;
    RunLog(out, clock_, format, LogLevel::kInfo).Warn("told", {{"error", value}});
    return out.str();
  }
  FakeClock clock_;
};

TEST_F(RunLogTest, WhatOthersSayCannotBeginALine) {
  const std::string forged = "no\n1970-01-01T00:16:40.000Z info  this process leads\x1b[31m";
  EXPECT_EQ(Written(LogFormat::kText, forged),
            "1970-01-01T00:16:40.000Z warn  told error=no\\x0a1970-01-01T00:16:40.000Z info  this "
            "process leads\\x1b[31m\n");
  EXPECT_EQ(Written(LogFormat::kJson, "a\nb"),
            R"({"ts":"1970-01-01T00:16:40.000Z","level":"warn","msg":"told","error":"a\nb"})"
            "\n");
}

TEST_F(RunLogTest, TextThatIsNotUtf8IsWrittenAllTheSame) {
  EXPECT_THAT(Written(LogFormat::kJson, "\xff"), testing::HasSubstr("\"error\":"));
}

TEST_F(RunLogTest, LessThanTheLeastLevelIsLeftOut) {
  std::ostringstream out;
  RunLog log(out, clock_, LogFormat::kText, LogLevel::kWarn);
  log.Info("this process leads");
  EXPECT_EQ(out.str(), "");
  log.Error("the lease was lost");
  EXPECT_EQ(out.str(), "1970-01-01T00:16:40.000Z error the lease was lost\n");
}

}  // namespace
}  // namespace trimtab
