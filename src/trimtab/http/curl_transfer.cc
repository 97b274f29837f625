#include "trimtab/http/curl_transfer.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "fmt/format.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

// libcurl's timers go off by themselves; this only bounds what a lost wake-up could cost.
constexpr int kLongestPollMilliseconds = 1000;

bool IsLoopback(const std::string& host) {
  return absl::EqualsIgnoreCase(host, "localhost") || host == "::1" || host.starts_with("127.");
}

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

long Milliseconds(Duration duration) {
  // 0 would mean "without end" to libcurl.
  return std::max<long>(1, std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

absl::StatusCode CodeOf(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_ENGINE_INITFAILED:
      return absl::StatusCode::kFailedPrecondition;
    case CURLE_URL_MALFORMAT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
      return absl::StatusCode::kInvalidArgument;
    case CURLE_OUT_OF_MEMORY:
      return absl::StatusCode::kResourceExhausted;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

}  // namespace

template <class Value>
void CurlTransfer::Set(CURLoption option, Value value) {
  const CURLcode code = curl_.easy_setopt(connection_.easy, option, value);
  if (option_error_ == CURLE_OK) option_error_ = code;
}

void CurlTransfer::SetText(CURLoption option, const std::string& text) {
  if (!text.empty()) Set(option, text.c_str());
}

void CurlTransfer::SetBlob(CURLoption option, const std::string& bytes) {
  // libcurl wants bytes that it could write to, and with NOCOPY only reads them.
  curl_blob blob{const_cast<char*>(bytes.data()), bytes.size(), CURL_BLOB_NOCOPY};
  Set(option, &blob);
}

void CurlTransfer::AddHeader(std::string_view name, std::string_view value) {
  // "Name:" would remove a header; an empty one is written with ';'.
  const std::string line =
      value.empty() ? fmt::format("{};", name) : fmt::format("{}: {}", name, value);
  curl_slist* longer = curl_.slist_append(headers_, line.c_str());
  if (longer == nullptr) {
    option_error_ = CURLE_OUT_OF_MEMORY;
  } else {
    headers_ = longer;
  }
}

void CurlTransfer::ConfigureBody() {
  Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  if (!request_.before_sent || request_.body.empty()) {
    Set(CURLOPT_POSTFIELDS, request_.body.data());
    return;
  }
  // Asked for piece by piece, when libcurl is about to write it to the connection.
  Set(CURLOPT_POST, 1L);
  Set(CURLOPT_READFUNCTION, &CurlTransfer::ReadCallback);
  Set(CURLOPT_READDATA, this);
  Set(CURLOPT_SEEKFUNCTION, &CurlTransfer::SeekCallback);
  Set(CURLOPT_SEEKDATA, this);
}

void CurlTransfer::ConfigureMessage() {
  Set(CURLOPT_URL, sent_url_.c_str());
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  if (request_.method == "HEAD") Set(CURLOPT_NOBODY, 1L);
  if (request_.method != "GET" && request_.method != "HEAD") ConfigureBody();
  if (request_.before_sent) {
    Set(CURLOPT_PREREQFUNCTION, &CurlTransfer::RequestCallback);
    Set(CURLOPT_PREREQDATA, this);
  }
  Set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  Set(CURLOPT_ACCEPT_ENCODING, "gzip");
  SetText(CURLOPT_USERAGENT, options_.user_agent);
  bool has_type = false;
  for (const HttpHeader& header : request_.headers) {
    has_type = has_type || absl::EqualsIgnoreCase(header.name, "Content-Type");
    AddHeader(header.name, header.value);
  }
  if (!credential_.authorization.empty()) AddHeader("Authorization", credential_.authorization);
  // What libcurl would add by itself: a form's type, and a wait for permission to send a body.
  if (!has_type) headers_ = curl_.slist_append(headers_, "Content-Type:");
  headers_ = curl_.slist_append(headers_, "Expect:");
  Set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  Set(CURLOPT_HEADERFUNCTION, &CurlTransfer::HeaderCallback);
  Set(CURLOPT_HEADERDATA, this);
  Set(CURLOPT_WRITEFUNCTION, &CurlTransfer::BodyCallback);
  Set(CURLOPT_WRITEDATA, this);
  Set(CURLOPT_ERRORBUFFER, reason_);
}

void CurlTransfer::ConfigureTimes() {
  Set(CURLOPT_NOSIGNAL, 1L);
  // A name server that does not answer would hold the request beyond its deadline: libcurl waits
  // for its look-up thread unless told not to.
  Set(CURLOPT_QUICK_EXIT, 1L);
  Set(CURLOPT_TCP_KEEPALIVE, 1L);
  Set(CURLOPT_TIMEOUT_MS, Milliseconds(request_.timeout));
  Set(CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(options_.connect_timeout));
  if (request_.longest_silence) {
    Set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    Set(CURLOPT_LOW_SPEED_TIME,
        static_cast<long>(
            std::chrono::ceil<std::chrono::seconds>(*request_.longest_silence).count()));
  }
}

void CurlTransfer::ConfigureTls() {
  const TlsOptions& tls = options_.tls;
  Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (tls.insecure_skip_verify) {
    Set(CURLOPT_SSL_VERIFYPEER, 0L);
    Set(CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!tls.ca_pem.empty()) {
    SetBlob(CURLOPT_CAINFO_BLOB, tls.ca_pem);
  } else {
    SetText(CURLOPT_CAINFO, tls.ca_file);
  }
  const bool own = !credential_.certificate_pem.empty();
  const std::string& certificate = own ? credential_.certificate_pem : tls.client_certificate_pem;
  const std::string& key = own ? credential_.key_pem : tls.client_key_pem;
  if (!certificate.empty()) {
    SetBlob(CURLOPT_SSLCERT_BLOB, certificate);
  } else {
    SetText(CURLOPT_SSLCERT, tls.client_certificate_file);
  }
  if (!key.empty()) {
    SetBlob(CURLOPT_SSLKEY_BLOB, key);
  } else {
    SetText(CURLOPT_SSLKEY, tls.client_key_file);
  }
}

void CurlTransfer::ConfigureProxy() {
  const std::string& proxy = url_.scheme == "https" ? options_.proxy.https : options_.proxy.http;
  const bool direct = proxy.empty() || IsLoopback(url_.host);
  // The empty text keeps libcurl from the environment's proxies.
  Set(CURLOPT_PROXY, direct ? "" : proxy.c_str());
  Set(CURLOPT_NOPROXY, options_.proxy.exceptions.c_str());
}

void CurlTransfer::Configure() {
  curl_.easy_reset(connection_.easy);
  sent_url_ = request_.url;
  const std::string& name = options_.tls.server_name;
  if (!name.empty() && url_.scheme == "https" && name != url_.host) {
    // The name of the URL is what libcurl sends as SNI and looks for in the certificate, so the URL
    // takes the expected name, and the connection goes to the real host.
    sent_url_ = fmt::format("https://{}:{}{}", name, url_.port, url_.target);
    connect_to_ = curl_.slist_append(nullptr, fmt::format("::{}", url_.Authority()).c_str());
    Set(CURLOPT_CONNECT_TO, connect_to_);
    AddHeader("Host", url_.Authority());
  }
  ConfigureMessage();
  ConfigureTimes();
  ConfigureTls();
  ConfigureProxy();
  Set(CURLOPT_HTTPHEADER, headers_);
}

std::size_t CurlTransfer::OnHeader(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > static_cast<std::size_t>(options_.largest_headers.value())) {
    stopped_ = Stopped::kHeadersTooLarge;
    return 0;
  }
  if (line.starts_with("HTTP/")) {
    // Each answer, also an interim one, begins with its status line.
    response_.headers.clear();
    headers_ended_ = false;
    const std::size_t blank = std::min(line.find(' '), line.size() - 1);
    std::from_chars(line.data() + blank + 1, line.data() + line.size(), response_.status);
    return line.size();
  }
  headers_ended_ = line == "\r\n" || line == "\n";
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    const std::string_view value = line.substr(colon + 1);
    response_.headers.push_back(
        {std::string(line.substr(0, colon)),
         std::string(absl::StripAsciiWhitespace(absl::string_view(value.data(), value.size())))});
  }
  return line.size();
}

std::size_t CurlTransfer::OnBody(std::string_view chunk) {
  if (request_.on_chunk && response_.ok()) {
    if (request_.on_chunk(chunk)) return chunk.size();
    stopped_ = Stopped::kByConsumer;
    return 0;
  }
  if (response_.body.size() + chunk.size() >
      static_cast<std::size_t>(options_.largest_body.value())) {
    stopped_ = Stopped::kBodyTooLarge;
    return 0;
  }
  response_.body.append(chunk);
  return chunk.size();
}

bool CurlTransfer::MayBeSent() {
  may_be_sent_ = request_.before_sent();
  if (!may_be_sent_.ok()) stopped_ = Stopped::kBeforeSent;
  return may_be_sent_.ok();
}

std::size_t CurlTransfer::GiveBody(char* buffer, std::size_t room) {
  const std::size_t left = request_.body.size() - body_given_;
  if (left > 0 && !MayBeSent()) return CURL_READFUNC_ABORT;
  const std::size_t given = std::min(left, room);
  std::memcpy(buffer, request_.body.data() + body_given_, given);
  body_given_ += given;
  return given;
}

// libcurl takes any count but the given one as a failure; an empty chunk would hide one.
std::size_t CurlTransfer::HeaderCallback(char* data, std::size_t size, std::size_t count,
                                         void* self) {
  return static_cast<CurlTransfer*>(self)->OnHeader({data, size * count});
}
std::size_t CurlTransfer::BodyCallback(char* data, std::size_t size, std::size_t count,
                                       void* self) {
  if (size * count == 0) return 0;
  return static_cast<CurlTransfer*>(self)->OnBody({data, size * count});
}

std::size_t CurlTransfer::ReadCallback(char* buffer, std::size_t size, std::size_t count,
                                       void* self) {
  return static_cast<CurlTransfer*>(self)->GiveBody(buffer, size * count);
}
// For a request that is sent once more on a new connection.
int CurlTransfer::SeekCallback(void* self, curl_off_t offset, int origin) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  if (origin != SEEK_SET || offset < 0 ||
      offset > static_cast<curl_off_t>(transfer.request_.body.size())) {
    return CURL_SEEKFUNC_FAIL;
  }
  transfer.body_given_ = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}
