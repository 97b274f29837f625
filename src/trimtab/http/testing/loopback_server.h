// A server on 127.0.0.1 that answers bytes as a test tells it, sound or broken.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace trimtab {

// One connection, as its handler sees it. Thread-safety: the handler's thread only.
class LoopbackConnection {
 public:
  struct Request {
    std::string method;
    std::string target;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
  };

  explicit LoopbackConnection(int socket) : socket_(socket) {}

  // The next request; none when the client is gone.
  std::optional<Request> Read();
  // False when the client is gone.
  bool Write(std::string_view bytes) const;
  // A whole answer with Content-Length. `headers` as lines, each ended by "\r\n".
  bool Answer(int status, std::string_view body, std::string_view headers = "") const;
  // Begins an answer of status 200 in chunks, and one chunk of it.
  bool BeginChunks(std::string_view headers = "") const;
  bool Chunk(std::string_view bytes) const;
  bool EndChunks() const { return Write("0\r\n\r\n"); }
  // Waits until the client closes, or the server ends.
  void WaitForClose() const;
  // Ends the connection with a reset instead of a close, once the handler returns.
  void Reset() const;
  // Ends the connection here and now.
  void End() const;

 private:
  const int socket_;
  std::string read_;  // read and not yet used
};

// Calls `handler` for each connection on a thread of its own; the connection is closed when it
// returns. Ends every connection and thread when destroyed.
class LoopbackServer {
 public:
  using Handler = std::function<void(LoopbackConnection&)>;

  explicit LoopbackServer(Handler handler);
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  // Answers every request of every connection.
  using Responder =
      std::function<void(const LoopbackConnection::Request&, const LoopbackConnection&)>;
  static Handler EveryRequest(Responder respond);

  std::uint16_t port() const { return port_; }
  // "http://127.0.0.1:PORT" + target.
  std::string Url(std::string_view target = "/") const;
  int connections() const { return connections_; }

 private:
  void Accept();

  Handler handler_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  std::vector<int> open_;            // guarded by mutex_
  std::list<std::thread> handlers_;  // guarded by mutex_
  std::thread acceptor_;
};

// A port on which nobody listens.
std::uint16_t UnusedPort();

}  // namespace trimtab
