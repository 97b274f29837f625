// What is sent over HTTP and what comes back.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url{};
  std::vector<HttpHeader> headers{};
  std::string body{};  // sent with every method but GET and HEAD, also when it is empty

  // From the name look-up to the last byte of the body, whatever the server does.
  Duration timeout = std::chrono::seconds(30);
  // The longest time in which no byte arrives; whole seconds, rounded up. For streams that may be
  // quiet for less than that.
  std::optional<Duration> longest_silence{};
  // Where the body of a 2xx answer goes piece by piece as it arrives, decompressed, instead of into
  // the response; the bound on bodies does not hold for it. False ends the request, which is then
  // answered with `stopped` set. Called on the thread that called Send; must not throw.
  std::function<bool(std::string_view)> on_chunk{};
  // Asked on the open connection immediately before the request leaves, and again immediately
  // before its body does, each time that it is sent: also anew on another connection. An error is
  // the answer: the server gets no whole request. Called on the thread that called Send; must not
  // throw.
  std::function<absl::Status()> before_sent{};
  // Ends the request with kCancelled within milliseconds, from any thread.
  std::stop_token stop{};
};

struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers{};  // in the order received
  std::string body{};                 // decompressed
  bool stopped = false;               // on_chunk ended it

  bool ok() const { return status >= 200 && status < 300; }
  // The first header of that name, in any case of letters; nullptr without one.
  const std::string* Header(std::string_view name) const;
};

// The Retry-After header in seconds, at most a day; none when it is absent or a date, which none
// of the servers that Trimtab speaks to sends.
std::optional<Duration> RetryAfter(const HttpResponse& response);

}  // namespace trimtab
