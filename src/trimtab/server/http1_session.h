// HTTP/1.1 on one connection.
#pragma once

#include <memory>

#include "trimtab/server/session.h"

namespace trimtab {

// Requests one after the other, also pipelined, with a body of a given length or in chunks; answers
// in their order. A request that is malformed is answered with 400, headers above their bound with
// 431, a body for which there is no room with 503 and Retry-After; then the connection ends. A body
// above its bound is thrown away as it comes, and the request handed on with `is_too_large`; then
// the connection ends. What follows a request whose answer is pending waits for it; bytes that come
// while the session is blocked are kept, however many.
// `handler` and `budget` must outlive the session.
std::unique_ptr<Session> MakeHttp1Session(const RequestHandler& handler, BodyBudget& budget,
                                          SessionLimits limits);

}  // namespace trimtab
