// What a client sends to a sound server, and how it reads the answers.
#include "trimtab/http/http_client.h"

#include <zlib.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/http/testing/loopback_server.h"

namespace trimtab {
namespace {

using Request = LoopbackConnection::Request;

std::unique_ptr<HttpClient> MakeClient(HttpClientOptions options = {}) {
  auto client = HttpClient::Create(std::move(options));
  if (!client.ok()) ADD_FAILURE() << client.status();
  return client.ok() ? *std::move(client) : nullptr;
}

LoopbackServer::Handler Echo() {
  return LoopbackServer::EveryRequest(
      [](const Request& request, const LoopbackConnection& connection) {
        std::string text = request.method + " " + request.target + "\n";
        for (const auto& [name, value] : request.headers) text += name + ": " + value + "\n";
        connection.Answer(200, text + "\n" + request.body, "X-Seen: yes\r\n");
      });
}

std::string Gzip(const std::string& text) {
  std::string packed(text.size() + 100, '\0');
  z_stream stream{};
  // 16 asks zlib for a gzip header.
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

TEST(HttpClientTest, SendsMethodTargetHeadersAndBody) {
  const LoopbackServer server(Echo());
  const auto response = MakeClient()->Send({.method = "PATCH",
                                            .url = server.Url("/a?b=c"),
                                            .headers = {{"Content-Type", "x/y"}, {"X-Empty", ""}},
                                            .body = "hello"});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(*response->Header("x-seen"), "yes");
  EXPECT_EQ(response->body,
            "PATCH /a?b=c\naccept: */*\naccept-encoding: gzip\n"
            "content-length: 5\ncontent-type: x/y\nhost: 127.0.0.1:" +
                std::to_string(server.port()) + "\nuser-agent: trimtab\nx-empty: \n\nhello");
}

TEST(HttpClientTest, AnEmptyBodyIsSentAsEmpty) {
  const LoopbackServer server(Echo());
  const auto response = MakeClient()->Send({.method = "POST", .url = server.Url()});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(response->body, ::testing::HasSubstr("content-length: 0\n"));
  EXPECT_THAT(response->body, ::testing::Not(::testing::HasSubstr("content-type")));
}

TEST(HttpClientTest, AnyStatusIsAnAnswer) {
  const LoopbackServer server(LoopbackServer::EveryRequest(
      [](const Request& request, const LoopbackConnection& connection) {
        connection.Answer(std::stoi(request.target.substr(1)), "why", "Retry-After: 7\r\n");
      }));
  const auto client = MakeClient();
  for (const int status : {201, 400, 404, 429, 500, 503}) {
    const auto response = client->Send({.url = server.Url(fmt::format("/{}", status))});
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->status, status);
    EXPECT_EQ(response->body, "why");
    EXPECT_EQ(RetryAfter(*response), std::chrono::seconds(7));
  }
}

TEST(HttpClientTest, RequestsOneAfterAnotherShareAConnection) {
  const LoopbackServer server(Echo());
  const auto client = MakeClient();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client->Send({.url = server.Url()}).ok());
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClientTest, AClosedKeptConnectionIsReplaced) {
  const LoopbackServer server([](LoopbackConnection& connection) {
    if (connection.Read()) connection.Answer(200, "once");
  });
  const auto client = MakeClient();
  for (int i = 0; i < 3; ++i) {
    const auto response = client->Send({.url = server.Url()});
    ASSERT_TRUE(response.ok()) << response.status();
  }
  EXPECT_EQ(server.connections(), 3);
}

TEST(HttpClientTest, ThreadsShareAClient) {
  const LoopbackServer server(Echo());
  const auto client = MakeClient();
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const std::string target = fmt::format("/{}", i);
      for (int j = 0; j < 10; ++j) {
        const auto response = client->Send({.url = server.Url(target)});
        if (response.ok() && response->body.starts_with("GET " + target + "\n")) ++answered;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, 40);
  EXPECT_LE(server.connections(), 4);
}

TEST(HttpClientTest, DecompressesGzip) {
  const std::string text(100'000, 'z');
  const LoopbackServer server(
      LoopbackServer::EveryRequest([&](const Request&, const LoopbackConnection& connection) {
        connection.Answer(200, Gzip(text), "Content-Encoding: gzip\r\n");
      }));
  const auto response = MakeClient()->Send({.url = server.Url()});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, text);
}

TEST(HttpClientTest, HandsOverAStreamPieceByPiece) {
  const LoopbackServer server([](LoopbackConnection& connection) {
    if (!connection.Read()) return;
    connection.BeginChunks();
    for (const char* piece : {"one", "two", "three"}) connection.Chunk(piece);
    connection.EndChunks();
  });
  std::string seen;
  const auto response =
      MakeClient()->Send({.url = server.Url(), .on_chunk = [&](std::string_view chunk) {
                            seen += chunk;
                            return true;
                          }});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(seen, "onetwothree");
  EXPECT_EQ(response->body, "");
  EXPECT_FALSE(response->stopped);
}

TEST(HttpClientTest, TheConsumerMayEndAStream) {
  const LoopbackServer server([](LoopbackConnection& connection) {
    if (!connection.Read()) return;
    connection.BeginChunks();
    connection.Chunk("first");
    connection.WaitForClose();
  });
  const auto response =
      MakeClient()->Send({.url = server.Url(), .on_chunk = [](std::string_view) { return false; }});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(response->stopped);
}

TEST(HttpClientTest, ARefusedStreamHasItsBodyInTheResponse) {
  const LoopbackServer server(
      LoopbackServer::EveryRequest([](const Request&, const LoopbackConnection& connection) {
        connection.Answer(403, "forbidden");
      }));
  bool called = false;
  const auto response = MakeClient()->Send(
      {.url = server.Url(), .on_chunk = [&](std::string_view) { return called = true; }});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 403);
  EXPECT_EQ(response->body, "forbidden");
  EXPECT_FALSE(called);
}

