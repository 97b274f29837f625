#include "trimtab/server/http1_session.h"

#include <fmt/format.h>
#include <http_parser.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "trimtab/server/pending_answer.h"

namespace trimtab {
namespace {

const char* Reason(int status) {
  switch (status) {
#define TRIMTAB_REASON(number, name, text) \
  case number:                             \
    return #text;
    HTTP_STATUS_MAP(TRIMTAB_REASON)
#undef TRIMTAB_REASON
    default:
      return "";
  }
}

class Http1Session : public Session {
 public:
  Http1Session(const RequestHandler& handler, BodyBudget& budget, SessionLimits limits)
      : handler_(handler), budget_(budget), limits_(limits) {
    http_parser_init(&parser_, HTTP_REQUEST);
    parser_.data = this;
  }
  ~Http1Session() override { budget_.Return(request_.body.size()); }

  bool Receive(std::string_view bytes) override {
    if (pending_ != nullptr) {
      held_.append(bytes);
    } else if (!is_over_) {
      Parse(bytes);
    }
    return IsOpen();
  }

  bool Continue() override {
    if (pending_ == nullptr) return IsOpen();
    const std::optional<ServedAnswer> answer = pending_->Take();
    if (!answer) return true;
    pending_ = nullptr;
    Finish(*answer);
    if (is_over_) return false;
    http_parser_pause(&parser_, 0);
    Parse(std::exchange(held_, {}));
    return IsOpen();
  }
  bool is_blocked() const override { return pending_ != nullptr; }

  std::string TakeOutput() override { return std::exchange(output_, {}); }
  bool is_idle() const override { return !is_begun_; }
  std::uint64_t answered() const override { return answered_; }

 private:
  static Http1Session& Of(http_parser* parser) { return *static_cast<Http1Session*>(parser->data); }

  bool IsOpen() const { return !is_over_ || pending_ != nullptr; }

  void Parse(std::string_view bytes) {
    const std::size_t taken =
        http_parser_execute(&parser_, &Callbacks(), bytes.data(), bytes.size());
    const http_errno error = HTTP_PARSER_ERRNO(&parser_);
    if (error == HPE_PAUSED) {
      held_ = bytes.substr(taken);
    } else if (error != HPE_OK && !is_over_) {
      End(400, fmt::format("no HTTP/1.1: {}", http_errno_description(error)));
    }
  }

  // What stops the parser: nothing behind it is a request.
  static constexpr int kStop = 1;

  static const http_parser_settings& Callbacks() {
    static const http_parser_settings settings = [] {
      http_parser_settings made;
      http_parser_settings_init(&made);
      made.on_message_begin = [](http_parser* parser) { return Of(parser).Begin(); };
      made.on_url = [](http_parser* parser, const char* at, std::size_t size) {
        Http1Session& session = Of(parser);
        session.request_.path.append(at, size);
        return session.CountHeaders(size);
      };
      made.on_header_field = [](http_parser* parser, const char* at, std::size_t size) {
        return Of(parser).AppendName({at, size});
      };
      made.on_header_value = [](http_parser* parser, const char* at, std::size_t size) {
        return Of(parser).AppendValue({at, size});
      };
      made.on_headers_complete = [](http_parser* parser) { return Of(parser).EndHeaders(); };
      made.on_body = [](http_parser* parser, const char* at, std::size_t size) {
        return Of(parser).AppendBody({at, size});
      };
      made.on_message_complete = [](http_parser* parser) { return Of(parser).Complete(); };
      return made;
    }();
    return settings;
  }

  int Begin() {
    is_begun_ = true;
    header_bytes_ = 0;
    has_value_ = true;
    return 0;
  }

  int CountHeaders(std::size_t bytes) {
    header_bytes_ += bytes;
    if (header_bytes_ <= limits_.largest_headers) return 0;
    return End(431, fmt::format("headers of more than {} bytes", limits_.largest_headers));
  }

