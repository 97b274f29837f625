#include "trimtab/http/http_message.h"

#include <chrono>

#include "gtest/gtest.h"

namespace trimtab {
namespace {

TEST(HttpResponseTest, FindsTheFirstHeaderInAnyCase) {
  const HttpResponse response{.headers = {{"X-A", "1"}, {"x-a", "2"}}};
  ASSERT_NE(response.Header("x-A"), nullptr);
  EXPECT_EQ(*response.Header("x-A"), "1");
  EXPECT_EQ(response.Header("x"), nullptr);
}

TEST(RetryAfterTest, ReadsSeconds) {
  EXPECT_EQ(RetryAfter({.headers = {{"Retry-After", "3"}}}), std::chrono::seconds(3));
  EXPECT_EQ(RetryAfter({.headers = {{"Retry-After", "4000000000"}}}), std::chrono::hours(24));
}

TEST(RetryAfterTest, IsAbsentForAnythingElse) {
  EXPECT_FALSE(RetryAfter({}).has_value());
  for (const char* text : {"", "-1", "1.5", "1s", "99999999999", "Wed, 21 Oct 2026 07:28:00 GMT"}) {
    EXPECT_FALSE(RetryAfter({.headers = {{"Retry-After", text}}}).has_value()) << text;
  }
}

}  // namespace
}  // namespace trimtab
