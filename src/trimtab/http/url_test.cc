#include "trimtab/http/url.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string ErrorOf(const std::string& text) {
  return std::string(ParseUrl(text).status().message());
}

TEST(ParseUrlTest, TakesAUrlApart) {
  const auto url = ParseUrl("HTTPS://user:pass@Example.org:8443/a/b?c=d#e");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "Example.org");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/a/b?c=d");
  EXPECT_EQ(url->Authority(), "Example.org:8443");
}

TEST(ParseUrlTest, FillsInPortAndPath) {
  EXPECT_EQ(ParseUrl("http://h")->port, 80);
  EXPECT_EQ(ParseUrl("https://h?q=1")->port, 443);
  EXPECT_EQ(ParseUrl("https://h?q=1")->target, "/?q=1");
}

TEST(ParseUrlTest, ReadsIpv6InBrackets) {
  const auto url = ParseUrl("https://[fd00::1]:6443");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->host, "fd00::1");
  EXPECT_EQ(url->Authority(), "[fd00::1]:6443");
}

TEST(ParseUrlTest, RefusesWhatIsNoHttpUrl) {
  EXPECT_EQ(ErrorOf("ftp://h/"), "URL 'ftp://h/': must begin with http:// or https://");
  EXPECT_THAT(ErrorOf("localhost:80"), HasSubstr("must begin with http:// or https://"));
  EXPECT_THAT(ErrorOf("http:///x"), HasSubstr("has no host"));
  EXPECT_THAT(ErrorOf("http://[::1/x"), HasSubstr("'[' has no ']'"));
  EXPECT_THAT(ErrorOf("http://[[f]:1/"), HasSubstr("neither a name nor an address"));
  EXPECT_THAT(ErrorOf("http://[ff]/"), HasSubstr("neither a name nor an address"));
  EXPECT_THAT(ErrorOf("http://a,b/"), HasSubstr("neither a name nor an address"));
  EXPECT_THAT(ErrorOf("http://h:0/"), HasSubstr("port '0' is not within 1..65535"));
  EXPECT_THAT(ErrorOf("http://h:65536/"), HasSubstr("port '65536' is not within 1..65535"));
  EXPECT_THAT(ErrorOf("http://h/a b"), HasSubstr("has a space or a control character"));
  EXPECT_THAT(ErrorOf("http://h/a\r\nX: y"), HasSubstr("has a space or a control character"));
  EXPECT_THAT(ErrorOf("http://h/" + std::string(70'000, 'a')), HasSubstr("70009 bytes"));
}

TEST(ParseUrlTest, ErrorsShowNoPassword) {
  EXPECT_THAT(ErrorOf("http://user:hunter2@h:0/"), Not(HasSubstr("hunter2")));
}

TEST(PrintableUrlTest, LeavesOutUserAndSecretParameters) {
  EXPECT_EQ(PrintableUrl("https://u:p@h/x?q=up&access_token=abc&API-KEY=k&z=1"),
            "https://h/x?q=up&access_token=***&API-KEY=***&z=1");
  EXPECT_EQ(PrintableUrl("http://h/@a"), "http://h/@a");
}

TEST(PrintableUrlTest, IsOneBoundedLine) {
  EXPECT_EQ(PrintableUrl("http://h/a\nb"), "http://h/a?b");
  EXPECT_EQ(PrintableUrl("http://h/" + std::string(9'000, 'a')).size(), 512U);
}

TEST(QueryStringTest, EncodesNamesAndValues) {
  EXPECT_EQ(QueryString({{"a", "x y"}, {"labelSelector", "app=web,tier!=db"}}),
            "a=x%20y&labelSelector=app%3Dweb%2Ctier%21%3Ddb");
  EXPECT_EQ(QueryString({}), "");
}

}  // namespace
}  // namespace trimtab
