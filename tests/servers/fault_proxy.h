// Between a program and a server of a test: hands everything on, but for what it is told to spoil.
#pragma once

#include <absl/status/statusor.h>

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <regex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/servers/certificates.h"

struct ssl_ctx_st;

namespace trimtab::servers {

struct FaultProxyOptions {
  uint16_t upstream_port = 0;  // of 127.0.0.1
  // What the proxy shows for the server's certificate; without one both sides are in clear text.
  // The server's own certificate is not looked at.
  Credentials credentials{};
};

// Spoils the requests that both patterns are found in.
struct ProxyFault {
  std::string method = ".*";
  std::string target = ".*";  // "/api/v1/pods?watch=true"
  int code = 503;             // answered in the server's place; 0: the connection is reset
  int retry_after = 0;        // seconds; 0: not said
};

// An answer in the server's place is a Status as a Kubernetes API server sends it, with the reason
// that belongs to the code. Every request has a connection of its own, HTTP/1.1. Ignores SIGPIPE in
// the whole process. Thread-safety: every method from any thread.
class FaultProxy {
 public:
  static absl::StatusOr<std::unique_ptr<FaultProxy>> Start(FaultProxyOptions options);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  // "https://127.0.0.1:PORT", or http without credentials
  const std::string& url() const { return url_; }

  // From the next request on these and no others.
  void Set(std::vector<ProxyFault> faults);
  void Clear() { Set({}); }
  // How many requests were spoiled.
  int met() const { return met_; }
  // Resets the connections on which an answer to such a target is on its way; how many there were.
  int Cut(std::string_view target);

 private:
  struct Exchange;
  struct Rule {
    std::regex method;
    std::regex target;
    ProxyFault fault;
  };

  explicit FaultProxy(FaultProxyOptions options);
  absl::Status Listen();
  absl::Status LoadCredentials();
  void Accept();
  void Serve(Exchange& exchange);
  void HandOn(Exchange& exchange, const std::string& request);
  std::shared_ptr<const ProxyFault> FaultOf(const std::string& method, const std::string& target);

  const FaultProxyOptions options_;
  std::string url_;
  int listener_ = -1;
  std::shared_ptr<ssl_ctx_st> server_context_;
  std::shared_ptr<ssl_ctx_st> client_context_;
  std::atomic<int> met_ = 0;
  std::atomic<bool> ends_ = false;
  std::mutex mutex_;
  std::vector<Rule> rules_;                       // guarded by mutex_
  std::list<std::unique_ptr<Exchange>> running_;  // guarded by mutex_
  std::thread acceptor_;
};

}  // namespace trimtab::servers
