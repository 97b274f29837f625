// One request through libcurl.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/http/credential.h"
#include "trimtab/http/curl_library.h"
#include "trimtab/http/http_client.h"
#include "trimtab/http/http_message.h"
#include "trimtab/http/url.h"

namespace trimtab {

inline constexpr std::string_view kNeverSentPayload = "trimtab.dev/request-never-sent";

// A libcurl handle with its connections. Thread-safety: one request at a time.
struct CurlConnection {
  explicit CurlConnection(const CurlLibrary& library)
      : curl(library), multi(library.multi_init()), easy(library.easy_init()) {}
  ~CurlConnection() {
    if (easy != nullptr) curl.easy_cleanup(easy);
    if (multi != nullptr) curl.multi_cleanup(multi);
  }
  CurlConnection(const CurlConnection&) = delete;
  CurlConnection& operator=(const CurlConnection&) = delete;

  const CurlLibrary& curl;
  CURLM* multi;
  CURL* easy;
};

// One request on one connection. The arguments must outlive it.
class CurlTransfer {
 public:
  CurlTransfer(CurlConnection& connection, const HttpClientOptions& options,
               const HttpRequest& request, const Url& url, const Credential& credential)
      : connection_(connection),
        curl_(connection.curl),
        options_(options),
        request_(request),
        url_(url),
        credential_(credential) {}
  ~CurlTransfer() {
    curl_.slist_free_all(headers_);
    curl_.slist_free_all(connect_to_);
  }
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  // As HttpClient::Send. Once for each object.
  absl::StatusOr<HttpResponse> Run();

 private:
  enum class Stopped { kNo, kByConsumer, kBodyTooLarge, kHeadersTooLarge, kBeforeSent };

  void Configure();
  void ConfigureMessage();
  void ConfigureBody();
  void ConfigureTimes();
  void ConfigureTls();
  void ConfigureProxy();
  void AddHeader(std::string_view name, std::string_view value);
  template <class Value>
  void Set(CURLoption option, Value value);
  void SetText(CURLoption option, const std::string& text);
  void SetBlob(CURLoption option, const std::string& bytes);

  // The result of the transfer; none when it was cancelled.
  std::optional<CURLcode> Perform();
  absl::StatusOr<HttpResponse> Finish(CURLcode code);
  absl::Status TimeoutError() const;
  absl::Status Error(absl::StatusCode code, std::string_view why) const;
  bool WasConnected() const;

  std::size_t OnHeader(std::string_view line);
  std::size_t OnBody(std::string_view chunk);
  bool MayBeSent();
  std::size_t GiveBody(char* buffer, std::size_t room);
  static std::size_t HeaderCallback(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t BodyCallback(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t ReadCallback(char* buffer, std::size_t size, std::size_t count, void* self);
  static int SeekCallback(void* self, curl_off_t offset, int origin);
  static int RequestCallback(void* self, char* remote, char* local, int remote_port,
                             int local_port);

  CurlConnection& connection_;
  const CurlLibrary& curl_;
  const HttpClientOptions& options_;
  const HttpRequest& request_;
  const Url& url_;
  const Credential& credential_;
  std::string sent_url_;
  curl_slist* headers_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  CURLcode option_error_ = CURLE_OK;
  char reason_[CURL_ERROR_SIZE] = {};
  HttpResponse response_;
  std::size_t header_bytes_ = 0;
  bool headers_ended_ = false;  // the last header line was the blank one
  Stopped stopped_ = Stopped::kNo;
  std::size_t body_given_ = 0;  // bytes of the request's body that libcurl has taken
  absl::Status may_be_sent_;    // the last answer of before_sent
};

}  // namespace trimtab
