#include "tests/servers/fault_proxy.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <map>
#include <utility>

namespace trimtab::servers {
namespace {

constexpr size_t kLargestHead = 65536;

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// One side: a socket, with TLS or without.
class Wire {
 public:
  Wire() = default;
  ~Wire() { Close(); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  void Take(int socket) { socket_ = socket; }
  bool Secure(SSL_CTX* context, bool is_server) {
    if (context == nullptr) return true;
    ssl_.reset(SSL_new(context));
    SSL_set_fd(ssl_.get(), socket_);
    return (is_server ? SSL_accept(ssl_.get()) : SSL_connect(ssl_.get())) == 1;
  }
  // Bytes read; 0 or less at the end.
  int Read(char* into, int most) {
    if (ssl_ != nullptr) return SSL_read(ssl_.get(), into, most);
    return static_cast<int>(recv(socket_, into, static_cast<size_t>(most), 0));
  }
  bool Write(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto size = static_cast<int>(std::min<size_t>(bytes.size(), 1 << 20));
      const auto written =
          ssl_ != nullptr
              ? SSL_write(ssl_.get(), bytes.data(), size)
              : static_cast<int>(send(socket_, bytes.data(), static_cast<size_t>(size), 0));
      if (written <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return true;
  }
  bool HasMore() const { return ssl_ != nullptr && SSL_pending(ssl_.get()) > 0; }
  void End() const {
    if (socket_ >= 0) shutdown(socket_, SHUT_RDWR);
  }
  void CloseByReset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ssl_.reset();
    Close();
  }
  void Close() {
    if (ssl_ != nullptr) SSL_shutdown(ssl_.get());
    ssl_.reset();
    if (socket_ >= 0) close(std::exchange(socket_, -1));
  }
  int socket() const { return socket_; }

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  int socket_ = -1;
  std::unique_ptr<SSL, Free> ssl_;
};

// The request with its body; empty when it does not come whole.
std::string ReadRequest(Wire& client) {
  std::string request;
  std::array<char, 16384> buffer;
  size_t whole = 0;
  while (whole == 0 || request.size() < whole) {
    const int read = client.Read(buffer.data(), buffer.size());
    if (read <= 0) return "";
    request.append(buffer.data(), static_cast<size_t>(read));
    const size_t head = request.find("\r\n\r\n");
    if (head == std::string::npos) {
      if (request.size() > kLargestHead) return "";
      continue;
    }
    static const std::regex kLength("\r\ncontent-length: *([0-9]+)", std::regex::icase);
    std::smatch length;
    const std::string text = request.substr(0, head);
    whole = head + 4;
    if (std::regex_search(text, length, kLength)) whole += std::stoul(length[1]);
  }
  return request;
}

// So that the end of the answer is the end of the connection.
std::string OnItsOwn(const std::string& request) {
  const size_t line = request.find("\r\n");
  return request.substr(0, line) + "\r\nConnection: close" + request.substr(line);
}

std::string AnswerOf(const ProxyFault& fault) {
  static const std::map<int, std::string_view> reasons = {
      {400, "BadRequest"}, {401, "Unauthorized"},       {403, "Forbidden"},
      {404, "NotFound"},   {409, "Conflict"},           {410, "Expired"},
      {422, "Invalid"},    {429, "TooManyRequests"},    {500, "InternalError"},
      {502, "BadGateway"}, {503, "ServiceUnavailable"}, {504, "Timeout"}};
  const auto reason = reasons.find(fault.code);
  const std::string body = fmt::format(
      R"({{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"{}","code":{},)"
      R"("message":"the proxy says so"}})",
      reason == reasons.end() ? "Unknown" : reason->second, fault.code);
  return fmt::format(
      "HTTP/1.1 {} Fault\r\nContent-Type: application/json\r\nContent-Length: {}\r\n"
      "Connection: close\r\n{}\r\n{}",
      fault.code, body.size(),
      fault.retry_after > 0 ? fmt::format("Retry-After: {}\r\n", fault.retry_after) : "", body);
}

}  // namespace

struct FaultProxy::Exchange {
  Wire client;
  Wire server;
  std::string target;  // guarded by mutex_; empty until an answer is on its way
  std::atomic<bool> is_cut = false;
  std::atomic<bool> is_over = false;
  std::thread thread;
};

FaultProxy::FaultProxy(FaultProxyOptions options) : options_(std::move(options)) {}

absl::StatusOr<std::unique_ptr<FaultProxy>> FaultProxy::Start(FaultProxyOptions options) {
  std::signal(SIGPIPE, SIG_IGN);
  std::unique_ptr<FaultProxy> proxy(new FaultProxy(std::move(options)));
  if (!proxy->options_.credentials.certificate.empty()) {
    if (absl::Status loaded = proxy->LoadCredentials(); !loaded.ok()) return loaded;
  }
  if (absl::Status listens = proxy->Listen(); !listens.ok()) return listens;
  proxy->acceptor_ = std::thread([made = proxy.get()] { made->Accept(); });
  return proxy;
}

FaultProxy::~FaultProxy() {
  ends_ = true;
  if (listener_ >= 0) shutdown(listener_, SHUT_RDWR);
  if (acceptor_.joinable()) acceptor_.join();
  if (listener_ >= 0) close(listener_);
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& exchange : running_) {
      exchange->client.End();
      exchange->server.End();
    }
  }
  for (const auto& exchange : running_) exchange->thread.join();
}

