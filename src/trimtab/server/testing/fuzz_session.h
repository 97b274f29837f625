// What the fuzzers of both protocols do with the bytes of a client.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "trimtab/server/otlp_service.h"
#include "trimtab/server/pending_answer.h"
#include "trimtab/server/session.h"
#include "trimtab/server/span_inbox.h"
#include "trimtab/server/testing/set_clock.h"

namespace trimtab::testing {

// Has a session of an OTLP receiver read `preface`, then `bytes` in two pieces, and ends it.
// `make_session` is MakeHttp1Session or MakeHttp2Session. Traps when it keeps a part of its budget.
template <class MakeSession>
void FuzzSession(MakeSession make_session, std::string_view preface, std::string_view bytes) {
  const SetClock clock;
  SpanInbox inbox({.memory_bound = Bytes(100'000)});
  OtlpService service(inbox, clock, {.largest_body = 10'000});
  // Those that ask with a long path wait for their answer.
  std::vector<std::shared_ptr<PendingAnswer>> pending;
  const RequestHandler handler = [&](ServedRequest request) -> ServedReply {
    constexpr std::size_t kLong = 20;
    if (request.path.size() < kLong) return service.Answer(std::move(request));
    return pending.emplace_back(std::make_shared<PendingAnswer>());
  };
  BodyBudget budget(20'000);
  auto session = make_session(handler, budget,
                              SessionLimits{.largest_body = 10'000, .largest_headers = 1'000});
  if (!preface.empty()) session->Receive(preface);
  const std::size_t half =
      bytes.empty() ? 0 : static_cast<unsigned char>(bytes.front()) % bytes.size();
  bool is_open = session->Receive(bytes.substr(0, half)) && session->Receive(bytes.substr(half));
  for (std::size_t at = 0; at < pending.size(); ++at) {
    pending[at]->Set({.body = "late"});
    if (is_open) is_open = session->Continue();
  }
  session->TakeOutput();
  session.reset();
  if (budget.taken() != 0) __builtin_trap();
}

}  // namespace trimtab::testing
