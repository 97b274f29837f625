// Any bytes are taken as a connection of HTTP/1.1, in two pieces, with the receiver behind it.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "trimtab/server/http1_session.h"
#include "trimtab/server/testing/fuzz_session.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  trimtab::testing::FuzzSession(trimtab::MakeHttp1Session, {}, bytes);
  return 0;
}
