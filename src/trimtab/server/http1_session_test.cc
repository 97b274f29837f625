#include "trimtab/server/http1_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trimtab/server/pending_answer.h"

namespace trimtab {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Answers with what it was asked.
class Http1SessionTest : public ::testing::Test {
 protected:
  // What comes back for the bytes, given `step` at a time.
  std::string Send(std::string_view bytes, std::size_t step = 1'000'000) {
    std::string output;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
      is_open_ = session_->Receive(bytes.substr(0, step));
      output += session_->TakeOutput();
      if (!is_open_) break;
    }
    return output;
  }

  // What comes back once the last request that waits has its answer.
  std::string AnswerLater(std::string body) {
    pending_.back()->Set({.body = std::move(body)});
    is_open_ = session_->Continue();
    return session_->TakeOutput();
  }

  RequestHandler handler_ = [this](ServedRequest request) -> ServedReply {
    ++requests_;
    if (request.path == "/later") return pending_.emplace_back(std::make_shared<PendingAnswer>());
    const std::string size =
        request.is_too_large ? "too large" : std::to_string(request.body.size());
    return ServedAnswer{.status = request.is_too_large ? 413 : 200,
                        .headers = {{"content-type", "text/plain"}},
                        .body = request.method + " " + request.path + " " +
                                request.Header("x-name") + " " + size + "\n",
                        .trailers = {}};
  };
  BodyBudget budget_{100};
  int requests_ = 0;
  std::vector<std::shared_ptr<PendingAnswer>> pending_;
  bool is_open_ = true;
  std::unique_ptr<Session> session_ =
      MakeHttp1Session(handler_, budget_, {.largest_body = 50, .largest_headers = 300});
};

constexpr std::string_view kPost =
    "POST /v1/traces?a=1 HTTP/1.1\r\nHost: h\r\nX-Name: n\r\nContent-Length: 5\r\n\r\nhello";

TEST_F(Http1SessionTest, AnswersARequestHoweverItIsCut) {
  const std::string whole = Send(kPost);
  EXPECT_EQ(whole,
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 24\r\n\r\n"
            "POST /v1/traces?a=1 n 5\n");
  for (const std::size_t step : {1, 2, 7}) EXPECT_EQ(Send(kPost, step), whole);
  EXPECT_TRUE(is_open_);
  EXPECT_TRUE(session_->is_idle());
  EXPECT_EQ(session_->answered(), 4);
  EXPECT_EQ(budget_.taken(), 0);
}

TEST_F(Http1SessionTest, AnswersRequestsThatDoNotWaitForOneAnotherInTheirOrder) {
  const std::string two = std::string(kPost) + "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string output = Send(two);
  EXPECT_LT(output.find("POST /v1/traces"), output.find("GET /x"));
  EXPECT_EQ(requests_, 2);
}

TEST_F(Http1SessionTest, WhatFollowsAPendingAnswerWaitsForIt) {
  const std::string later = "GET /later HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string next = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_EQ(Send(later + next.substr(0, 9)), "");
  EXPECT_TRUE(session_->is_blocked());
  EXPECT_FALSE(session_->is_idle());
  EXPECT_EQ(Send(next.substr(9) + later + next, 5), "");
  EXPECT_EQ(requests_, 1);
  EXPECT_TRUE(session_->Continue()) << "nothing has been set";
  // The second is answered, the third is pending, the fourth waits behind it.
  EXPECT_THAT(AnswerLater("first\n"),
              ::testing::AllOf(HasSubstr("first\n"), EndsWith("GET /x  0\n")));
  EXPECT_EQ(requests_, 3);
  EXPECT_TRUE(session_->is_blocked());
  EXPECT_THAT(AnswerLater("third\n"),
              ::testing::AllOf(HasSubstr("third\n"), EndsWith("GET /x  0\n")));
  EXPECT_EQ(session_->answered(), 4);
  EXPECT_TRUE(session_->is_idle());
  EXPECT_TRUE(is_open_);
}

TEST_F(Http1SessionTest, TheLastRequestMayWaitToo) {
  EXPECT_EQ(Send("GET /later HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nmore"), "");
  EXPECT_TRUE(is_open_);
  const std::string answer = AnswerLater("last\n");
  EXPECT_THAT(answer,
              ::testing::AllOf(HasSubstr("connection: close\r\n"), EndsWith("\r\n\r\nlast\n")));
  EXPECT_FALSE(is_open_);
  EXPECT_EQ(requests_, 1);
}

