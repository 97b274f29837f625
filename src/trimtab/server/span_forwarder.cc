#include "trimtab/server/span_forwarder.h"

#include <fmt/format.h>

#include <utility>

namespace trimtab {
namespace {

constexpr const char* kNobodyLeads = "no replica is known to lead";

}  // namespace

SpanForwarder::SpanForwarder(ForwardOptions options, std::unique_ptr<HttpClient> http)
    : options_(std::move(options)), http_(std::move(http)) {
  for (std::size_t at = 0; at < options_.connections; ++at) {
    threads_.emplace_back([this](const std::stop_token& stop) { Run(stop); });
  }
}

absl::StatusOr<std::unique_ptr<SpanForwarder>> SpanForwarder::Create(ForwardOptions options) {
  auto http = HttpClient::Create(options.http);
  if (!http.ok()) return http.status();
  return std::unique_ptr<SpanForwarder>(new SpanForwarder(std::move(options), *std::move(http)));
}

SpanForwarder::~SpanForwarder() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
  for (const Waiting& waiting : waiting_) {
    Finish(waiting.done, Deferred("this replica ends"));
  }
}

void SpanForwarder::SetLeader(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  const std::scoped_lock lock(mutex_);
  leader_ = std::move(url);
}

ForwardOutcome SpanForwarder::Deferred(std::string reason) const {
  return {.status = 503, .reason = std::move(reason), .retry_after = options_.retry_after};
}

void SpanForwarder::Forward(ForwardRequest request, Done done) {
  const std::size_t size = request.body.size();
  std::string reason;
  {
    const std::scoped_lock lock(mutex_);
    const auto bound = static_cast<std::size_t>(options_.memory_bound.value());
    if (leader_.empty()) {
      reason = kNobodyLeads;
    } else if (size > bound - held_bytes_) {
      reason = fmt::format("{} bytes wait for the leader, of {} at most", held_bytes_, bound);
    } else {
      held_bytes_ += size;
      waiting_.push_back({std::move(request), std::move(done)});
    }
  }
  if (reason.empty()) {
    wake_.notify_one();
  } else {
    Finish(done, Deferred(std::move(reason)));
  }
}

void SpanForwarder::Run(const std::stop_token& stop) {
  for (;;) {
    Waiting next;
    std::string leader;
    {
      std::unique_lock lock(mutex_);
      if (!wake_.wait(lock, stop, [this] { return !waiting_.empty(); })) return;
      if (stop.stop_requested()) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
      leader = leader_;
    }
    const std::size_t size = next.request.body.size();
    ForwardOutcome outcome =
        leader.empty() ? Deferred(kNobodyLeads) : Send(std::move(next.request), leader, stop);
    {
      const std::scoped_lock lock(mutex_);
      held_bytes_ -= size;
    }
    Finish(next.done, std::move(outcome));
  }
}

ForwardOutcome SpanForwarder::Send(ForwardRequest request, const std::string& leader,
                                   const std::stop_token& stop) {
  HttpRequest sent;
  sent.method = "POST";
  sent.url = leader + "/v1/traces";
  sent.headers = {{"Content-Type", std::move(request.content_type)},
                  {std::string(kForwardedHeader), "1"}};
  if (!request.content_encoding.empty()) {
    sent.headers.push_back({"Content-Encoding", std::move(request.content_encoding)});
  }
  sent.body = std::move(request.body);
  sent.timeout = options_.timeout;
  sent.stop = stop;
  absl::StatusOr<HttpResponse> response = http_->Send(sent);
  if (!response.ok()) {
    return Deferred(
        fmt::format("the leader does not answer: {}", std::string(response.status().message())));
  }
  switch (response->status) {
    case 200:
    case 400:
    case 413:
      return {.status = response->status, .body = std::move(response->body)};
    case 429:
    case 503:
      return {.status = response->status,
              .body = std::move(response->body),
              .retry_after = RetryAfter(*response).value_or(options_.retry_after)};
    default:
      return Deferred(fmt::format("the leader answers {}", response->status));
  }
}

void SpanForwarder::Finish(const Done& done, ForwardOutcome outcome) {
  {
    const std::scoped_lock lock(mutex_);
    const bool is_deferred = outcome.status == 429 || outcome.status == 503;
    ++(outcome.status == 200 ? account_.taken
                             : (is_deferred ? account_.deferred : account_.refused));
  }
  done(std::move(outcome));
}

ForwardAccount SpanForwarder::account() const {
  const std::scoped_lock lock(mutex_);
  return account_;
}

}  // namespace trimtab
