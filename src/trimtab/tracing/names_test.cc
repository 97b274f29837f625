// Hashes of ids, and interned names.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <unordered_set>

#include "trimtab/tracing/name_table.h"
#include "trimtab/tracing/text_hash.h"

namespace trimtab {
namespace {

TEST(TextHashTest, TextsOfEveryLengthDiffer) {
  std::unordered_set<std::uint64_t> hashes;
  std::set<TraceId> ids;
  std::string text;
  for (int length = 0; length < 200; ++length) {
    EXPECT_TRUE(hashes.insert(HashText(text)).second) << length;
    EXPECT_TRUE(ids.insert(HashTraceId(text)).second) << length;
    text += '\0';  // lengths must count even where the bytes are zero
  }
}

TEST(TextHashTest, EveryByteOfAnIdCounts) {
  const std::string id = "0123456789abcdef0123456789abcdef";
  for (std::size_t at = 0; at < id.size(); ++at) {
    std::string other = id;
    other[at] = 'x';
    EXPECT_NE(HashText(id), HashText(other)) << at;
    EXPECT_NE(HashTraceId(id).high, HashTraceId(other).high) << at;
    EXPECT_NE(HashTraceId(id).low, HashTraceId(other).low) << at;
  }
}

// 300,000 numbers as ids: the chance that two of 3e5 random 64-bit hashes agree is 2.4e-9.
TEST(TextHashTest, ConsecutiveNumbersDoNotCollide) {
  std::unordered_set<std::uint64_t> hashes;
  for (int number = 0; number < 300'000; ++number)
    hashes.insert(HashSpanId(std::to_string(number)));
  EXPECT_EQ(hashes.size(), 300'000);
  EXPECT_FALSE(hashes.contains(0));
}

TEST(NameTableTest, OneNumberForEachName) {
  NameTable names;
  const NameId a = names.Intern("a");
  const NameId b = names.Intern("b");
  EXPECT_NE(a, b);
  EXPECT_EQ(names.Intern("a"), a);
  EXPECT_EQ(names.Name(b), "b");
  EXPECT_EQ(names.Intern(""), NameId());
}

TEST(NameTableTest, HashesDoNotDependOnTheOrder) {
  NameTable one;
  NameTable other;
  const NameId first = one.Intern("a");
  other.Intern("b");
  EXPECT_EQ(one.Hash(first), other.Hash(other.Intern("a")));
}

TEST(NameTableTest, ManyNamesKeepTheirNumbers) {
  NameTable names;
  std::vector<NameId> ids;
  for (int i = 0; i < 20'000; ++i) ids.push_back(names.Intern("name" + std::to_string(i)));
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_EQ(names.Intern("name" + std::to_string(i)), ids[static_cast<std::size_t>(i)]);
  }
}

TEST(NameTableTest, BeyondTheBoundNamesAreOther) {
  // An entry costs its text and 64 bytes: the empty name and two names of 10 fill 212 bytes.
  NameTable names(Bytes(200));
  const NameId first = names.Intern("0123456789");
  const NameId second = names.Intern("abcdefghij");
  const NameId third = names.Intern("one too many");
  EXPECT_EQ(names.Name(third), "(other)");
  EXPECT_EQ(names.Intern("another"), third);
  EXPECT_EQ(names.refused(), 2);
  EXPECT_EQ(names.Intern("0123456789"), first);
  EXPECT_EQ(names.Intern("abcdefghij"), second);
}

TEST(NameTableTest, ValuesInPlaceOfArgumentClassesAreNotKept) {
  NameTable names;
  EXPECT_EQ(names.InternArgumentClasses(""), 0);
  const std::uint16_t near = names.InternArgumentClasses("distance=1-3");
  EXPECT_EQ(names.InternArgumentClasses("distance=1-3"), near);
  EXPECT_EQ(names.ArgumentClasses(near), "distance=1-3");
  std::size_t before = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (i == 5'000) before = names.size();
    names.InternArgumentClasses("user=" + std::to_string(i));
  }
  EXPECT_EQ(names.size(), before);
  EXPECT_EQ(names.ArgumentClasses(names.InternArgumentClasses("user=9999")), "(other)");
  EXPECT_EQ(names.InternArgumentClasses("distance=1-3"), near);
}

}  // namespace
}  // namespace trimtab