TEST_F(Http1SessionTest, AnAnswerMayComeAfterItsConnectionHasGone) {
  Send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  session_.reset();
  pending_.back()->Set({.status = 200});
  EXPECT_TRUE(pending_.back()->Take().has_value());
}

TEST_F(Http1SessionTest, TakesBodiesInChunks) {
  EXPECT_THAT(Send("POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
              EndsWith("POST /p  5\n"));
}

TEST_F(Http1SessionTest, ClosesWhenTheClientWantsIt) {
  EXPECT_THAT(Send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"),
              HasSubstr("connection: close\r\n"));
  EXPECT_FALSE(is_open_);
  EXPECT_FALSE(session_->Receive(kPost));
  EXPECT_EQ(session_->TakeOutput(), "");
}

TEST_F(Http1SessionTest, HeadHasNoBodyAndAnUpgradeIsPassedOver) {
  EXPECT_THAT(Send("HEAD / HTTP/1.1\r\n\r\n"), EndsWith("content-length: 10\r\n\r\n"));
  EXPECT_THAT(Send("POST /u HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n"
                   "Content-Length: 2\r\n\r\nab"),
              EndsWith("POST /u  2\n"));
  EXPECT_TRUE(is_open_);
}

TEST_F(Http1SessionTest, WhatIsNoHttpIsRefused) {
  EXPECT_THAT(Send("garbage\r\n\r\n"), StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_FALSE(is_open_);
  EXPECT_EQ(requests_, 0);
}

TEST_F(Http1SessionTest, TwoLengthsAreRefused) {
  EXPECT_THAT(Send("POST / HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
}

TEST_F(Http1SessionTest, HeadersAreBounded) {
  EXPECT_THAT(Send("GET / HTTP/1.1\r\nX-A: " + std::string(300, 'a')),
              StartsWith("HTTP/1.1 431 Request Header Fields Too Large\r\n"));
  EXPECT_FALSE(is_open_);
}

TEST_F(Http1SessionTest, ManyShortHeadersAreBoundedToo) {
  std::string request = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 60; ++i) request += "a: b\r\n";
  EXPECT_THAT(Send(request), StartsWith("HTTP/1.1 431"));
}

TEST_F(Http1SessionTest, ABodyAboveItsBoundIsThrownAway) {
  const std::string body(60, 'b');
  EXPECT_THAT(Send("POST / HTTP/1.1\r\nContent-Length: 60\r\n\r\n" + body, 10),
              StartsWith("HTTP/1.1 413"));
  EXPECT_FALSE(is_open_);
  EXPECT_EQ(budget_.taken(), 0);
}

TEST_F(Http1SessionTest, ABodyInChunksAboveItsBoundIsThrownAway) {
  const std::string chunk = "1e\r\n" + std::string(30, 'c') + "\r\n";
  EXPECT_THAT(
      Send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk + "0\r\n\r\n"),
      StartsWith("HTTP/1.1 413"));
  EXPECT_EQ(budget_.taken(), 0);
}

TEST_F(Http1SessionTest, WhoWaitsForPermissionGetsIt) {
  const std::string output =
      Send("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(output, "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_FALSE(session_->is_idle());
  EXPECT_THAT(Send("hello"), StartsWith("HTTP/1.1 200"));
}

TEST_F(Http1SessionTest, WhoWaitsForPermissionToSendTooMuchIsRefusedAtOnce) {
  EXPECT_THAT(Send("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 51\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_FALSE(is_open_);
}

TEST_F(Http1SessionTest, BodiesOfAllConnectionsShareABudget) {
  ASSERT_TRUE(budget_.Take(98));
  const std::string output = Send(kPost);
  EXPECT_THAT(output, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(output, HasSubstr("retry-after: 2\r\n"));
  session_.reset();
  EXPECT_EQ(budget_.taken(), 98);
}

TEST_F(Http1SessionTest, AConnectionThatBreaksOffReturnsItsBytes) {
  Send(kPost.substr(0, kPost.size() - 2));
  EXPECT_EQ(budget_.taken(), 3);
  session_.reset();
  EXPECT_EQ(budget_.taken(), 0);
}

}  // namespace
}  // namespace trimtab
