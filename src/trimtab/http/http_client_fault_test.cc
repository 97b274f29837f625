// Servers that are slow, silent, cut off, too large or not HTTP, and requests that cannot be sent.
#include <chrono>
#include <cstdlib>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/http/http_client.h"
#include "trimtab/http/testing/loopback_server.h"

namespace trimtab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSecret = "s3cr3t";

// Sends with a secret in every place that may hold one, and sees that no error shows it.
absl::Status ErrorOf(HttpRequest request, HttpClientOptions options = {}) {
  options.credentials = std::make_shared<FixedCredential>(
      Credential{.authorization = std::string("Bearer ") + kSecret});
  request.url +=
      std::string(request.url.find('?') == std::string::npos ? "?" : "&") + "token=" + kSecret;
  request.headers.push_back({"X-Key", kSecret});
  auto client = HttpClient::Create(std::move(options));
  if (!client.ok()) return client.status();
  const absl::Status status = (*client)->Send(request).status();
  EXPECT_THAT(status.ToString(), Not(HasSubstr(kSecret)));
  return status;
}

LoopbackServer::Handler AnswersWith(std::string bytes) {
  return [bytes = std::move(bytes)](LoopbackConnection& connection) {
    if (connection.Read()) connection.Write(bytes);
  };
}

void ExpectUnavailable(const std::string& bytes, std::string_view why) {
  const LoopbackServer server(AnswersWith(bytes));
  const absl::Status status = ErrorOf({.url = server.Url("/x")});
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(status.message(), HasSubstr("GET " + server.Url("/x?token=***") + ": "));
  EXPECT_THAT(status.message(), HasSubstr(std::string(why)));
  EXPECT_FALSE(WasNeverSent(status));
}

TEST(HttpClientFaultTest, TheDeadlineHoldsForASilentServer) {
  const LoopbackServer server([](LoopbackConnection& connection) { connection.WaitForClose(); });
  const absl::Status status = ErrorOf({.url = server.Url(), .timeout = milliseconds(60)});
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(status.message(), HasSubstr("no complete answer within 60ms"));
}

TEST(HttpClientFaultTest, TheDeadlineHoldsForAServerThatDrips) {
  const LoopbackServer server([](LoopbackConnection& connection) {
    if (!connection.Read()) return;
    connection.BeginChunks();
    while (connection.Chunk("x")) {
    }
  });
  const absl::Status status =
      ErrorOf({.url = server.Url(), .timeout = milliseconds(60), .on_chunk = [](std::string_view) {
                 return true;
               }});
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
}

TEST(HttpClientFaultTest, ASilentStreamEnds) {
  const LoopbackServer server([](LoopbackConnection& connection) {
    if (!connection.Read()) return;
    connection.BeginChunks();
    connection.Chunk("x");
    connection.WaitForClose();
  });
  const absl::Status status = ErrorOf({.url = server.Url(),
                                       .timeout = seconds(60),
                                       .longest_silence = seconds(1),
                                       .on_chunk = [](std::string_view) { return true; }});
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(status.message(), HasSubstr("no byte for 1s, the longest silence allowed"));
}

TEST(HttpClientFaultTest, AnEmptyAnswerIsNone) { ExpectUnavailable("", "Empty reply"); }

TEST(HttpClientFaultTest, ACutBodyIsNone) {
  ExpectUnavailable("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "remaining");
  ExpectUnavailable("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal", "");
}

TEST(HttpClientFaultTest, CutHeadersAreNone) {
  ExpectUnavailable("HTTP/1.1 200 OK\r\nContent-Le", "the headers are cut off");
}

TEST(HttpClientFaultTest, GarbageIsNoAnswer) {
  ExpectUnavailable("SSH-2.0-OpenSSH_9.2\r\n", "HTTP/0.9");
  ExpectUnavailable("HTTP/1.1 abc\r\n\r\n", "");
  ExpectUnavailable("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "");
}

TEST(HttpClientFaultTest, AResetIsUnavailable) {
  const LoopbackServer server([](LoopbackConnection& connection) {
    if (!connection.Read()) return;
    connection.BeginChunks();
    connection.Chunk("x");
    connection.Reset();
  });
  std::string seen;
  const absl::Status status =
      ErrorOf({.url = server.Url(), .on_chunk = [&](std::string_view chunk) {
                 seen += chunk;
                 return true;
               }});
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
}

TEST(HttpClientFaultTest, BodiesAreBounded) {
  const LoopbackServer server(LoopbackServer::EveryRequest(
      [](const LoopbackConnection::Request&, const LoopbackConnection& connection) {
        connection.Answer(200, std::string(1001, 'x'));
      }));
  const absl::Status status = ErrorOf({.url = server.Url()}, {.largest_body = Bytes(1000)});
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), HasSubstr("the body has more than 1000 bytes"));
  EXPECT_TRUE(ErrorOf({.url = server.Url()}, {.largest_body = Bytes(1001)}).ok());
}

