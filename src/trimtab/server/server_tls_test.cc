// Certificates, keys and the change of them; connections with TLS over real sockets and without.
#include "trimtab/server/server_tls.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <mutex>
#include <random>

#include "tests/servers/child_process.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/server/served_connection.h"
#include "trimtab/server/status_service.h"
#include "trimtab/server/testing/raw_client.h"
#include "trimtab/server/testing/set_clock.h"
#include "trimtab/server/testing/tls_files.h"

namespace trimtab {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::RawClient;
using ::testing::StartsWith;
using testing::TlsFiles;

// The record of a ClientHello that offers one cipher, one signature and one curve; RFC
// 5246, 7.4.1.2.
std::string ClientHello(std::string_view version) {
  const std::string extensions(
      "\0\x0d\0\4\0\2\4\3"     // ecdsa_secp256r1_sha256
      "\0\x0a\0\4\0\2\0\x17",  // P-256
      16);
  std::string hello = std::string(version) + std::string(32, 'r') + std::string("\0\0\2", 3) +
                      std::string("\xc0\x2b\1\0\0\x10", 6) + extensions;
  const auto sized = [](std::size_t size, int bytes) {
    std::string text;
    for (int at = bytes - 1; at >= 0; --at) text += static_cast<char>(size >> (8 * at) & 0xff);
    return text;
  };
  hello = "\1" + sized(hello.size(), 3) + hello;
  return "\x16\3\1" + sized(hello.size(), 2) + hello;
}

class ServerTlsTest : public ::testing::Test {
 protected:
  absl::Status Refused(const ServerTlsFiles& files) const {
    return ServerTls::Create(files, clock_.Now(), nullptr).status();
  }

