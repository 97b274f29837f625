#include "tests/servers/readiness.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>
#include <thread>

namespace trimtab::servers {
namespace {

constexpr std::chrono::milliseconds kPollInterval(20);
constexpr long kRequestMilliseconds = 5000;

size_t Append(char* data, size_t size, size_t count, void* body) {
  static_cast<std::string*>(body)->append(data, size * count);
  return size * count;
}

}  // namespace

absl::StatusOr<HttpReply> HttpGet(const HttpQuestion& question) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(curl_easy_init(),
                                                                   curl_easy_cleanup);
  if (initialised != CURLE_OK || handle == nullptr) return absl::InternalError("curl");
  CURL* curl = handle.get();
  HttpReply reply;
  curl_easy_setopt(curl, CURLOPT_URL, question.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, kRequestMilliseconds);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply.body);
  if (question.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  } else {
    curl_easy_setopt(curl, CURLOPT_CAINFO, question.ca_file.c_str());
  }
  if (!question.token.empty()) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, question.token.c_str());
  }
  if (const CURLcode code = curl_easy_perform(curl); code != CURLE_OK) {
    return absl::UnavailableError(
        fmt::format("GET {}: {}", question.url, curl_easy_strerror(code)));
  }
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.status);
  return reply;
}

absl::Status WaitUntilReady(ChildProcess& process, const HttpQuestion& question,
                            std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (true) {
    const absl::StatusOr<HttpReply> reply = HttpGet(question);
    if (reply.ok() && reply->status == 200) return absl::OkStatus();
    if (!process.IsRunning()) {
      return absl::FailedPreconditionError(
          fmt::format("{} ended with code {} before it was ready; its log ends:\n{}",
                      process.name(), process.exit_code(), process.LogTail()));
    }
    if (std::chrono::steady_clock::now() > deadline) {
      const std::string last = reply.ok() ? fmt::format("GET {}: status {}: {}", question.url,
                                                        reply->status, reply->body)
                                          : reply.status().ToString();
      return absl::DeadlineExceededError(
          fmt::format("{} is not ready after {} ms: {}; its log ends:\n{}", process.name(),
                      limit.count(), last, process.LogTail()));
    }
    std::this_thread::sleep_for(kPollInterval);
  }
}

}  // namespace trimtab::servers