  // Names and values come in pieces.
  int AppendName(std::string_view piece) {
    if (has_value_) request_.headers.emplace_back();
    has_value_ = false;
    for (const char c : piece) {
      request_.headers.back().first +=
          static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    constexpr std::size_t kBesides = 8;  // what an entry of the list takes beside its text, about
    return CountHeaders(piece.size() + kBesides);
  }
  int AppendValue(std::string_view piece) {
    has_value_ = true;
    request_.headers.back().second.append(piece);
    return CountHeaders(piece.size());
  }

  int EndHeaders() {
    request_.method = http_method_str(static_cast<http_method>(parser_.method));
    // An offer to change the protocol may be passed over.
    parser_.upgrade = 0;
    const bool has_length = (parser_.flags & F_CONTENTLENGTH) != 0;
    if (has_length && parser_.content_length > limits_.largest_body) request_.is_too_large = true;
    if (request_.Header("expect") == "100-continue" && !request_.is_too_large) {
      output_ += "HTTP/1.1 100 Continue\r\n\r\n";
    }
    // Who waits for an answer before he sends what would be thrown away gets it now.
    if (request_.is_too_large && request_.Header("expect") == "100-continue") Complete();
    return is_over_ ? -1 : 0;
  }

  int AppendBody(std::string_view piece) {
    if (request_.is_too_large) return 0;
    if (request_.body.size() + piece.size() > limits_.largest_body) {
      request_.is_too_large = true;
      budget_.Return(request_.body.size());
      request_.body = {};
      return 0;
    }
    if (!budget_.Take(piece.size())) {
      return End(503, "too many requests under way", {{"retry-after", "2"}});
    }
    request_.body.append(piece);
    return 0;
  }

  int Complete() {
    if (is_over_) return kStop;
    budget_.Return(request_.body.size());
    is_over_ = request_.is_too_large || http_should_keep_alive(&parser_) == 0;
    is_head_ = parser_.method == HTTP_HEAD;
    ServedReply reply = handler_(std::exchange(request_, {}));
    pending_ = std::move(reply.pending);
    if (pending_ == nullptr) {
      Finish(reply.answer);
    } else if (!is_over_) {
      http_parser_pause(&parser_, 1);
    }
    return is_over_ ? kStop : 0;
  }

  void Finish(const ServedAnswer& answer) {
    Write(answer, is_head_);
    ++answered_;
    is_begun_ = false;
  }

  int End(int status, std::string message, std::vector<ServedHeader> headers = {}) {
    is_over_ = true;
    headers.emplace_back("content-type", "text/plain; charset=utf-8");
    Write({.status = status,
           .headers = std::move(headers),
           .body = std::move(message) + "\n",
           .trailers = {}},
          false);
    return kStop;
  }

  void Write(const ServedAnswer& answer, bool is_head) {
    fmt::format_to(std::back_inserter(output_), "HTTP/1.1 {} {}\r\n", answer.status,
                   Reason(answer.status));
    for (const auto& [name, value] : answer.headers) {
      fmt::format_to(std::back_inserter(output_), "{}: {}\r\n", name, value);
    }
    fmt::format_to(std::back_inserter(output_), "content-length: {}\r\n{}\r\n", answer.body.size(),
                   is_over_ ? "connection: close\r\n" : "");
    if (!is_head) output_ += answer.body;
  }

  const RequestHandler& handler_;
  BodyBudget& budget_;
  SessionLimits limits_;
  http_parser parser_ = {};
  ServedRequest request_;
  std::size_t header_bytes_ = 0;
  bool has_value_ = true;  // the last header; a further name begins another
  bool is_begun_ = false;
  bool is_head_ = false;
  std::shared_ptr<PendingAnswer> pending_;  // of the last request; what follows waits in `held_`
  std::string held_;
  bool is_over_ = false;
  std::uint64_t answered_ = 0;
  std::string output_;
};

}  // namespace

std::unique_ptr<Session> MakeHttp1Session(const RequestHandler& handler, BodyBudget& budget,
                                          SessionLimits limits) {
  return std::make_unique<Http1Session>(handler, budget, limits);
}

}  // namespace trimtab
