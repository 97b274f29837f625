// A request that was received and its answer, whichever version of HTTP carried them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace trimtab {

// Names of header fields are in lower case.
using ServedHeader = std::pair<std::string, std::string>;

struct ServedRequest {
  std::string method{};
  std::string path{};  // as sent, with its query
  std::vector<ServedHeader> headers{};
  std::string body{};
  // The body was longer than the bound: what there is of it has been thrown away.
  bool is_too_large = false;

  // The first header of that name, empty without one.
  const std::string& Header(const std::string& name) const;
};

struct ServedAnswer {
  int status = 200;
  std::vector<ServedHeader> headers{};  // without content-length
  std::string body{};
  std::vector<ServedHeader> trailers{};  // HTTP/2 only
};

class PendingAnswer;

// The answer to a request, or where it will be.
struct ServedReply {
  // NOLINTBEGIN(google-explicit-constructor): most handlers know the answer at once
  ServedReply(ServedAnswer known) : answer(std::move(known)) {}
  ServedReply(std::shared_ptr<PendingAnswer> awaited) : pending(std::move(awaited)) {}
  // NOLINTEND(google-explicit-constructor)

  ServedAnswer answer{};
  std::shared_ptr<PendingAnswer> pending{};  // null: `answer` is it
};

// Called for one whole request after the other. Must not throw.
using RequestHandler = std::function<ServedReply(ServedRequest)>;

}  // namespace trimtab
