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

#include <atomic>
#include <cerrno>
#include <cstring>
#include <list>
#include <thread>
#include <utility>

#include "trimtab/server/pending_answer.h"

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
      fmt::format("cannot {} {}: {}", what, address.Text(), std::strerror(errno)));
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

void Wake(const Descriptor& wake) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake.get(), &one, sizeof(one));
}
void Calm(const Descriptor& wake) {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = read(wake.get(), &count, sizeof(count));
}

// The handler, whose pending answers wake the loop.
RequestHandler Waking(RequestHandler handler, std::shared_ptr<Descriptor> wake) {
  return [handler = std::move(handler), wake = std::move(wake)](ServedRequest request) {
    ServedReply reply = handler(std::move(request));
    if (reply.pending != nullptr) reply.pending->CallWhenSet([wake] { Wake(*wake); });
    return reply;
  };
}

struct OpenConnection {
  Descriptor socket;
  ServedConnection served;
  bool is_dead = false;
};

}  // namespace

class SocketServer::Loop {
 public:
  Loop(std::vector<Descriptor> listeners, std::shared_ptr<Descriptor> wake, RequestHandler handler,
       const Clock& clock, std::unique_ptr<ServerTls> tls, const SocketServerOptions& options)
      : listeners_(std::move(listeners)),
        wake_(std::move(wake)),
        clock_(clock),
        tls_(std::move(tls)),
        most_connections_(options.most_connections),
        shared_{Waking(std::move(handler), wake_), BodyBudget(options.most_body_bytes),
                options.connections} {
    for (const Descriptor& listener : listeners_) ports.push_back(PortOf(listener.get()));
    thread_ = std::thread([this] { Run(); });
  }
  ~Loop() {
    is_stopped_ = true;
    Wake(*wake_);
    thread_.join();
  }

  std::vector<std::uint16_t> ports;

 private:
  void Run() {
    std::vector<pollfd> polled;
    for (;;) {
      polled.assign(1, {.fd = wake_->get(), .events = POLLIN, .revents = 0});
      const bool is_full = connections_.size() >= most_connections_;
      for (const Descriptor& listener : listeners_) {
        polled.push_back({.fd = listener.get(),
                          .events = static_cast<short>(is_full ? 0 : POLLIN),
                          .revents = 0});
      }
      for (const OpenConnection& connection : connections_) {
        const int events = (connection.served.reads() ? POLLIN : 0) |
                           (connection.served.output().empty() ? 0 : POLLOUT);
        polled.push_back(
            {.fd = connection.socket.get(), .events = static_cast<short>(events), .revents = 0});
      }
      constexpr int kSweepMilliseconds = 1'000;
      if (poll(polled.data(), polled.size(), kSweepMilliseconds) < 0 && errno != EINTR) return;
      if (is_stopped_) return;
      Serve(polled);
    }
  }

  void Serve(const std::vector<pollfd>& polled) {
    const Instant now = clock_.Now();
    if (tls_ != nullptr) tls_->Refresh(now);
    const bool is_woken = polled[0].revents != 0;
    if (is_woken) Calm(*wake_);
    std::size_t at = 1 + listeners_.size();
    for (OpenConnection& connection : connections_) {
      const short events = polled[at++].revents;
      if (is_woken) connection.served.Continue(now);
      if ((events & POLLIN) != 0) Read(connection, now);
      const ServedConnection& served = connection.served;
      if (!served.output().empty()) Write(connection);
      const bool is_broken = (events & (POLLERR | POLLNVAL)) != 0 ||
                             ((events & POLLHUP) != 0 && (events & POLLIN) == 0);
      connection.is_dead |=
          is_broken || (served.is_over() && served.output().empty()) || served.HasTimedOut(now);
    }
    std::erase_if(connections_, [](const OpenConnection& of) { return of.is_dead; });
    for (std::size_t listener = 0; listener < listeners_.size(); ++listener) {
      if ((polled[1 + listener].revents & POLLIN) != 0) Accept(listeners_[listener].get(), now);
    }
  }

  void Accept(int listener, Instant now) {
    while (connections_.size() < most_connections_) {
      Descriptor socket(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (socket.get() < 0) return;
      const int on = 1;
      setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      connections_.push_back(
          {.socket = std::move(socket),
           .served = {shared_, tls_ == nullptr ? nullptr : tls_->Accept(), now}});
    }
  }

  void Read(OpenConnection& connection, Instant now) {
    const ssize_t got = recv(connection.socket.get(), buffer_.data(), buffer_.size(), 0);
    if (got < 0) {
      connection.is_dead = errno != EAGAIN && errno != EINTR;
    } else if (got == 0) {
      connection.served.EndInput();
    } else {
      connection.served.Receive({buffer_.data(), static_cast<std::size_t>(got)}, now);
    }
  }

  static void Write(OpenConnection& connection) {
    const std::string_view output = connection.served.output();
    const ssize_t sent = send(connection.socket.get(), output.data(), output.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      connection.is_dead = errno != EAGAIN && errno != EINTR;
      return;
    }
    connection.served.Written(static_cast<std::size_t>(sent));
  }

  std::vector<Descriptor> listeners_;
  // Readable once the loop has something to do besides its sockets. Pending answers hold it too,
  // and may be set after the loop has ended.
  std::shared_ptr<Descriptor> wake_;
  std::atomic<bool> is_stopped_ = false;
  const Clock& clock_;
  std::unique_ptr<ServerTls> tls_;  // null: clear text
  std::size_t most_connections_;
  ServedConnection::Shared shared_;
  std::list<OpenConnection> connections_;
  std::vector<char> buffer_ = std::vector<char>(std::size_t{256} << 10);
  std::thread thread_;
};

SocketServer::SocketServer(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
SocketServer::~SocketServer() = default;

const std::vector<std::uint16_t>& SocketServer::ports() const { return loop_->ports; }

absl::StatusOr<std::unique_ptr<SocketServer>> SocketServer::Start(
    const std::vector<ListenAddress>& addresses, RequestHandler handler, const Clock& clock,
    SocketServerOptions options) {
  std::unique_ptr<ServerTls> tls;
  if (options.tls) {
    auto made = ServerTls::Create(*options.tls, clock.Now(), options.tls_report);
    if (!made.ok()) return made.status();
    tls = *std::move(made);
  }
  std::vector<Descriptor> listeners;
  for (const ListenAddress& address : addresses) {
    absl::StatusOr<Descriptor> listener = Listen(address);
    if (!listener.ok()) return listener.status();
    listeners.push_back(*std::move(listener));
  }
  const auto wake = std::make_shared<Descriptor>(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (wake->get() < 0) {
    return absl::UnavailableError(fmt::format("no descriptor is left: {}", std::strerror(errno)));
  }
  return std::unique_ptr<SocketServer>(new SocketServer(std::make_unique<Loop>(
      std::move(listeners), wake, std::move(handler), clock, std::move(tls), options)));
}

}  // namespace trimtab
