// A client of a loopback server that answers as a test tells it, with waits that only are written
// down.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/http/http_client.h"
#include "trimtab/http/testing/loopback_server.h"
#include "trimtab/kubernetes/api_client.h"

namespace trimtab {

class FakeApi {
 public:
  using Request = LoopbackConnection::Request;

  explicit FakeApi(LoopbackServer::Responder respond, RetryOptions retry = {},
                   std::function<absl::Status()> before_write = {},
                   std::function<absl::Status()> before_sent = {})
      : server_(LoopbackServer::EveryRequest(
            [this, respond = std::move(respond)](const Request& request,
                                                 const LoopbackConnection& connection) {
              {
                const std::scoped_lock lock(mutex_);
                requests_.push_back(request);
              }
              respond(request, connection);
            })) {
    auto http = HttpClient::Create({});
    if (!http.ok()) ADD_FAILURE() << http.status();
    ApiClientOptions options{.retry = retry,
                             .before_write = std::move(before_write),
                             .before_sent = std::move(before_sent)};
    options.wait = [this](Duration pause, const std::stop_token& stop) {
      const std::scoped_lock lock(mutex_);
      pauses_.push_back(pause);
      return !stop.stop_requested();
    };
    client_ = std::make_unique<ApiClient>(server_.Url(""), *std::move(http), options);
  }

  ApiClient& client() { return *client_; }
  std::vector<Request> requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }
  std::vector<Duration> pauses() const {
    const std::scoped_lock lock(mutex_);
    return pauses_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Request> requests_;  // guarded by mutex_
  std::vector<Duration> pauses_;   // guarded by mutex_
  LoopbackServer server_;          // its threads use what stands above
  std::unique_ptr<ApiClient> client_;
};

// A metav1.Status.
inline std::string StatusBody(int code, const std::string& reason, const std::string& message = "m",
                              const std::string& details = "{}") {
  return R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":")" + message +
         R"(","reason":")" + reason + R"(","details":)" + details + R"(,"code":)" +
         std::to_string(code) + "}";
}

}  // namespace trimtab
