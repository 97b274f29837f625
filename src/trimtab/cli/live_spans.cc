#include "trimtab/cli/live_spans.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "trimtab/clock/system_clock.h"
#include "trimtab/http/http_client.h"
#include "trimtab/http/url.h"
#include "trimtab/server/otlp_receiver.h"
#include "trimtab/tracing/jaeger_source.h"

namespace trimtab {
namespace {

void WriteAccount(const SpanAccount& account, std::ostream& err) {
  fmt::print(err, "received {} spans; handed on {} of {} traces\n", account.received,
             account.handed_out, account.traces);
  const std::pair<std::uint64_t, std::string_view> losses[] = {
      {account.refused, "spans refused: their ids, times or names are wrong"},
      {account.late, "spans came after their trace was closed"},
      {account.dropped, "spans found no room"},
      {account.unfinished, "traces without their root"},
      {account.bad_requests, "requests were no OTLP"},
      {account.deferred_requests, "requests were told to come again for want of room"},
  };
  for (const auto& [count, what] : losses) {
    if (count > 0) fmt::print(err, "{} {}\n", count, what);
  }
}

// What the receiver says of its certificate on its own thread, printed on the command's.
class TlsChanges {
 public:
  void Add(const absl::Status& status) {
    const std::scoped_lock lock(mutex_);
    changes_.push_back(status);
  }
  void WriteTo(std::ostream& err) {
    const std::scoped_lock lock(mutex_);
    for (const absl::Status& change : changes_) {
      fmt::print(err, "{}\n",
                 change.ok() ? "the changed certificate is in use"
                             : fmt::format("the changed certificate is not used: {}",
                                           std::string(change.message())));
    }
    if (!changes_.empty()) err.flush();
    changes_.clear();
  }

 private:
  std::mutex mutex_;
  std::vector<absl::Status> changes_;
};

// However a source fails: there is no data to be had from it now.
absl::Status AsUnavailable(const absl::Status& status) {
  if (absl::IsDeadlineExceeded(status) || absl::IsResourceExhausted(status) ||
      absl::IsPermissionDenied(status)) {
    return absl::UnavailableError(status.message());
  }
  return status;
}

absl::Status Listen(const LiveSpans& values, const std::function<void(const Span&)>& take,
                    SkipLog& skipped, Context& context) {
  std::vector<ListenAddress> addresses;
  for (const std::string& text : values.listen) {
    const absl::StatusOr<ListenAddress> address = ListenAddress::Parse(text);
    if (!address.ok()) return address.status();
    addresses.push_back(*address);
  }
  auto tls = TlsFilesOf(values.tls);
  if (!tls.ok()) return tls.status();
  if (absl::Status status = CheckListeners(values.tls, addresses, "--listen"); !status.ok()) {
    return status;
  }
  SystemClock clock;
  TlsChanges changes;
  OtlpReceiverOptions options = {.inbox = {.arguments = values.arguments}};
  options.sockets.tls = *std::move(tls);
  options.sockets.tls_report = [&changes](const absl::Status& status) { changes.Add(status); };
  const auto receiver = OtlpReceiver::Start(addresses, clock, std::move(options));
  if (!receiver.ok()) return receiver.status();
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    fmt::print(context.err, "receiving OTLP on {} port {}, HTTP and gRPC{}\n", addresses[i].host,
               (*receiver)->ports()[i], values.tls.certificate.empty() ? "" : ", with TLS");
  }
  context.err.flush();
  SpanInbox& inbox = (*receiver)->inbox();
  constexpr Duration kStep = std::chrono::milliseconds(100);
  const Instant begin = clock.Now();
  while (!context.stop &&
         (values.listen_for == Duration(0) || clock.Now() - begin < values.listen_for)) {
    clock.WaitUntil(clock.Now() + kStep);
    changes.WriteTo(context.err);
    if (const absl::Status read = inbox.Read(clock.Now(), take); !read.ok()) return read;
  }
  inbox.ReadRest(clock.Now(), take);
  WriteAccount(inbox.account(), context.err);
  for (const auto& [reason, count] : inbox.refused_by_reason()) {
    skipped.Add("OTLP", 0, reason, {}, count);
  }
  return absl::OkStatus();
}

absl::Status Ask(const LiveSpans& values, const std::function<void(const Span&)>& take,
                 SkipLog& skipped, Context& context) {
  if (values.service.empty()) {
    return absl::InvalidArgumentError("--jaeger wants the --service whose traces it is asked for");
  }
  std::string base = values.jaeger;
  while (base.ends_with('/')) base.pop_back();
  if (const auto url = ParseUrl(base); !url.ok()) return url.status();
  const auto client = HttpClient::Create({});
  if (!client.ok()) return client.status();
  const JaegerGet get = [&](const std::string& target) -> absl::StatusOr<HttpResponse> {
    if (context.stop) return absl::CancelledError("asking Jaeger");
    return (*client)->Send({.url = base + target});
  };
  SystemClock clock;
  const Instant now = clock.Now();
  JaegerSource source(
      JaegerQuery(get, {.service = values.service,
                        .api = values.jaeger_api == "v3" ? JaegerApi::kV3 : JaegerApi::kV1,
                        .arguments = values.arguments}),
      {}, now - values.last);
  if (const absl::Status read = source.Read(now, take); !read.ok()) return AsUnavailable(read);
  WriteAccount(source.account(), context.err);
  for (const auto& [reason, count] : source.skipped().by_reason()) {
    skipped.Add("Jaeger", 0, reason, {}, count);
  }
  return absl::OkStatus();
}

}  // namespace

void DeclareLiveSpans(Arguments& arguments, LiveSpans* values) {
  arguments.OptionList("listen", &values->listen,
                       "receive OTLP here, HTTP and gRPC, such as 127.0.0.1:4318", "ADDRESS");
  DeclareListenerTls(arguments, &values->tls);
  arguments.Option("for", &values->listen_for,
                   {.min = Duration(0), .max = std::chrono::hours(100'000)},
                   "how long to listen; 0: until Ctrl-C");
  arguments.Option("jaeger", &values->jaeger,
                   "ask this Jaeger, such as http://127.0.0.1:16686, for the traces", "URL");
  arguments.Choice("jaeger-api", &values->jaeger_api, {"v1", "v3"},
                   "how Jaeger is asked: /api/traces or /api/v3/traces");
  arguments.Option("service", &values->service, "the service whose traces Jaeger is asked for",
                   "NAME");
  arguments.Option("last", &values->last,
                   {.min = std::chrono::seconds(1), .max = std::chrono::hours(10'000)},
                   "how far back Jaeger is asked");
}

absl::Status ReadLiveSpans(const LiveSpans& values, NameTable& names, SkipLog& skipped,
                           SpanSink& sink, Context& context) {
  const auto take = [&](const Span& span) {
    const TracedSpan traced = Interned(span, names);
    sink.Accept({&traced, 1});
  };
  return values.is_listening() ? Listen(values, take, skipped, context)
                               : Ask(values, take, skipped, context);
}

}  // namespace trimtab
