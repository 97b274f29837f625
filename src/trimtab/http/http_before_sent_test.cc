// The last look before a request leaves: on the open connection, before its body, each time anew.
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "gtest/gtest.h"
#include "trimtab/http/http_client.h"
#include "trimtab/http/testing/loopback_server.h"

namespace trimtab {
namespace {

using Request = LoopbackConnection::Request;

// Counts the requests that arrive whole, and answers with their body.
class HttpBeforeSentTest : public testing::Test {
 protected:
  void SetUp() override {
    auto client = HttpClient::Create({});
    ASSERT_TRUE(client.ok()) << client.status();
    client_ = *std::move(client);
  }
  absl::StatusOr<HttpResponse> Send(std::string method, std::string body) {
    return client_->Send({.method = std::move(method),
                          .url = server_.Url("/x"),
                          .headers = {{"Content-Type", "application/json"}},
                          .body = std::move(body),
                          .before_sent = [this] {
                            return ++asked_ == refused_at_
                                       ? absl::FailedPreconditionError("the lease is over")
                                       : absl::OkStatus();
                          }});
  }
  // And the server has seen the end of the connection that was open for it.
  void ExpectRefused(const absl::Status& status, int ended) {
    while (ended_ < ended) std::this_thread::yield();
    EXPECT_EQ(status, absl::FailedPreconditionError("the lease is over"));
    EXPECT_FALSE(WasNeverSent(status)) << "it must not be sent again";
    EXPECT_EQ(asked_, refused_at_);
  }

  std::atomic<int> whole_ = 0;
  std::atomic<int> ended_ = 0;
  std::atomic<bool> closes_ = false;  // the connection after each answer, without a word
  LoopbackServer server_{[this](LoopbackConnection& connection) {
    while (const auto request = connection.Read()) {
      ++whole_;
      connection.Answer(200, request->body);
      if (closes_) break;
    }
    ++ended_;
  }};
  int asked_ = 0;
  int refused_at_ = 0;
  std::unique_ptr<HttpClient> client_;
};

TEST_F(HttpBeforeSentTest, ARequestThatMayBeSentArrivesWhole) {
  // More than libcurl asks for at once.
  const std::string large(300'000, 'x');
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    for (const std::string& body : {std::string(), std::string("{}"), large}) {
      asked_ = 0;
      const auto response = Send(method, body);
      ASSERT_TRUE(response.ok()) << method << ": " << response.status();
      EXPECT_EQ(response->body, body);
      EXPECT_GE(asked_, body.empty() ? 1 : 2) << method;
    }
  }
  EXPECT_TRUE(Send("GET", "").ok());
  EXPECT_EQ(whole_, 13);
}

TEST_F(HttpBeforeSentTest, NothingIsSentWhereItIsRefusedOnTheOpenConnection) {
  refused_at_ = 1;
  ExpectRefused(Send("PATCH", "{}").status(), 1);
  EXPECT_EQ(whole_, 0);
}

TEST_F(HttpBeforeSentTest, TheBodyStaysWhereItIsRefusedBeforeIt) {
  refused_at_ = 2;
  ExpectRefused(Send("PATCH", "{}").status(), 1);
  EXPECT_EQ(whole_, 0);
}

TEST_F(HttpBeforeSentTest, AskedAnewOnANewConnection) {
  closes_ = true;
  ASSERT_TRUE(Send("PATCH", "{}").ok());
  const int once = asked_;
  // Whether libcurl finds the kept connection closed before or after it writes to it.
  const auto second = Send("PATCH", "[1]");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->body, "[1]") << "its body from the beginning";
  EXPECT_GE(asked_, 2 * once);
  EXPECT_EQ(server_.connections(), 2);

  asked_ = 0;
  refused_at_ = 1;
  const int before = whole_;
  ExpectRefused(Send("PATCH", "[2]").status(), 2);
  EXPECT_EQ(whole_, before);
}

}  // namespace
}  // namespace trimtab
