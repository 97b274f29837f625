// A client of HTTP/2 without a socket: bytes out, bytes in.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "trimtab/server/served_message.h"

namespace trimtab::testing {

class Http2Client {
 public:
  struct Answer {
    std::map<std::string, std::string> headers;  // with trailers, and ":status"
    std::string body;
    bool is_closed = false;
    std::uint32_t error = 0;
  };

  Http2Client() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                      std::uint8_t, void* user) {
          const std::string key(reinterpret_cast<const char*>(name), name_size);
          static_cast<Http2Client*>(user)->answers[frame->hd.stream_id].headers[key] =
              std::string(reinterpret_cast<const char*>(value), value_size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                      std::size_t size, void* user) {
          static_cast<Http2Client*>(user)->answers[id].body.append(
              reinterpret_cast<const char*>(data), size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session*, std::int32_t id, std::uint32_t error, void* user) {
          Answer& answer = static_cast<Http2Client*>(user)->answers[id];
          answer.is_closed = true;
          answer.error = error;
          return 0;
        });
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~Http2Client() { nghttp2_session_del(session_); }
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  // The id of the stream.
  std::int32_t Post(const std::string& path, const std::vector<ServedHeader>& headers,
                    std::string body) {
    std::vector<ServedHeader> all = {
        {":method", "POST"}, {":scheme", "http"}, {":path", path}, {":authority", "test"}};
    all.insert(all.end(), headers.begin(), headers.end());
    std::vector<nghttp2_nv> fields;
    for (const auto& [name, value] : all) {
      fields.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                        reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())),
                        name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    }
    nghttp2_data_provider provider = {};
    provider.read_callback = [](nghttp2_session*, std::int32_t id, std::uint8_t* to,
                                std::size_t room, std::uint32_t* flags, nghttp2_data_source*,
                                void* user) -> ssize_t {
      auto& [text, sent] = static_cast<Http2Client*>(user)->bodies_[id];
      const std::size_t size = std::min(room, text.size() - sent);
      std::memcpy(to, text.data() + sent, size);
      sent += size;
      if (sent == text.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
      return static_cast<ssize_t>(size);
    };
    const std::int32_t id =
        nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), &provider, nullptr);
    bodies_[id] = {std::move(body), 0};
    return id;
  }

  std::string TakeOutput() {
    std::string output;
    const std::uint8_t* bytes = nullptr;
    for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_, &bytes)) > 0;) {
      output.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
    return output;
  }
  bool Receive(std::string_view bytes) {
    return nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                    bytes.size()) >= 0;
  }

  std::map<std::int32_t, Answer> answers;

 private:
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, std::pair<std::string, std::size_t>> bodies_;
};

}  // namespace trimtab::testing
