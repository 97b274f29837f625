// The files of a server with TLS, and of its clients.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "tests/servers/certificates.h"
#include "tests/servers/temporary_folder.h"
#include "trimtab/http/http_client.h"
#include "trimtab/server/server_tls.h"

namespace trimtab::testing {

// An authority, and a folder with what it issued to the server on 127.0.0.1.
class TlsFiles {
 public:
  TlsFiles() { Issue(authority_); }

  // The server's pair, from an authority.
  void Issue(const servers::CertificateAuthority& authority) {
    const auto issued = authority.Issue({.common_name = "server", .names = {"127.0.0.1"}});
    ASSERT_TRUE(issued.ok()) << issued.status();
    Write("tls.crt", issued->certificate);
    Write("tls.key", issued->private_key);
    Write("ca.crt", authority_.certificate());
  }

  std::string Write(std::string_view name, std::string_view content) const {
    const auto written = folder_.Write(name, content);
    EXPECT_TRUE(written.ok()) << written.status();
    return written.value_or("");
  }
  std::string File(std::string_view name) const { return folder_.File(name); }

  ServerTlsFiles server() const {
    return {.certificate_file = File("tls.crt"), .key_file = File("tls.key")};
  }
  ServerTlsFiles server_that_asks_clients() const {
    ServerTlsFiles files = server();
    files.client_ca_file = File("ca.crt");
    return files;
  }
  const servers::CertificateAuthority& authority() const { return authority_; }

  // A client that trusts an authority and shows a certificate, if any.
  static TlsOptions Client(const servers::CertificateAuthority& trusted,
                           const servers::Credentials& own = {}) {
    return {.ca_pem = trusted.certificate(),
            .client_certificate_pem = own.certificate,
            .client_key_pem = own.private_key};
  }

 private:
  servers::TemporaryFolder folder_ = *servers::TemporaryFolder::Make("tls");
  servers::CertificateAuthority authority_ =
      *servers::CertificateAuthority::Create("the authority");
};

}  // namespace trimtab::testing
