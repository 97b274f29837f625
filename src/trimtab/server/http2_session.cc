#include "trimtab/server/http2_session.h"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "trimtab/server/pending_answer.h"

namespace trimtab {
namespace {

struct DeleteSession {
  void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
};

// Views into texts that live longer; nghttp2 copies them.
std::vector<nghttp2_nv> Fields(const std::vector<ServedHeader>& headers) {
  std::vector<nghttp2_nv> fields;
  for (const auto& [name, value] : headers) {
    fields.push_back({.name = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                      .value = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())),
                      .namelen = name.size(),
                      .valuelen = value.size(),
                      .flags = NGHTTP2_NV_FLAG_NONE});
  }
  return fields;
}

class Http2Session : public Session {
 public:
  Http2Session(const RequestHandler& handler, BodyBudget& budget, SessionLimits limits)
      : handler_(handler), budget_(budget), limits_(limits) {
    nghttp2_session* session = nullptr;
    is_over_ = nghttp2_session_server_new(&session, Callbacks(), this) != 0;
    session_.reset(session);
    if (is_over_) return;
    constexpr std::uint32_t kStreamWindow = std::uint32_t{1} << 20;
    constexpr std::int32_t kConnectionWindow = std::int32_t{4} << 20;
    const std::array settings = {
        nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
                               static_cast<std::uint32_t>(limits.most_streams)},
        nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
                               static_cast<std::uint32_t>(limits.largest_headers)},
        nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow}};
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  }
  ~Http2Session() override {
    for (const auto& [id, stream] : streams_) budget_.Return(stream.request.body.size());
  }

  bool Receive(std::string_view bytes) override {
    if (is_over_) return false;
    const ssize_t taken = nghttp2_session_mem_recv(
        session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    if (taken < 0) {
      nghttp2_session_terminate_session(session_.get(), NGHTTP2_PROTOCOL_ERROR);
      is_over_ = true;
    }
    Send();
    is_over_ |= nghttp2_session_want_read(session_.get()) == 0 &&
                nghttp2_session_want_write(session_.get()) == 0;
    return !is_over_;
  }

  std::string TakeOutput() override {
    Send();
    return std::exchange(output_, {});
  }
  bool Continue() override {
    if (is_over_) return false;
    for (auto& [id, stream] : streams_) {
      if (stream.pending == nullptr) continue;
      std::optional<ServedAnswer> answer = stream.pending->Take();
      if (!answer) continue;
      stream.pending = nullptr;
      Submit(id, stream, *std::move(answer));
    }
    Send();
    return !is_over_;
  }
  bool is_blocked() const override { return false; }
  bool is_idle() const override { return streams_.empty(); }
  std::uint64_t answered() const override { return answered_; }

 private:
  struct Stream {
    ServedRequest request;
    std::size_t header_bytes = 0;
    bool is_answered = false;  // or an answer is pending
    bool is_head = false;
    std::shared_ptr<PendingAnswer> pending;
    ServedAnswer answer;
    std::size_t written = 0;  // of the answer's body
  };

  // Made once, for all sessions.
  static const nghttp2_session_callbacks* Callbacks() {
    static const nghttp2_session_callbacks* const callbacks = [] {
      nghttp2_session_callbacks* made = nullptr;
      if (nghttp2_session_callbacks_new(&made) != 0) return made;
      nghttp2_session_callbacks_set_on_begin_headers_callback(made, OnBeginHeaders);
      nghttp2_session_callbacks_set_on_header_callback(made, OnHeader);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, OnData);
      nghttp2_session_callbacks_set_on_frame_recv_callback(made, OnFrame);
      nghttp2_session_callbacks_set_on_stream_close_callback(made, OnClose);
      return made;
    }();
    return callbacks;
  }
  static Http2Session& Of(void* user) { return *static_cast<Http2Session*>(user); }

  static int OnBeginHeaders(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) Of(user).streams_[frame->hd.stream_id];
    return 0;
  }

  static int OnHeader(nghttp2_session* /*session*/, const nghttp2_frame* frame,
                      const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                      std::size_t value_size, std::uint8_t /*flags*/, void* user) {
    Http2Session& session = Of(user);
    const auto found = session.streams_.find(frame->hd.stream_id);
    if (found == session.streams_.end()) return 0;
    Stream& stream = found->second;
    constexpr std::size_t kBesides = 32;  // as SETTINGS_MAX_HEADER_LIST_SIZE counts
    stream.header_bytes += name_size + value_size + kBesides;
    if (stream.header_bytes > session.limits_.largest_headers) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // resets the stream
    }
    std::string key(reinterpret_cast<const char*>(name), name_size);
    std::string text(reinterpret_cast<const char*>(value), value_size);
    if (key == ":method") {
      stream.request.method = std::move(text);
    } else if (key == ":path") {
      stream.request.path = std::move(text);
    } else {
      stream.request.headers.emplace_back(std::move(key), std::move(text));
    }
    return 0;
  }

  static int OnData(nghttp2_session* /*session*/, std::uint8_t /*flags*/, std::int32_t id,
                    const std::uint8_t* data, std::size_t size, void* user) {
    Http2Session& session = Of(user);
    const auto found = session.streams_.find(id);
    if (found == session.streams_.end() || found->second.is_answered) return 0;
    ServedRequest& request = found->second.request;
    if (request.is_too_large) return 0;
    if (request.body.size() + size > session.limits_.largest_body) {
      session.budget_.Return(request.body.size());
      request.body = {};
      request.is_too_large = true;
      session.Answer(id, found->second);
      return 0;
    }
    if (!session.budget_.Take(size)) {
      session.Refuse(id, found->second);
      return 0;
    }
    request.body.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }

  static int OnFrame(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (!ends || (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS)) return 0;
    Http2Session& session = Of(user);
    const auto found = session.streams_.find(frame->hd.stream_id);
    if (found == session.streams_.end() || found->second.is_answered) return 0;
    session.Answer(frame->hd.stream_id, found->second);
    return 0;
  }

  static int OnClose(nghttp2_session* /*session*/, std::int32_t id, std::uint32_t /*error*/,
                     void* user) {
    Http2Session& session = Of(user);
    const auto found = session.streams_.find(id);
    if (found == session.streams_.end()) return 0;
    session.budget_.Return(found->second.request.body.size());
    session.streams_.erase(found);
    return 0;
  }

  static ssize_t ReadBody(nghttp2_session* session, std::int32_t id, std::uint8_t* to,
                          std::size_t room, std::uint32_t* flags, nghttp2_data_source* /*source*/,
                          void* user) {
    const auto found = Of(user).streams_.find(id);
    if (found == Of(user).streams_.end()) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    Stream& stream = found->second;
    const std::size_t size = std::min(room, stream.answer.body.size() - stream.written);
    std::memcpy(to, stream.answer.body.data() + stream.written, size);
    stream.written += size;
    if (stream.written < stream.answer.body.size()) return static_cast<ssize_t>(size);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!stream.answer.trailers.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const std::vector<nghttp2_nv> trailers = Fields(stream.answer.trailers);
      nghttp2_submit_trailer(session, id, trailers.data(), trailers.size());
    }
    return static_cast<ssize_t>(size);
  }

  void Answer(std::int32_t id, Stream& stream) {
    stream.is_answered = true;
    budget_.Return(stream.request.body.size());
    stream.is_head = stream.request.method == "HEAD";
    ServedReply reply = handler_(std::exchange(stream.request, {}));
    stream.pending = std::move(reply.pending);
    if (stream.pending == nullptr) Submit(id, stream, std::move(reply.answer));
  }

  void Submit(std::int32_t id, Stream& stream, ServedAnswer answer) {
    ++answered_;
    stream.answer = std::move(answer);
    std::vector<ServedHeader> headers = {{":status", std::to_string(stream.answer.status)}};
    headers.insert(headers.end(), stream.answer.headers.begin(), stream.answer.headers.end());
    const bool has_body = !stream.answer.body.empty() && !stream.is_head;
    if (!has_body) {
      // An outcome without a message stands in the headers.
      headers.insert(headers.end(), stream.answer.trailers.begin(), stream.answer.trailers.end());
    }
    const std::vector<nghttp2_nv> fields = Fields(headers);
    const nghttp2_data_provider body = {.source = {.ptr = nullptr}, .read_callback = ReadBody};
    nghttp2_submit_response(session_.get(), id, fields.data(), fields.size(),
                            has_body ? &body : nullptr);
  }

  void Refuse(std::int32_t id, Stream& stream) {
    stream.is_answered = true;
    budget_.Return(stream.request.body.size());
    stream.request = {};
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
  }

  void Send() {
    for (;;) {
      const std::uint8_t* bytes = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session_.get(), &bytes);
      if (size <= 0) {
        is_over_ |= size < 0;
        return;
      }
      output_.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
  }

  const RequestHandler& handler_;
  BodyBudget& budget_;
  SessionLimits limits_;
  std::unique_ptr<nghttp2_session, DeleteSession> session_;
  std::map<std::int32_t, Stream> streams_;
  std::string output_;
  std::uint64_t answered_ = 0;
  bool is_over_ = false;
};

}  // namespace

std::unique_ptr<Session> MakeHttp2Session(const RequestHandler& handler, BodyBudget& budget,
                                          SessionLimits limits) {
  return std::make_unique<Http2Session>(handler, budget, limits);
}

}  // namespace trimtab
