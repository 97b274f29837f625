// Any bytes are taken as a connection of HTTP/2, behind the preface, in two pieces, with the
// receiver behind it.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "trimtab/server/http2_session.h"
#include "trimtab/server/testing/fuzz_session.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  trimtab::testing::FuzzSession(trimtab::MakeHttp2Session, trimtab::kHttp2Preface, bytes);
  return 0;
}