int CurlTransfer::RequestCallback(void* self, char* /*remote*/, char* /*local*/,
                                  int /*remote_port*/, int /*local_port*/) {
  return static_cast<CurlTransfer*>(self)->MayBeSent() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

std::optional<CURLcode> CurlTransfer::Perform() {
  CURLM* multi = connection_.multi;
  const std::stop_callback wake(request_.stop, [this, multi] { curl_.multi_wakeup(multi); });
  if (curl_.multi_add_handle(multi, connection_.easy) != CURLM_OK) return CURLE_OUT_OF_MEMORY;
  std::optional<CURLcode> result;
  int running = 1;
  CURLMcode code = CURLM_OK;
  while (running > 0 && code == CURLM_OK && !request_.stop.stop_requested()) {
    code = curl_.multi_perform(multi, &running);
    if (code == CURLM_OK && running > 0) {
      code = curl_.multi_poll(multi, nullptr, 0, kLongestPollMilliseconds, nullptr);
    }
  }
  int left = 0;
  while (const CURLMsg* message = curl_.multi_info_read(multi, &left)) {
    if (message->msg == CURLMSG_DONE) result = message->data.result;
  }
  if (!result && code != CURLM_OK) result = CURLE_OUT_OF_MEMORY;
  // Ends the request if it still runs, and closes its connection then.
  curl_.multi_remove_handle(multi, connection_.easy);
  return result;
}

absl::Status CurlTransfer::Error(absl::StatusCode code, std::string_view why) const {
  return absl::Status(code,
                      fmt::format("{} {}: {}", request_.method, PrintableUrl(request_.url), why));
}

bool CurlTransfer::WasConnected() const {
  curl_off_t microseconds = 0;
  curl_.easy_getinfo(connection_.easy, CURLINFO_PRETRANSFER_TIME_T, &microseconds);
  return microseconds > 0;
}

absl::Status CurlTransfer::TimeoutError() const {
  constexpr auto kCode = absl::StatusCode::kDeadlineExceeded;
  if (std::strstr(reason_, "too slow") != nullptr && request_.longest_silence) {
    return Error(kCode, fmt::format("no byte for {}, the longest silence allowed",
                                    FormatDuration(*request_.longest_silence)));
  }
  if (!WasConnected() && options_.connect_timeout < request_.timeout) {
    return Error(kCode,
                 fmt::format("no connection within {}", FormatDuration(options_.connect_timeout)));
  }
  return Error(kCode,
               fmt::format("no complete answer within {}", FormatDuration(request_.timeout)));
}

absl::StatusOr<HttpResponse> CurlTransfer::Finish(CURLcode code) {
  switch (stopped_) {
    case Stopped::kByConsumer:
      response_.stopped = true;
      return std::move(response_);
    case Stopped::kBodyTooLarge:
      return Error(absl::StatusCode::kResourceExhausted,
                   fmt::format("the body has more than {} bytes", options_.largest_body.value()));
    case Stopped::kHeadersTooLarge:
      return Error(
          absl::StatusCode::kResourceExhausted,
          fmt::format("the headers have more than {} bytes", options_.largest_headers.value()));
    case Stopped::kBeforeSent:
      return may_be_sent_;
    case Stopped::kNo:
      break;
  }
  if (code != CURLE_OK) {
    const std::string_view reason = reason_[0] != 0 ? reason_ : curl_.easy_strerror(code);
    absl::Status status =
        code == CURLE_OPERATION_TIMEDOUT ? TimeoutError() : Error(CodeOf(code), reason);
    if (!WasConnected() && response_.status == 0) {
      status.SetPayload(absl::string_view(kNeverSentPayload.data(), kNeverSentPayload.size()),
                        absl::Cord());
    }
    return status;
  }
  // libcurl takes an end in the middle of the headers for an empty body.
  if (!headers_ended_) return Error(absl::StatusCode::kUnavailable, "the headers are cut off");
  if (IsRedirect(response_.status)) {
    const std::string* location = response_.Header("Location");
    return Error(absl::StatusCode::kFailedPrecondition,
                 fmt::format("answered {} with a redirect to '{}', which is not followed",
                             response_.status, PrintableUrl(location != nullptr ? *location : "")));
  }
  return std::move(response_);
}

absl::StatusOr<HttpResponse> CurlTransfer::Run() {
  if (connection_.multi == nullptr || connection_.easy == nullptr) {
    return Error(absl::StatusCode::kResourceExhausted, "no memory for a connection");
  }
  Configure();
  if (option_error_ != CURLE_OK) {
    return Error(CodeOf(option_error_), curl_.easy_strerror(option_error_));
  }
  const std::optional<CURLcode> code = Perform();
  if (!code) return Error(absl::StatusCode::kCancelled, "cancelled");
  return Finish(*code);
}

}  // namespace trimtab
