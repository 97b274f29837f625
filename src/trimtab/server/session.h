// One connection as a protocol sees it: bytes in, bytes out, no socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "trimtab/server/served_message.h"

namespace trimtab {

// Bodies that have begun to arrive on any connection: their sum is bounded.
// Thread-safety: none.
class BodyBudget {
 public:
  explicit BodyBudget(std::size_t most_bytes) : most_bytes_(most_bytes) {}
  // False, and nothing is taken, when the sum would be above the bound.
  bool Take(std::size_t bytes);
  void Return(std::size_t bytes) { taken_ -= bytes; }
  std::size_t taken() const { return taken_; }

 private:
  std::size_t most_bytes_;
  std::size_t taken_ = 0;
};

struct SessionLimits {
  std::size_t largest_body = std::size_t{20} << 20;
  std::size_t largest_headers = std::size_t{16} << 10;  // with the request line
  std::size_t most_streams = 100;                       // of HTTP/2, under way at once
};

// Thread-safety: none.
class Session {
 public:
  virtual ~Session() = default;

  // Takes what has arrived and answers every request that it completes. False when the connection
  // is at its end: it is to be closed once the output has been written.
  virtual bool Receive(std::string_view bytes) = 0;

  // Goes on with requests whose pending answers have been set; otherwise as Receive().
  virtual bool Continue() = 0;
  // Bytes that come now have to wait for such an answer.
  virtual bool is_blocked() const = 0;

  // Bytes to write, in their order.
  virtual std::string TakeOutput() = 0;

  // No request has begun that is not answered.
  virtual bool is_idle() const = 0;
  // Requests answered so far: a connection that is not idle and answers none for long is stuck.
  virtual std::uint64_t answered() const = 0;
};

}  // namespace trimtab
