// HTTP/2 on one connection, which gRPC needs.
#pragma once

#include <memory>

#include "trimtab/server/session.h"

namespace trimtab {

// Requests side by side, each on a stream of its own, from the client's preface on. A stream with
// too many bytes of headers is reset; a body above its bound is thrown away as it comes, and the
// request handed on with `is_too_large`; a stream whose body finds no room is refused, which tells
// the client that it may send it again.
// `handler` and `budget` must outlive the session.
std::unique_ptr<Session> MakeHttp2Session(const RequestHandler& handler, BodyBudget& budget,
                                          SessionLimits limits);

// What a client of HTTP/2 begins with.
inline constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

}  // namespace trimtab
