#include "trimtab/http/testing/loopback_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "fmt/format.h"

namespace trimtab {
namespace {

// A socket bound to a free port of 127.0.0.1, and the port.
std::pair<int, std::uint16_t> Bind() {
  const int bound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bound < 0 || bind(bound, generic, size) != 0 || getsockname(bound, generic, &size) != 0) {
    std::abort();
  }
  return {bound, ntohs(address.sin_port)};
}

}  // namespace

std::optional<LoopbackConnection::Request> LoopbackConnection::Read() {
  const auto more = [this] {
    std::array<char, 65536> buffer;
    const ssize_t count = recv(socket_, buffer.data(), buffer.size(), 0);
    if (count > 0) read_.append(buffer.data(), static_cast<std::size_t>(count));
    return count > 0;
  };
  std::size_t end = std::string::npos;
  while ((end = read_.find("\r\n\r\n")) == std::string::npos) {
    if (!more()) return std::nullopt;
  }
  Request request;
  const std::string head = read_.substr(0, end + 2);
  read_.erase(0, end + 4);
  std::size_t begin = head.find("\r\n");
  const std::string first = head.substr(0, begin);
  request.method = first.substr(0, first.find(' '));
  request.target = first.substr(request.method.size() + 1);
  request.target.resize(std::min(request.target.find(' '), request.target.size()));
  for (begin += 2; begin < head.size();) {
    const std::size_t stop = head.find("\r\n", begin);
    const std::string line = head.substr(begin, stop - begin);
    const std::size_t colon = std::min(line.find(':'), line.size() - 1);
    request.headers[absl::AsciiStrToLower(line.substr(0, colon))] =
        std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
    begin = stop + 2;
  }
  const auto length = request.headers.find("content-length");
  const std::size_t size =
      length == request.headers.end() ? 0 : std::strtoul(length->second.c_str(), nullptr, 10);
  while (read_.size() < size) {
    if (!more()) return std::nullopt;
  }
  request.body = read_.substr(0, size);
  read_.erase(0, size);
  return request;
}

bool LoopbackConnection::Write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool LoopbackConnection::Answer(int status, std::string_view body, std::string_view headers) const {
  return Write(fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(),
                           headers, body));
}

bool LoopbackConnection::BeginChunks(std::string_view headers) const {
  return Write(fmt::format("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{}\r\n", headers));
}

bool LoopbackConnection::Chunk(std::string_view bytes) const {
  return Write(fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes));
}

void LoopbackConnection::WaitForClose() const {
  std::array<char, 4096> buffer;
  while (recv(socket_, buffer.data(), buffer.size(), 0) > 0) {
  }
}

void LoopbackConnection::Reset() const {
  const linger at_once{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

void LoopbackConnection::End() const { shutdown(socket_, SHUT_RDWR); }

LoopbackServer::LoopbackServer(Handler handler) : handler_(std::move(handler)) {
  std::tie(listener_, port_) = Bind();
  if (listen(listener_, 64) != 0) std::abort();
  acceptor_ = std::thread([this] { Accept(); });
}

LoopbackServer::~LoopbackServer() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  {
    const std::scoped_lock lock(mutex_);
    for (const int open : open_) shutdown(open, SHUT_RDWR);
  }
  for (std::thread& handler : handlers_) handler.join();
}

void LoopbackServer::Accept() {
  while (true) {
    const int accepted = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted < 0) return;
    ++connections_;
    const std::scoped_lock lock(mutex_);
    open_.push_back(accepted);
    handlers_.emplace_back([this, accepted] {
      LoopbackConnection connection(accepted);
      handler_(connection);
      const std::scoped_lock inner(mutex_);
      open_.erase(std::find(open_.begin(), open_.end(), accepted));
      close(accepted);
    });
  }
}

LoopbackServer::Handler LoopbackServer::EveryRequest(Responder respond) {
  return [respond = std::move(respond)](LoopbackConnection& connection) {
    while (const auto request = connection.Read()) respond(*request, connection);
  };
}

std::string LoopbackServer::Url(std::string_view target) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, target);
}

std::uint16_t UnusedPort() {
  const auto [bound, port] = Bind();
  close(bound);
  return port;
}

}  // namespace trimtab
