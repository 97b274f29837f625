#include "trimtab/http/http_client.h"

#include <algorithm>
#include <cctype>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/http/curl_library.h"
#include "trimtab/http/curl_transfer.h"
#include "trimtab/http/url.h"

namespace trimtab {
namespace {

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool IsHeaderValue(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c == '\t' || (c >= 0x20 && c != 0x7f); });
}

// What could smuggle a second request or header past the caller.
absl::Status Check(const HttpRequest& request) {
  const auto invalid = [&](std::string_view what) {
    return absl::InvalidArgumentError(fmt::format("{}: {}", PrintableUrl(request.url), what));
  };
  if (!IsToken(request.method)) return invalid("the method is not a word");
  for (const HttpHeader& header : request.headers) {
    if (!IsToken(header.name)) return invalid("the name of a header is not a word");
    if (!IsHeaderValue(header.value)) {
      return invalid(fmt::format("header '{}' has a control character", header.name));
    }
  }
  return absl::OkStatus();
}

absl::Status Check(const HttpClientOptions& options) {
  if (options.largest_body.value() <= 0 || options.largest_headers.value() <= 0 ||
      options.connect_timeout.count() <= 0) {
    return absl::InvalidArgumentError(fmt::format(
        "HTTP client: largest_body {}, largest_headers {} and connect_timeout {} ns must be above "
        "0",
        options.largest_body.value(), options.largest_headers.value(),
        options.connect_timeout.count()));
  }
  return absl::OkStatus();
}

}  // namespace

class HttpClient::Impl {
 public:
  Impl(const CurlLibrary& curl, HttpClientOptions options)
      : curl_(curl), options_(std::move(options)) {}

  absl::StatusOr<HttpResponse> Send(const HttpRequest& request) {
    auto url = ParseUrl(request.url);
    if (!url.ok()) return url.status();
    if (absl::Status status = Check(request); !status.ok()) return status;
    if (options_.credentials == nullptr) return SendAs(request, *url, {});
    auto credential = options_.credentials->Get();
    if (!credential.ok()) return credential.status();
    auto response = SendAs(request, *url, *credential);
    if (!response.ok() || response->status != 401) return response;
    options_.credentials->Rejected(*credential);
    auto other = options_.credentials->Get();
    if (!other.ok() || *other == *credential) return response;
    return SendAs(request, *url, *other);
  }

 private:
  absl::StatusOr<HttpResponse> SendAs(const HttpRequest& request, const Url& url,
                                      const Credential& credential) {
    std::unique_ptr<CurlConnection> connection = Take();
    auto response = CurlTransfer(*connection, options_, request, url, credential).Run();
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(connection));
    return response;
  }

  // The connection used last, which the server is least likely to have closed.
  std::unique_ptr<CurlConnection> Take() {
    {
      const std::scoped_lock lock(mutex_);
      if (!idle_.empty()) {
        auto connection = std::move(idle_.back());
        idle_.pop_back();
        return connection;
      }
    }
    return std::make_unique<CurlConnection>(curl_);
  }

  const CurlLibrary& curl_;
  const HttpClientOptions options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<CurlConnection>> idle_;  // guarded by mutex_
};

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::~HttpClient() = default;

absl::StatusOr<std::unique_ptr<HttpClient>> HttpClient::Create(HttpClientOptions options) {
  if (absl::Status status = Check(options); !status.ok()) return status;
  auto curl = LoadCurl();
  if (!curl.ok()) return curl.status();
  return std::unique_ptr<HttpClient>(
      new HttpClient(std::make_unique<Impl>(**curl, std::move(options))));
}

absl::StatusOr<HttpResponse> HttpClient::Send(const HttpRequest& request) {
  return impl_->Send(request);
}

bool WasNeverSent(const absl::Status& status) {
  return status.GetPayload(absl::string_view(kNeverSentPayload.data(), kNeverSentPayload.size()))
      .has_value();
}

}  // namespace trimtab
