// Any bytes are read as a plain or gzip file to their end or to an error, the same way whether they
// are looked at beforehand or not.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "trimtab/tracing/input_file.h"

namespace trimtab {
namespace {

// What came before the end or the error; a bomb is read up to 4 MiB.
std::string ReadAll(InputFile& file, bool& failed) {
  std::string text;
  std::array<char, 4096> buffer;
  while (text.size() < (std::size_t{4} << 20)) {
    const auto got = file.Read(buffer.data(), buffer.size());
    failed = !got.ok();
    if (failed || *got == 0) break;
    if (*got > buffer.size()) __builtin_trap();
    text.append(buffer.data(), *got);
  }
  return text;
}

}  // namespace
}  // namespace trimtab

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto plain = trimtab::InputFile::OverText("fuzz", bytes);
  bool failed = false;
  const std::string text = trimtab::ReadAll(*plain, failed);
  const auto peeked = trimtab::InputFile::OverText("fuzz", bytes);
  const auto start = peeked->Peek(16);
  if (!start.ok()) return failed ? 0 : (__builtin_trap(), 0);
  if (!text.starts_with(std::string_view(start->data(), start->size()))) __builtin_trap();
  bool failed_again = false;
  if (trimtab::ReadAll(*peeked, failed_again) != text || failed != failed_again) __builtin_trap();
  return 0;
}
