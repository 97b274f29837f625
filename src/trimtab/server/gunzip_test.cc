#include "trimtab/server/gunzip.h"

#include <gtest/gtest.h>

#include "trimtab/server/testing/gzip_text.h"

namespace trimtab {
namespace {

using testing::GzipText;

TEST(GunzipTest, GivesBackWhatWasCompressed) {
  const std::string text(300'000, 'a');
  EXPECT_EQ(*Gunzip(GzipText(text), text.size()), text);
  EXPECT_EQ(*Gunzip(GzipText(""), 10), "");
  EXPECT_EQ(*Gunzip(GzipText("one ") + GzipText("two"), 10), "one two");
}

TEST(GunzipTest, StopsAtTheBound) {
  const std::string bomb = GzipText(std::string(std::size_t{50} << 20, '\0'));
  ASSERT_LT(bomb.size(), 100'000);
  const auto text = Gunzip(bomb, 1'000'000);
  EXPECT_EQ(text.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Gunzip(GzipText("12345"), 5).value(), "12345");
  EXPECT_EQ(Gunzip(GzipText("123456"), 5).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(GunzipTest, WhatIsDamagedOrCutIsAnError) {
  const std::string good = GzipText("some text that is compressed");
  std::string damaged = good;
  damaged[12] = static_cast<char>(damaged[12] ^ 0x55);
  for (const std::string& bytes : {std::string(), std::string("plain"), damaged,
                                   good.substr(0, good.size() - 1), good + "x"}) {
    EXPECT_EQ(Gunzip(bytes, 1'000).status().code(), absl::StatusCode::kInvalidArgument)
        << bytes.size();
  }
}

}  // namespace
}  // namespace trimtab
