#include "trimtab/http/credential.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/clock/testing/hand_clock.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class TokenFileTest : public ::testing::Test {
 protected:
  void Write(const std::string& text) { std::ofstream(path_) << text; }
  void TearDown() override { std::filesystem::remove(path_); }

  const std::string path_ = ::testing::TempDir() + "token_" +
                            ::testing::UnitTest::GetInstance()->current_test_info()->name();
  HandClock clock_;
  TokenFile file_{path_, clock_};
};

TEST_F(TokenFileTest, IsReadAgainAfterAMinute) {
  Write("one\n");
  EXPECT_EQ(file_.Get()->authorization, "Bearer one");
  Write("two");
  clock_.now += std::chrono::seconds(59);
  EXPECT_EQ(file_.Get()->authorization, "Bearer one");
  clock_.now += std::chrono::seconds(1);
  EXPECT_EQ(file_.Get()->authorization, "Bearer two");
}

TEST_F(TokenFileTest, IsReadAgainAfterARefusal) {
  Write("one");
  const auto first = file_.Get();
  Write("two");
  file_.Rejected(*first);
  EXPECT_EQ(file_.Get()->authorization, "Bearer two");
}

TEST_F(TokenFileTest, ARefusalOfAnOlderTokenChangesNothing) {
  Write("one");
  ASSERT_TRUE(file_.Get().ok());
  Write("two");
  file_.Rejected({.authorization = "Bearer zero"});
  EXPECT_EQ(file_.Get()->authorization, "Bearer one");
}

TEST_F(TokenFileTest, KeepsTheLastTokenWhileTheFileIsAway) {
  Write("one");
  ASSERT_TRUE(file_.Get().ok());
  std::filesystem::remove(path_);
  clock_.now += std::chrono::minutes(5);
  EXPECT_EQ(file_.Get()->authorization, "Bearer one");
  Write("two");
  EXPECT_EQ(file_.Get()->authorization, "Bearer two");
}

TEST_F(TokenFileTest, WithoutATokenThereIsNoCredential) {
  EXPECT_EQ(file_.Get().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(file_.Get().status().message(), HasSubstr("cannot read '" + path_));
  Write("  \n");
  EXPECT_THAT(file_.Get().status().message(), HasSubstr("token: is empty"));
  Write("se cret");
  EXPECT_THAT(file_.Get().status().message(), Not(HasSubstr("cret'")));
  Write(std::string(70'000, 'a'));
  EXPECT_THAT(file_.Get().status().message(), HasSubstr("70000 bytes, must be at most 65536"));
}

TEST(AuthorizationTest, BasicIsUserAndPasswordInBase64) {
  // RFC 7617, section 2.
  EXPECT_EQ(*BasicAuthorization("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_FALSE(BasicAuthorization("a:b", "c").ok());
}

TEST(ReadSmallFileTest, RefusesFoldersAndLargeFiles) {
  EXPECT_EQ(ReadSmallFile(::testing::TempDir()).status().code(), absl::StatusCode::kNotFound);
  const std::string path = ::testing::TempDir() + "large_small_file";
  std::ofstream(path) << std::string((1U << 20U) + 1, 'a');
  EXPECT_EQ(ReadSmallFile(path).status().code(), absl::StatusCode::kResourceExhausted);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace trimtab
