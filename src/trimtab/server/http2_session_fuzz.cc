// Any bytes are taken as a connection of HTTP/2, behind the preface, in two pieces, with the
// receiver behind it.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "trimtab/server/http2_session.h"
#include "trimtab/server/otlp_service.h"
#include "trimtab/server/testing/set_clock.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const trimtab::testing::SetClock clock;
  trimtab::SpanInbox inbox({.memory_bound = trimtab::Bytes(100'000)});
  trimtab::OtlpService service(inbox, clock, {.largest_body = 10'000});
  const trimtab::RequestHandler handler = [&service](trimtab::ServedRequest request) {
    return service.Answer(std::move(request));
  };
  trimtab::BodyBudget budget(20'000);
  auto session = trimtab::MakeHttp2Session(handler, budget,
                                           {.largest_body = 10'000, .largest_headers = 1'000});
  session->Receive(trimtab::kHttp2Preface);
  const std::size_t half = size == 0 ? 0 : data[0] % size;
  if (session->Receive(bytes.substr(0, half))) session->Receive(bytes.substr(half));
  session->TakeOutput();
  session.reset();
  if (budget.taken() != 0) __builtin_trap();
  return 0;
}
