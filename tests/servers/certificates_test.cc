#include "tests/servers/certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <memory>

namespace trimtab::servers {
namespace {

std::shared_ptr<X509> Parse(const std::string& pem) {
  const std::shared_ptr<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                 BIO_free);
  return {PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free};
}

// Whether a client that trusts the authority believes the certificate of a server or client now.
bool Trusts(const CertificateAuthority& authority, const Credentials& credentials, int purpose) {
  const std::shared_ptr<X509_STORE> store(X509_STORE_new(), X509_STORE_free);
  X509_STORE_add_cert(store.get(), Parse(authority.certificate()).get());
  const std::shared_ptr<X509> certificate = Parse(credentials.certificate);
  const std::shared_ptr<X509_STORE_CTX> context(X509_STORE_CTX_new(), X509_STORE_CTX_free);
  X509_STORE_CTX_init(context.get(), store.get(), certificate.get(), nullptr);
  X509_STORE_CTX_set_purpose(context.get(), purpose);
  return X509_verify_cert(context.get()) == 1;
}

class CertificatesTest : public ::testing::Test {
 protected:
  const CertificateAuthority authority_ = CertificateAuthority::Create("ours").value();
  const Credentials server_ =
      authority_.Issue({.common_name = "server", .names = {"localhost", "127.0.0.1"}}).value();
  const Credentials client_ =
      authority_.Issue({.common_name = "admin", .organizations = {"system:masters"}}).value();
};

TEST_F(CertificatesTest, AuthorityIsBelievedForWhatItIssued) {
  EXPECT_TRUE(Trusts(authority_, server_, X509_PURPOSE_SSL_SERVER));
  EXPECT_TRUE(Trusts(authority_, client_, X509_PURPOSE_SSL_CLIENT));
}

TEST_F(CertificatesTest, AnotherAuthorityOfTheSameNameIsNot) {
  const CertificateAuthority other = CertificateAuthority::Create("ours").value();
  EXPECT_FALSE(Trusts(other, server_, X509_PURPOSE_SSL_SERVER));
}

TEST_F(CertificatesTest, ClientIsNoServerNorServerAClient) {
  EXPECT_FALSE(Trusts(authority_, client_, X509_PURPOSE_SSL_SERVER));
  EXPECT_FALSE(Trusts(authority_, server_, X509_PURPOSE_SSL_CLIENT));
}

TEST_F(CertificatesTest, ServerIsItsNamesAndAddressesOnly) {
  const std::shared_ptr<X509> certificate = Parse(server_.certificate);
  EXPECT_EQ(X509_check_host(certificate.get(), "localhost", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(certificate.get(), "elsewhere", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "127.0.0.2", 0), 0);
}

TEST_F(CertificatesTest, KeyBelongsToTheCertificate) {
  const std::shared_ptr<BIO> bio(BIO_new_mem_buf(client_.private_key.data(), -1), BIO_free);
  const std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr),
                                      EVP_PKEY_free);
  EXPECT_EQ(X509_check_private_key(Parse(client_.certificate).get(), key.get()), 1);
  EXPECT_EQ(X509_check_private_key(Parse(server_.certificate).get(), key.get()), 0);
}

TEST(TokenTest, IsThirtyTwoDigitsAndNewEachTime) {
  const std::string token = MakeToken().value();
  EXPECT_THAT(token, ::testing::MatchesRegex("[0-9a-f]{32}"));
  EXPECT_NE(token, MakeToken().value());
}

}  // namespace
}  // namespace trimtab::servers