  // Pages that say "up 1".
  void Serve(SocketServerOptions options) { Serve(std::move(options), clock_); }
  void Serve(SocketServerOptions options, const Clock& clock) {
    options.tls_report = [this](const absl::Status& status) {
      const std::scoped_lock lock(mutex_);
      reports_.push_back(std::string(status.message()));
    };
    auto server = StartStatusServer(
        {*ListenAddress::Parse("127.0.0.1:0")},
        {.metrics = [] { return std::string("up 1\n"); }, .live = {}, .ready = {}}, clock,
        std::move(options));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  std::uint16_t port() const { return server_->ports()[0]; }
  std::string url() const { return fmt::format("https://127.0.0.1:{}/metrics", port()); }

  // The status of the answer, on a connection of its own.
  absl::StatusOr<int> Ask(TlsOptions options) const {
    const auto client = HttpClient::Create({.tls = std::move(options)});
    if (!client.ok()) return client.status();
    HttpRequest request;
    request.url = url();
    const auto response = (*client)->Send(request);
    if (!response.ok()) return response.status();
    EXPECT_EQ(response->body, "up 1\n");
    return response->status;
  }

  std::vector<std::string> reports() {
    const std::scoped_lock lock(mutex_);
    return reports_;
  }

  servers::Credentials ClientOf(const servers::CertificateAuthority& authority) const {
    return *authority.Issue({.common_name = "client"});
  }

  testing::SetClock clock_;
  TlsFiles files_;
  const servers::CertificateAuthority other_ = *servers::CertificateAuthority::Create("another");
  std::mutex mutex_;
  std::vector<std::string> reports_;  // guarded by mutex_
  std::unique_ptr<SocketServer> server_;
  ServedConnection::Shared shared_ = {
      .handler = [](const ServedRequest& /*request*/) { return ServedAnswer(); },
      .budget = BodyBudget(1'000),
      .limits = {}};
};

TEST_F(ServerTlsTest, WhatIsWrongWithAFileIsSaidOfIt) {
  EXPECT_TRUE(Refused(files_.server_that_asks_clients()).ok());
  const auto with = [&](auto change) {
    ServerTlsFiles files = files_.server_that_asks_clients();
    change(files);
    return std::string(Refused(files).message());
  };
  EXPECT_THAT(with([](auto& files) { files.key_file = "/nonexistent/tls.key"; }),
              HasSubstr("cannot read '/nonexistent/tls.key': No such file"));
  EXPECT_THAT(with([](auto& files) { files.key_file.clear(); }), HasSubstr("cannot read ''"));
  EXPECT_THAT(with([](auto& files) { files.certificate_file = files.key_file; }),
              HasSubstr("tls.key' holds no certificate in PEM"));
  EXPECT_THAT(with([](auto& files) { files.key_file = files.certificate_file; }),
              HasSubstr("tls.crt' holds no unencrypted private key in PEM"));
  EXPECT_THAT(with([](auto& files) { files.client_ca_file = files.key_file; }),
              HasSubstr("tls.key' holds no certificate in PEM"));
  const std::string other_key = files_.Write("other.key", ClientOf(other_).private_key);
  EXPECT_THAT(with([&](auto& files) { files.key_file = other_key; }),
              AllOf(HasSubstr("other.key' is not the key of"), HasSubstr("tls.crt'")));
  const std::string cut =
      files_.Write("cut.crt", files_.authority().certificate() +
                                  files_.authority().certificate().substr(0, 200) +
                                  "\n-----END CERTIFICATE-----\n");
  EXPECT_THAT(with([&](auto& files) { files.client_ca_file = cut; }),
              HasSubstr("cut.crt' holds a broken certificate after 1 good ones"));
}

TEST_F(ServerTlsTest, AKeyWithAPasswordIsRefusedWithoutAskingForIt) {
  const std::string key = files_.Write("locked.key", R"(-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-128-CBC,0102030405060708090A0B0C0D0E0F10

AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
-----END EC PRIVATE KEY-----
)");
  ServerTlsFiles files = files_.server();
  files.key_file = key;
  EXPECT_THAT(std::string(Refused(files).message()),
              HasSubstr("locked.key' holds no unencrypted private key in PEM"));
}

TEST_F(ServerTlsTest, ClientsThatTrustTheAuthorityAreServed) {
  Serve({.tls = files_.server()});
  EXPECT_EQ(Ask(TlsFiles::Client(files_.authority())).value_or(0), 200);
  const auto wrong = Ask(TlsFiles::Client(other_));
  EXPECT_EQ(wrong.status().code(), absl::StatusCode::kFailedPrecondition) << wrong.status();
  EXPECT_EQ(Ask(TlsFiles::Client(files_.authority())).value_or(0), 200);
}

TEST_F(ServerTlsTest, ClientsHaveToShowACertificateWhereThatIsAsked) {
  Serve({.tls = files_.server_that_asks_clients()});
  const auto& trusted = files_.authority();
  EXPECT_EQ(Ask(TlsFiles::Client(trusted, ClientOf(trusted))).value_or(0), 200);
  EXPECT_FALSE(Ask(TlsFiles::Client(trusted)).ok());
  EXPECT_FALSE(Ask(TlsFiles::Client(trusted, ClientOf(other_))).ok());
  // A certificate of a server is none of a client.
  EXPECT_FALSE(Ask(TlsFiles::Client(
                       trusted, *trusted.Issue({.common_name = "server", .names = {"127.0.0.1"}})))
                   .ok());
}

TEST_F(ServerTlsTest, AChangedPairIsTakenUpWithoutARestart) {
  Serve({.tls = files_.server()});
  EXPECT_EQ(Ask(TlsFiles::Client(files_.authority())).value_or(0), 200);
  files_.Issue(other_);
  clock_.Advance(ServerTls::kRefreshInterval);
  EXPECT_EQ(Ask(TlsFiles::Client(other_)).value_or(0), 200);
  EXPECT_FALSE(Ask(TlsFiles::Client(files_.authority())).ok());
  EXPECT_THAT(reports(), ElementsAre(""));
}

TEST_F(ServerTlsTest, ABrokenPairKeepsTheOldOneAndIsSaidOnce) {
  Serve({.tls = files_.server()});
  const auto good = *files_.authority().Issue({.common_name = "server", .names = {"127.0.0.1"}});
  // The certificate comes before its key, as when files are replaced one after the other.
  files_.Write("tls.crt", good.certificate);
  for (int round = 0; round < 3; ++round) {
    clock_.Advance(ServerTls::kRefreshInterval);
    EXPECT_EQ(Ask(TlsFiles::Client(files_.authority())).value_or(0), 200);
  }
  EXPECT_THAT(reports(), ElementsAre(HasSubstr("is not the key of the certificate")));
  std::filesystem::remove(files_.File("tls.key"));
  clock_.Advance(ServerTls::kRefreshInterval);
  EXPECT_EQ(Ask(TlsFiles::Client(files_.authority())).value_or(0), 200);
  EXPECT_EQ(reports().size(), 2);
  EXPECT_THAT(reports().back(), HasSubstr("cannot read"));
  files_.Write("tls.key", good.private_key);
  clock_.Advance(ServerTls::kRefreshInterval);
  EXPECT_EQ(Ask(TlsFiles::Client(files_.authority())).value_or(0), 200);
  EXPECT_EQ(reports().size(), 3);
  EXPECT_EQ(reports().back(), "");
}

TEST_F(ServerTlsTest, AChangedAuthorityOfClientsIsTakenUp) {
  Serve({.tls = files_.server_that_asks_clients()});
  const TlsOptions client = TlsFiles::Client(files_.authority(), ClientOf(other_));
  EXPECT_FALSE(Ask(client).ok());
  files_.Write("ca.crt", files_.authority().certificate() + other_.certificate());
  clock_.Advance(ServerTls::kRefreshInterval);
  EXPECT_EQ(Ask(client).value_or(0), 200);
}

TEST_F(ServerTlsTest, TheVersionOfHttpIsAgreedOnByAlpn) {
  Serve({.tls = files_.server()});
  const auto curl = [&](const std::string& version) {
    return servers::RunCommand({"/usr/bin/curl", "--silent", "--show-error", version, "--cacert",
                                files_.File("ca.crt"), "--write-out",
                                "%{http_version} %{http_code}", url()});
  };
  if (!std::filesystem::exists("/usr/bin/curl")) GTEST_SKIP() << "curl is not installed";
  EXPECT_EQ(curl("--http2").value_or(""), "up 1\n2 200");
  EXPECT_EQ(curl("--http1.1").value_or(""), "up 1\n1.1 200");
  // Without ALPN the first bytes tell.
  EXPECT_EQ(curl("--no-alpn").value_or(""), "up 1\n1.1 200");
  EXPECT_EQ(curl("--http2-prior-knowledge").value_or(""), "up 1\n2 200");
}

TEST_F(ServerTlsTest, ClearTextIsToldThatThePortSpeaksTls) {
  Serve({.tls = files_.server()});
  RawClient client(port());
  client.Send("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string answer = client.Receive();
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("this port speaks TLS"),
                            HasSubstr("content-length: 29\r\n")));
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, 29);
  EXPECT_EQ(client.Receive(), "");
  RawClient garbage(port());
  garbage.Send(std::string("\0\1\2\3", 4));
  EXPECT_EQ(garbage.Receive(), "");
}

TEST_F(ServerTlsTest, OlderVersionsOfTlsAreRefused) {
  Serve({.tls = files_.server()});
  RawClient old(port());
  old.Send(ClientHello("\3\2"));  // 1.1
  // An alert (21), fatal (2), protocol_version (70).
  const std::string alert = old.Receive();
  ASSERT_EQ(alert.size(), 7);
  EXPECT_EQ(alert[0], 21);
  EXPECT_EQ(alert.substr(5), "\2\x46");
  RawClient current(port());
  current.Send(ClientHello("\3\3"));  // 1.2
  EXPECT_EQ(current.Receive()[0], 0x16);
}

TEST_F(ServerTlsTest, AHandshakeThatTricklesIsEnded) {
  SystemClock clock;
  SocketServerOptions options = {.tls = files_.server()};
  options.connections.handshake_timeout = std::chrono::milliseconds(50);
  Serve(options, clock);
  RawClient client(port());
  client.Send(ClientHello("\3\3").substr(0, 30));
  EXPECT_EQ(client.Receive(), "");
}

TEST_F(ServerTlsTest, NoByteMakesTheTimeOfAHandshakeLonger) {
  const auto tls = ServerTls::Create(files_.server(), clock_.Now(), nullptr);
  ASSERT_TRUE(tls.ok()) << tls.status();
  ServedConnection connection(shared_, (*tls)->Accept(), clock_.Now());
  for (const char byte : ClientHello("\3\3").substr(0, 10)) {
    EXPECT_FALSE(connection.HasTimedOut(clock_.Now()));
    clock_.Advance(shared_.limits.handshake_timeout / 10);
    connection.Receive(std::string(1, byte), clock_.Now());
  }
  EXPECT_FALSE(connection.HasTimedOut(clock_.Now()));
  clock_.Advance(Duration(1));
  EXPECT_TRUE(connection.HasTimedOut(clock_.Now()));
}

TEST_F(ServerTlsTest, BytesOfAnyKindAreEndedWithoutHarm) {
  const auto tls = ServerTls::Create(files_.server(), clock_.Now(), nullptr);
  ASSERT_TRUE(tls.ok()) << tls.status();
  std::mt19937_64 random(1);  // any sequence does
  int over = 0;
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes = ClientHello("\3\3");
    const std::size_t changes = 1 + random() % 4;
    for (std::size_t change = 0; change < changes; ++change) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    bytes += ClientHello("\3\3").substr(0, random() % 60);
    ServedConnection connection(shared_, (*tls)->Accept(), clock_.Now());
    for (std::size_t at = 0; at < bytes.size(); at += 7) {
      connection.Receive(std::string_view(bytes).substr(at, 7), clock_.Now());
    }
    over += connection.is_over() ? 1 : 0;
    EXPECT_LE(connection.output().size(), 4'096);
  }
  EXPECT_GT(over, 1'000);
}

}  // namespace
}  // namespace trimtab
