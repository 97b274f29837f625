#include "trimtab/server/http2_session.h"

#include <gtest/gtest.h>

#include "trimtab/server/pending_answer.h"
#include "trimtab/server/testing/http2_client.h"

namespace trimtab {
namespace {

class Http2SessionTest : public ::testing::Test {
 protected:
  // Lets both sides talk until neither has anything to say; `step` bytes at a time.
  void Talk(std::size_t step = 1'000'000) {
    for (int turn = 0; turn < 100; ++turn) {
      const std::string to_server = client_.TakeOutput();
      for (std::size_t at = 0; at < to_server.size() && is_open_; at += step) {
        is_open_ = session_->Receive(std::string_view(to_server).substr(at, step));
      }
      const std::string to_client = session_->TakeOutput();
      EXPECT_TRUE(client_.Receive(to_client));
      if (to_server.empty() && to_client.empty()) return;
    }
  }
  testing::Http2Client::Answer& AnswerOf(std::int32_t stream) { return client_.answers[stream]; }

  RequestHandler handler_ = [this](ServedRequest request) -> ServedReply {
    if (request.path == "/later") return pending_.emplace_back(std::make_shared<PendingAnswer>());
    return ServedAnswer{.status = request.is_too_large ? 413 : 200,
                        .headers = {{"content-type", request.Header("content-type")}},
                        .body = request.path == "/none"
                                    ? ""
                                    : request.path + " " + std::to_string(request.body.size()),
                        .trailers = {{"grpc-status", "0"}}};
  };
  BodyBudget budget_{200'000};
  bool is_open_ = true;
  std::vector<std::shared_ptr<PendingAnswer>> pending_;
  testing::Http2Client client_;
  std::unique_ptr<Session> session_ =
      MakeHttp2Session(handler_, budget_, {.largest_body = 100'000, .largest_headers = 2'000});
};

TEST_F(Http2SessionTest, AnswersWithTrailers) {
  const std::int32_t stream = client_.Post("/a", {{"content-type", "application/grpc"}}, "hello");
  Talk();
  EXPECT_TRUE(AnswerOf(stream).is_closed);
  EXPECT_EQ(AnswerOf(stream).error, 0);
  EXPECT_EQ(AnswerOf(stream).headers[":status"], "200");
  EXPECT_EQ(AnswerOf(stream).headers["content-type"], "application/grpc");
  EXPECT_EQ(AnswerOf(stream).headers["grpc-status"], "0");
  EXPECT_EQ(AnswerOf(stream).body, "/a 5");
  EXPECT_TRUE(session_->is_idle());
  EXPECT_EQ(session_->answered(), 1);
  EXPECT_EQ(budget_.taken(), 0);
}

TEST_F(Http2SessionTest, APendingAnswerHoldsUpNoOtherStream) {
  const std::int32_t first = client_.Post("/later", {}, "a");
  const std::int32_t second = client_.Post("/later", {}, "b");
  const std::int32_t third = client_.Post("/x", {}, "c");
  Talk();
  EXPECT_TRUE(AnswerOf(third).is_closed);
  EXPECT_FALSE(AnswerOf(first).is_closed);
  EXPECT_FALSE(session_->is_blocked());
  pending_[1]->Set({.body = "two", .trailers = {{"grpc-status", "0"}}});
  EXPECT_TRUE(session_->Continue());
  Talk();
  EXPECT_EQ(AnswerOf(second).body, "two");
  EXPECT_TRUE(AnswerOf(second).is_closed);
  EXPECT_FALSE(AnswerOf(first).is_closed);
  EXPECT_FALSE(session_->is_idle());
  EXPECT_EQ(session_->answered(), 2);
  pending_[0]->Set({.status = 503});
  EXPECT_TRUE(session_->Continue());
  Talk();
  EXPECT_EQ(AnswerOf(first).headers[":status"], "503");
  EXPECT_TRUE(session_->is_idle());
}

TEST_F(Http2SessionTest, AnswersWithoutABodyInHeadersAlone) {
  const std::int32_t stream = client_.Post("/none", {}, "");
  Talk();
  EXPECT_TRUE(AnswerOf(stream).is_closed);
  EXPECT_EQ(AnswerOf(stream).headers["grpc-status"], "0");
}

TEST_F(Http2SessionTest, AnswersStreamsSideBySideHoweverTheBytesAreCut) {
  std::vector<std::int32_t> streams;
  for (int i = 1; i <= 20; ++i) {
    streams.push_back(client_.Post("/s", {}, std::string(static_cast<std::size_t>(i) * 400, 'x')));
  }
  Talk(13);
  for (std::size_t i = 0; i < streams.size(); ++i) {
    EXPECT_EQ(AnswerOf(streams[i]).body, "/s " + std::to_string(400 * (i + 1)));
  }
}

TEST_F(Http2SessionTest, ABodyAboveItsBoundIsAnsweredBeforeItsEnd) {
  const std::int32_t stream = client_.Post("/big", {}, std::string(150'000, 'x'));
  Talk();
  EXPECT_EQ(AnswerOf(stream).headers[":status"], "413");
  EXPECT_EQ(budget_.taken(), 0);
  // The connection goes on.
  const std::int32_t next = client_.Post("/next", {}, "1");
  Talk();
  EXPECT_EQ(AnswerOf(next).body, "/next 1");
}

TEST_F(Http2SessionTest, ABodyWithoutRoomIsRefusedToBeSentAgain) {
  ASSERT_TRUE(budget_.Take(199'990));
  const std::int32_t stream = client_.Post("/p", {}, std::string(11, 'x'));
  Talk();
  EXPECT_EQ(AnswerOf(stream).error, NGHTTP2_REFUSED_STREAM);
  EXPECT_EQ(budget_.taken(), 199'990);
}

TEST_F(Http2SessionTest, HeadersAreBounded) {
  const std::int32_t stream = client_.Post("/p", {{"x-a", std::string(2'000, 'a')}}, "1");
  Talk();
  EXPECT_NE(AnswerOf(stream).error, 0);
  EXPECT_TRUE(session_->is_idle());
}

TEST_F(Http2SessionTest, GarbageEndsTheConnection) {
  EXPECT_TRUE(session_->Receive(kHttp2Preface));
  session_->Receive(std::string(200, '\xff'));
  session_->TakeOutput();
  EXPECT_FALSE(session_->Receive(std::string(200, '\xff')));
}

TEST_F(Http2SessionTest, AConnectionThatBreaksOffReturnsItsBytes) {
  client_.Post("/p", {}, std::string(10'000, 'x'));
  const std::string bytes = client_.TakeOutput();
  session_->Receive(std::string_view(bytes).substr(0, 5'000));
  EXPECT_GT(budget_.taken(), 1'000);
  session_.reset();
  EXPECT_EQ(budget_.taken(), 0);
}

}  // namespace
}  // namespace trimtab
