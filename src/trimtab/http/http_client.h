// The one class that sends HTTP requests.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/http/credential.h"
#include "trimtab/http/http_message.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// Each item as a file or as PEM text, the text first. Files are read for every new connection, so
// that a certificate may be replaced in place.
struct TlsOptions {
  std::string ca_file{}, ca_pem{};  // none: the system's authorities
  std::string client_certificate_file{}, client_certificate_pem{};
  std::string client_key_file{}, client_key_pem{};
  std::string server_name{};          // expected in the certificate and sent as SNI; URL's if empty
  bool insecure_skip_verify = false;  // accept any certificate
};

// Proxies by the scheme of the URL, as the environment's HTTP_PROXY, HTTPS_PROXY and NO_PROXY give
// them. Loopback addresses and "localhost" are never sent through one. The environment itself is
// not read here.
struct ProxyOptions {
  std::string http{}, https{};  // "http://proxy:3128", "socks5://proxy:1080"; none when empty
  std::string exceptions{};     // comma separated hosts, domains and address blocks; "*" for all
};

struct HttpClientOptions {
  TlsOptions tls{};
  ProxyOptions proxy{};
  std::shared_ptr<CredentialSource> credentials{};  // none when null
  std::string user_agent = "trimtab";
  Duration connect_timeout = std::chrono::seconds(10);  // name look-up, TCP and TLS
  Bytes largest_body = Mebibytes(64);                   // decompressed
  Bytes largest_headers = Bytes(std::int64_t{64} << 10);
};

// Sends requests and keeps connections for the next ones. HTTP/2 where a TLS server offers it;
// gzip answers are decompressed; redirects are refused, since they would carry the credential to
// another host; TLS 1.2 or later. The deadline is measured by libcurl's steady clock on our side.
// A request on a kept connection that the server closed before answering a byte is sent once more
// on a new one.
// Thread-safety: Send may be called from any number of threads; each running request has its own
// connection. Raises no signals. Cost: one connection for each request that ran at the same time.
class HttpClient {
 public:
  // Loads libcurl. kFailedPrecondition as LoadCurl; kInvalidArgument: a bound that is not positive.
  static absl::StatusOr<std::unique_ptr<HttpClient>> Create(HttpClientOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // The answer, of whatever status but a redirect. Errors name method, URL without its secrets,
  // value and bound, and never a header or a body:
  //   kUnavailable         no connection, a reset, a cut body, an answer that is not HTTP
  //   kDeadlineExceeded    timeout, connect_timeout or longest_silence
  //   kResourceExhausted   body or headers above their bound
  //   kFailedPrecondition  a redirect; a certificate, ours or the server's, that is not accepted
  //   kInvalidArgument     a URL, method or header that cannot be sent
  //   kCancelled           by request.stop
  absl::StatusOr<HttpResponse> Send(const HttpRequest& request);

 private:
  class Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Whether the failed request certainly never reached the server: no connection was made. Such a
// request may be sent again, whatever it asks.
bool WasNeverSent(const absl::Status& status);

}  // namespace trimtab