TEST(HttpClientFaultTest, HeadersAreBounded) {
  const LoopbackServer server(LoopbackServer::EveryRequest(
      [](const LoopbackConnection::Request&, const LoopbackConnection& connection) {
        connection.Answer(200, "", "X-Long: " + std::string(5000, 'x') + "\r\n");
      }));
  const absl::Status status = ErrorOf({.url = server.Url()}, {.largest_headers = Bytes(4096)});
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), HasSubstr("the headers have more than 4096 bytes"));
}

TEST(HttpClientFaultTest, RedirectsAreRefusedAndTheirSecretsNotShown) {
  const LoopbackServer server(LoopbackServer::EveryRequest(
      [](const LoopbackConnection::Request&, const LoopbackConnection& connection) {
        connection.Answer(302, "", "Location: https://u:s3cr3t@evil.invalid/?token=s3cr3t\r\n");
      }));
  const absl::Status status = ErrorOf({.url = server.Url()});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(),
              HasSubstr("answered 302 with a redirect to 'https://evil.invalid/?token=***'"));
}

TEST(HttpClientFaultTest, NobodyListening) {
  const std::string url = "http://127.0.0.1:" + std::to_string(UnusedPort()) + "/";
  const absl::Status status = ErrorOf({.method = "POST", .url = url});
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(WasNeverSent(status));
}

TEST(HttpClientFaultTest, CancelledFromAnotherThread) {
  std::stop_source stop;
  const LoopbackServer server([&stop](LoopbackConnection& connection) {
    if (!connection.Read()) return;
    stop.request_stop();
    connection.WaitForClose();
  });
  const absl::Status status =
      ErrorOf({.url = server.Url(), .timeout = seconds(60), .stop = stop.get_token()});
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(status.message(), HasSubstr(": cancelled"));
}

TEST(HttpClientFaultTest, CancelledBeforeItBegan) {
  std::stop_source stop;
  stop.request_stop();
  const LoopbackServer server([](LoopbackConnection& connection) { connection.WaitForClose(); });
  EXPECT_EQ(ErrorOf({.url = server.Url(), .stop = stop.get_token()}).code(),
            absl::StatusCode::kCancelled);
}

TEST(HttpClientFaultTest, TlsAgainstAClearTextServerIsUnavailable) {
  const LoopbackServer server(
      [](LoopbackConnection& connection) { connection.Write("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  const std::string url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
  EXPECT_EQ(ErrorOf({.url = url, .timeout = seconds(5)}).code(), absl::StatusCode::kUnavailable);
}

TEST(HttpClientFaultTest, ACertificateThatCannotBeReadIsNamed) {
  const absl::Status status = ErrorOf({.url = "https://127.0.0.1:" + std::to_string(UnusedPort())},
                                      {.tls = {.ca_file = "/nonexistent/ca.crt"}});
  EXPECT_FALSE(status.ok());
}

TEST(HttpClientFaultTest, RefusesWhatCannotBeSent) {
  const auto why = [](HttpRequest request) {
    const absl::Status status = ErrorOf(std::move(request));
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(why({.url = "gopher://h/"}), HasSubstr("must begin with http:// or https://"));
  EXPECT_THAT(why({.method = "GET /", .url = "http://h/"}), HasSubstr("method is not a word"));
  EXPECT_THAT(why({.url = "http://h/", .headers = {{"A", "x\r\nB: y"}}}),
              HasSubstr("header 'A' has a control character"));
  EXPECT_THAT(why({.url = "http://h/", .headers = {{"A B", "x"}}}),
              HasSubstr("the name of a header is not a word"));
}

TEST(HttpClientFaultTest, BoundsMustBePositive) {
  EXPECT_EQ(HttpClient::Create({.largest_body = Bytes(0)}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(HttpClientFaultTest, TheEnvironmentsProxyIsNotUsed) {
  const char* before = std::getenv("http_proxy");
  setenv("http_proxy", "http://proxy.invalid:1", 1);
  const LoopbackServer server(AnswersWith("HTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_TRUE(ErrorOf({.url = server.Url()}).ok());
  if (before == nullptr) {
    unsetenv("http_proxy");
  } else {
    setenv("http_proxy", before, 1);
  }
}

}  // namespace
}  // namespace trimtab