absl::Status FaultProxy::LoadCredentials() {
  server_context_.reset(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  client_context_.reset(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  const auto bio_of = [](const std::string& pem) {
    return std::unique_ptr<BIO, decltype(&BIO_free)>(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  };
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(bio_of(options_.credentials.certificate).get(), nullptr, nullptr, nullptr),
      X509_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(bio_of(options_.credentials.private_key).get(), nullptr, nullptr,
                              nullptr),
      EVP_PKEY_free);
  if (SSL_CTX_use_certificate(server_context_.get(), certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(server_context_.get(), key.get()) != 1) {
    return absl::InvalidArgumentError("the proxy's certificate or key is not usable");
  }
  return absl::OkStatus();
}

absl::Status FaultProxy::Listen() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  if (listener_ < 0 || bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 512) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return absl::ErrnoToStatus(errno, "the proxy does not listen");
  }
  url_ = fmt::format("{}://127.0.0.1:{}", server_context_ == nullptr ? "http" : "https",
                     ntohs(address.sin_port));
  return absl::OkStatus();
}

void FaultProxy::Set(std::vector<ProxyFault> faults) {
  std::vector<Rule> rules;
  for (ProxyFault& fault : faults) {
    rules.push_back({std::regex(fault.method), std::regex(fault.target), std::move(fault)});
  }
  const std::scoped_lock lock(mutex_);
  rules_ = std::move(rules);
}

int FaultProxy::Cut(std::string_view target) {
  const std::regex pattern{std::string(target)};
  int cut = 0;
  const std::scoped_lock lock(mutex_);
  for (const auto& exchange : running_) {
    if (exchange->is_over || exchange->target.empty()) continue;
    if (!std::regex_search(exchange->target, pattern)) continue;
    exchange->is_cut = true;
    exchange->server.End();
    ++cut;
  }
  return cut;
}

void FaultProxy::Accept() {
  while (!ends_) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    const std::scoped_lock lock(mutex_);
    for (auto each = running_.begin(); each != running_.end();) {
      if (!(*each)->is_over) {
        ++each;
        continue;
      }
      (*each)->thread.join();
      each = running_.erase(each);
    }
    Exchange& exchange = *running_.emplace_back(std::make_unique<Exchange>());
    exchange.client.Take(client);
    exchange.thread = std::thread([this, &exchange] {
      Serve(exchange);
      exchange.is_over = true;
    });
  }
}

std::shared_ptr<const ProxyFault> FaultProxy::FaultOf(const std::string& method,
                                                      const std::string& target) {
  const std::scoped_lock lock(mutex_);
  for (const Rule& rule : rules_) {
    if (std::regex_search(method, rule.method) && std::regex_search(target, rule.target)) {
      ++met_;
      return std::make_shared<const ProxyFault>(rule.fault);
    }
  }
  return nullptr;
}

void FaultProxy::Serve(Exchange& exchange) {
  if (!exchange.client.Secure(server_context_.get(), true)) return;
  const std::string request = ReadRequest(exchange.client);
  if (request.empty()) return;
  const size_t blank = request.find(' ');
  const std::string method = request.substr(0, blank);
  const std::string target = request.substr(blank + 1, request.find(' ', blank + 1) - blank - 1);
  if (const auto fault = FaultOf(method, target); fault != nullptr) {
    if (fault->code != 0) {
      exchange.client.Write(AnswerOf(*fault));
    } else {
      exchange.is_cut = true;
    }
  } else {
    {
      const std::scoped_lock lock(mutex_);
      exchange.target = target;
    }
    HandOn(exchange, OnItsOwn(request));
  }
  const std::scoped_lock lock(mutex_);  // Cut() and the end look at the sockets
  exchange.target.clear();
  if (exchange.is_cut) exchange.client.CloseByReset();
  exchange.client.Close();
  exchange.server.Close();
}

void FaultProxy::HandOn(Exchange& exchange, const std::string& request) {
  const int upstream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  {
    const std::scoped_lock lock(mutex_);
    exchange.server.Take(upstream);
  }
  const sockaddr_in address = Loopback(options_.upstream_port);
  if (connect(upstream, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      !exchange.server.Secure(client_context_.get(), false) || !exchange.server.Write(request)) {
    exchange.is_cut = true;  // as a server that is not there
    return;
  }
  std::array<char, 16384> buffer;
  while (!exchange.is_cut) {
    std::array<pollfd, 2> sides = {
        {{exchange.server.socket(), POLLIN, 0}, {exchange.client.socket(), POLLIN, 0}}};
    if (!exchange.server.HasMore() && poll(sides.data(), sides.size(), -1) < 0) return;
    const bool has_answer = exchange.server.HasMore() || sides[0].revents != 0;
    if (!has_answer && sides[1].revents != 0) return;  // the client has gone
    const int read = exchange.server.Read(buffer.data(), buffer.size());
    if (read <= 0) return;
    if (!exchange.client.Write({buffer.data(), static_cast<size_t>(read)})) return;
  }
}

}  // namespace trimtab::servers
