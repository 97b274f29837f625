// What a process answers about itself: its metrics, and whether it lives and is ready.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/clock/clock.h"
#include "trimtab/server/served_message.h"
#include "trimtab/server/socket_server.h"

namespace trimtab {

struct HealthCheck {
  std::string name;
  std::function<absl::Status()> check;
};

// Called for each request, on the thread of the server.
struct StatusPages {
  std::function<std::string()> metrics{};  // null: there is no such page
  // What only a restart can mend: a loop that is stuck.
  std::vector<HealthCheck> live{};
  // What has to be there before anything can be done: watches that are in step. Not who leads, nor
  // whether Prometheus answers: a replica that waits for either is as ready as it can be.
  std::vector<HealthCheck> ready{};
};

// GET and HEAD of
//
//   /metrics            200, the text format of Prometheus
//   /healthz, /livez    200 "ok", or 500 with the checks that failed
//   /readyz             200 "ok", or 503 with them; the checks of life are among them
//
// `?verbose` lists every check, as servers of Kubernetes do. 404 for other paths, 405 for other
// methods. Thread-safety: as its pages.
class StatusService {
 public:
  explicit StatusService(StatusPages pages) : pages_(std::move(pages)) {}

  ServedAnswer Answer(const ServedRequest& request) const;

 private:
  StatusPages pages_;
};

// Serves them on every address until it is destroyed. Errors as SocketServer::Start(), whose
// `clock` must outlive the server; so must whatever the pages read.
absl::StatusOr<std::unique_ptr<SocketServer>> StartStatusServer(
    const std::vector<ListenAddress>& addresses, StatusPages pages, const Clock& clock,
    SocketServerOptions options = {});

// Whether a loop still turns: it beats in each round, and a check of life asks when it last did.
// Thread-safety: every method may be called from any thread.
class Heartbeat {
 public:
  // `clock` must outlive the object. The first beat is its making.
  Heartbeat(const Clock& clock, Duration longest)
      : clock_(clock), longest_(longest), last_(clock.Now()) {}

  void Beat() { last_.store(clock_.Now()); }
  // kDeadlineExceeded: no beat for longer than `longest`.
  absl::Status Check() const;

 private:
  const Clock& clock_;
  Duration longest_;
  std::atomic<Instant> last_;
};

}  // namespace trimtab
