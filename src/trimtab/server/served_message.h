// A request that was received and its answer, whichever version of HTTP carried them.
#pragma once

#include <functional>
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

// Called for one whole request after the other. Must not throw.
using RequestHandler = std::function<ServedAnswer(ServedRequest)>;

}  // namespace trimtab
