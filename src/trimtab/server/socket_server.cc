#include "trimtab/server/socket_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <list>
#include <thread>
#include <utility>

#include "trimtab/server/http1_session.h"
#include "trimtab/server/http2_session.h"

namespace trimtab {
namespace {

// Owns a descriptor.
class Descriptor {
 public:
  explicit Descriptor(int value = -1) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  int get() const { return value_; }

 private:
  int value_;
};

absl::Status SystemError(const ListenAddress& address, std::string_view what) {
  return absl::UnavailableError(
      fmt::format("cannot {} {}:{}: {}", what, address.host, address.port, std::strerror(errno)));
}

absl::StatusOr<Descriptor> Listen(const ListenAddress& address) {
  addrinfo hints = {};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (error != 0) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is no numeric address: {}", address.host, gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> info(found, freeaddrinfo);
  Descriptor listener(
      socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, info->ai_protocol));
  if (listener.get() < 0) return SystemError(address, "open a socket for");
  const int on = 1;
  setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (info->ai_family == AF_INET6) {
    setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  }
  if (bind(listener.get(), info->ai_addr, info->ai_addrlen) != 0) {
    return SystemError(address, "listen on");
  }
  if (listen(listener.get(), SOMAXCONN) != 0) return SystemError(address, "listen on");
  return listener;
}

std::uint16_t PortOf(int listener) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  if (getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port
                   : reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

struct Connection {
  Descriptor socket;
  std::unique_ptr<Session> session;  // once the first bytes have told its version
  std::string first;                 // bytes before that
  std::string output;
  Instant since;         // it has been idle, or has completed a request, or was opened
  bool is_over = false;  // to be closed when the output is written
  bool is_dead = false;
};

}  // namespace

absl::StatusOr<ListenAddress> ListenAddress::Parse(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  ListenAddress address;
  address.host = text.substr(0, colon == std::string::npos ? 0 : colon);
  if (address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']') {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  const char* const end = text.data() + text.size();
  const char* const digits = colon == std::string::npos ? end : text.data() + colon + 1;
  const auto [stopped, error] = std::from_chars(digits, end, address.port);
  std::array<unsigned char, sizeof(in6_addr)> bytes = {};
  const bool is_numeric = inet_pton(AF_INET, address.host.c_str(), bytes.data()) == 1 ||
                          inet_pton(AF_INET6, address.host.c_str(), bytes.data()) == 1;
  if (!is_numeric || error != std::errc() || stopped != end) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is no address to listen on such as 127.0.0.1:4318 or [::1]:4318", text));
  }
  return address;
}

class SocketServer::Loop {
 public:
  Loop(std::vector<Descriptor> listeners, Descriptor wake, RequestHandler handler,
       const Clock& clock, SocketServerOptions options)
      : listeners_(std::move(listeners)),
        wake_(std::move(wake)),
        handler_(std::move(handler)),
        clock_(clock),
        options_(options),
        budget_(options.most_body_bytes) {
    for (const Descriptor& listener : listeners_) ports.push_back(PortOf(listener.get()));
    thread_ = std::thread([this] { Run(); });
  }
  ~Loop() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof(one));
    thread_.join();
  }

  std::vector<std::uint16_t> ports;

 private:
  // A client that reads slowly is not read from while this much waits for it.
  static constexpr std::size_t kMostOutput = std::size_t{1} << 20;

  void Run() {
    std::vector<pollfd> polled;
    for (;;) {
      polled.assign(1, {.fd = wake_.get(), .events = POLLIN, .revents = 0});
      const bool is_full = connections_.size() >= options_.most_connections;
      for (const Descriptor& listener : listeners_) {
        polled.push_back({.fd = listener.get(),
                          .events = static_cast<short>(is_full ? 0 : POLLIN),
                          .revents = 0});
      }
      for (const Connection& connection : connections_) {
        const bool reads = !connection.is_over && connection.output.size() < kMostOutput;
        const int events = (reads ? POLLIN : 0) | (connection.output.empty() ? 0 : POLLOUT);
        polled.push_back(
            {.fd = connection.socket.get(), .events = static_cast<short>(events), .revents = 0});
      }
      constexpr int kSweepMilliseconds = 1'000;
      if (poll(polled.data(), polled.size(), kSweepMilliseconds) < 0 && errno != EINTR) return;
      if (polled[0].revents != 0) return;
      Serve(polled);
    }
  }

  void Serve(const std::vector<pollfd>& polled) {
    const Instant now = clock_.Now();
    std::size_t at = 1 + listeners_.size();
    for (Connection& connection : connections_) {
      const short events = polled[at++].revents;
      if ((events & POLLIN) != 0) Read(connection, now);
      if (!connection.output.empty()) Write(connection);
      const bool is_broken = (events & (POLLERR | POLLNVAL)) != 0 ||
                             ((events & POLLHUP) != 0 && (events & POLLIN) == 0);
      connection.is_dead |= is_broken || (connection.is_over && connection.output.empty()) ||
                            HasTimedOut(connection, now);
    }
    std::erase_if(connections_, [](const Connection& connection) { return connection.is_dead; });
    for (std::size_t listener = 0; listener < listeners_.size(); ++listener) {
      if ((polled[1 + listener].revents & POLLIN) != 0) Accept(listeners_[listener].get(), now);
    }
  }

  bool HasTimedOut(const Connection& connection, Instant now) const {
    const bool is_idle = connection.output.empty() && connection.first.empty() &&
                         (connection.session == nullptr || connection.session->is_idle());
    return now - connection.since > (is_idle ? options_.idle_timeout : options_.request_timeout);
  }

  void Accept(int listener, Instant now) {
    while (connections_.size() < options_.most_connections) {
      Descriptor socket(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (socket.get() < 0) return;
      const int on = 1;
      setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      connections_.emplace_back().socket = std::move(socket);
      connections_.back().since = now;
    }
  }

  void Read(Connection& connection, Instant now) {
    const ssize_t got = recv(connection.socket.get(), buffer_.data(), buffer_.size(), 0);
    if (got < 0) {
      connection.is_dead = errno != EAGAIN && errno != EINTR;
      return;
    }
    if (got == 0) {
      connection.is_over = true;
      return;
    }
    std::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
    if (connection.session == nullptr) {
      connection.first.append(bytes);
      const std::size_t known = std::min(connection.first.size(), kHttp2Preface.size());
      const bool is_http2 =
          kHttp2Preface.substr(0, known) == std::string_view(connection.first).substr(0, known);
      if (is_http2 && known < kHttp2Preface.size()) return;
      connection.session = is_http2 ? MakeHttp2Session(handler_, budget_, options_.limits)
                                    : MakeHttp1Session(handler_, budget_, options_.limits);
      bytes = connection.first;
    }
    const bool was_idle = connection.session->is_idle();
    const std::uint64_t answered = connection.session->answered();
    connection.is_over = !connection.session->Receive(bytes);
    if (was_idle || connection.session->answered() > answered) connection.since = now;
    connection.first = {};
    connection.output += connection.session->TakeOutput();
  }

  static void Write(Connection& connection) {
    const ssize_t sent = send(connection.socket.get(), connection.output.data(),
                              connection.output.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      connection.is_dead = errno != EAGAIN && errno != EINTR;
      return;
    }
    connection.output.erase(0, static_cast<std::size_t>(sent));
  }

  std::vector<Descriptor> listeners_;
  Descriptor wake_;
  RequestHandler handler_;
  const Clock& clock_;
  SocketServerOptions options_;
  BodyBudget budget_;
  std::list<Connection> connections_;
  std::vector<char> buffer_ = std::vector<char>(std::size_t{256} << 10);
  std::thread thread_;
};

SocketServer::SocketServer(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
SocketServer::~SocketServer() = default;

const std::vector<std::uint16_t>& SocketServer::ports() const { return loop_->ports; }

absl::StatusOr<std::unique_ptr<SocketServer>> SocketServer::Start(
    const std::vector<ListenAddress>& addresses, RequestHandler handler, const Clock& clock,
    SocketServerOptions options) {
  std::vector<Descriptor> listeners;
  for (const ListenAddress& address : addresses) {
    absl::StatusOr<Descriptor> listener = Listen(address);
    if (!listener.ok()) return listener.status();
    listeners.push_back(*std::move(listener));
  }
  Descriptor wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (wake.get() < 0) {
    return absl::UnavailableError(fmt::format("no descriptor is left: {}", std::strerror(errno)));
  }
  return std::unique_ptr<SocketServer>(new SocketServer(std::make_unique<Loop>(
      std::move(listeners), std::move(wake), std::move(handler), clock, options)));
}

}  // namespace trimtab