// Gives "Bearer 1", and after a refusal "Bearer 2", up to `last`.
class CountedTokens : public CredentialSource {
 public:
  explicit CountedTokens(int last) : last_(last) {}
  absl::StatusOr<Credential> Get() override {
    return Credential{.authorization = "Bearer " + std::to_string(now_.load())};
  }
  void Rejected(const Credential& /*credential*/) override {
    if (now_ < last_) ++now_;
  }

 private:
  const int last_;
  std::atomic<int> now_ = 1;
};

LoopbackServer::Handler AcceptOnly(std::string authorization, std::atomic<int>& asked) {
  return LoopbackServer::EveryRequest(
      [authorization = std::move(authorization), &asked](const Request& request,
                                                         const LoopbackConnection& connection) {
        ++asked;
        connection.Answer(request.headers.at("authorization") == authorization ? 200 : 401, "");
      });
}

TEST(HttpClientTest, AsksOnceMoreWithAnotherCredentialAfterA401) {
  std::atomic<int> asked = 0;
  const LoopbackServer server(AcceptOnly("Bearer 2", asked));
  const auto client = MakeClient({.credentials = std::make_shared<CountedTokens>(3)});
  EXPECT_EQ(client->Send({.url = server.Url()})->status, 200);
  EXPECT_EQ(asked, 2);
}

TEST(HttpClientTest, A401StandsWhenNoOtherCredentialHelps) {
  std::atomic<int> asked = 0;
  const LoopbackServer server(AcceptOnly("Bearer 9", asked));
  const auto stuck = MakeClient({.credentials = std::make_shared<CountedTokens>(1)});
  EXPECT_EQ(stuck->Send({.url = server.Url()})->status, 401);
  EXPECT_EQ(asked, 1);
  const auto wrong = MakeClient({.credentials = std::make_shared<CountedTokens>(5)});
  EXPECT_EQ(wrong->Send({.url = server.Url()})->status, 401);
  EXPECT_EQ(asked, 3);
}

TEST(HttpClientTest, SendsThroughAProxyByTheSchemeOfTheUrl) {
  const LoopbackServer proxy(Echo());
  const auto client = MakeClient({.proxy = {.http = proxy.Url(), .exceptions = "direct.invalid"}});
  const auto response = client->Send({.url = "http://somewhere.invalid/x"});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(response->body.starts_with("GET http://somewhere.invalid/x\n")) << response->body;
  EXPECT_FALSE(client->Send({.url = "http://direct.invalid/x"}).ok());
}

TEST(HttpClientTest, LoopbackIsNeverSentThroughAProxy) {
  const LoopbackServer server(Echo());
  const auto client = MakeClient({.proxy = {.http = "http://proxy.invalid:1"}});
  EXPECT_TRUE(client->Send({.url = server.Url()}).ok());
}

}  // namespace
}  // namespace trimtab
