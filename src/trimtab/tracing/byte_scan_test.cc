#include "trimtab/tracing/byte_scan.h"

#include <gtest/gtest.h>
#include <hwy/highway.h>

#include <random>
#include <string>
#include <vector>

namespace trimtab {
namespace {

// Runs `check` once for each instruction set that this machine has and the file is compiled for.
template <class Check>
void ForEachTarget(const Check& check) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    SCOPED_TRACE(hwy::TargetName(target));
    check();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

std::string RandomText(std::size_t size, std::mt19937_64& random) {
  constexpr std::string_view kLetters = ",\n\"\\{}ab,\xff\x80 -";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += kLetters[random() % kLetters.size()];
  return text;
}

TEST(ByteScanTest, SeparatorsAreThoseThatAPlainLoopFinds) {
  ForEachTarget([] {
    std::mt19937_64 random(11);
    for (std::size_t size = 0; size < 300; ++size) {
      const std::string text = RandomText(size, random);
      std::vector<std::uint32_t> expected;
      for (std::size_t at = 0; at < size; ++at) {
        if (text[at] == ',' || text[at] == '\n' || text[at] == '"') {
          expected.push_back(static_cast<std::uint32_t>(at));
        }
      }
      std::vector<std::uint32_t> found(size + 1);
      found.resize(FindSeparators(text.data(), size, found.data()));
      ASSERT_EQ(found, expected) << size;
    }
  });
}

TEST(ByteScanTest, JsonBitsAreThoseOfEachByte) {
  ForEachTarget([] {
    std::mt19937_64 random(12);
    const std::string text = RandomText(64 * 5, random);
    std::vector<JsonBytes> blocks(5);
    ClassifyJson(text.data(), blocks.size(), blocks.data());
    for (std::size_t at = 0; at < text.size(); ++at) {
      const JsonBytes& block = blocks[at / 64];
      const auto bit = [at](std::uint64_t bits) { return (bits >> (at % 64) & 1) != 0; };
      ASSERT_EQ(bit(block.quotes), text[at] == '"') << at;
      ASSERT_EQ(bit(block.backslashes), text[at] == '\\') << at;
      ASSERT_EQ(bit(block.opening), text[at] == '{') << at;
      ASSERT_EQ(bit(block.closing), text[at] == '}') << at;
    }
  });
}

}  // namespace
}  // namespace trimtab
