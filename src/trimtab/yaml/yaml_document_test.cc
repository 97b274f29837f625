#include "trimtab/yaml/yaml_document.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/yaml/yaml_writer.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(const std::string& text) {
  return std::string(ParseYaml(text, "f").status().message());
}

TEST(ParseYamlTest, KeepsOrderTextAndLines) {
  const auto root = ParseYaml("b: 1\na:\n  - x\n  - \"y: z\"\n", "f");
  ASSERT_TRUE(root.ok());
  ASSERT_EQ(root->entries.size(), 2U);
  EXPECT_EQ(root->entries[0].key, "b");
  EXPECT_EQ(root->entries[1].value.items[1].text, "y: z");
  EXPECT_EQ(root->entries[1].value.items[1].line, 4);
}

TEST(ParseYamlTest, RefusesWhatIsNotOnePlainDocument) {
  EXPECT_EQ(ErrorOf(""), "f:1: the file is empty");
  EXPECT_EQ(ErrorOf("# only a comment\n"), "f:1: the file is empty");
  EXPECT_EQ(ErrorOf("a: 1\nb: 2\na: 3\n"), "f:3: key 'a' stands already in line 1");
  EXPECT_THAT(ErrorOf("a: &x 1\nb: *x\n"), HasSubstr("f:1: an anchor"));
  EXPECT_THAT(ErrorOf("a: !!int 1\n"), HasSubstr("f:1: a tag"));
  EXPECT_THAT(ErrorOf("[1, 2]: 3\n"), HasSubstr("a key must be text"));
  EXPECT_THAT(ErrorOf("a: 1\n---\nb: 2\n"), HasSubstr("more than one document"));
  EXPECT_THAT(ErrorOf("a: [1, 2\n"), HasSubstr("f:"));
  EXPECT_THAT(ErrorOf(std::string("a: \0b", 5)), HasSubstr(""));
}

TEST(ParseYamlTest, RefusesDeepNesting) {
  EXPECT_THAT(ErrorOf(std::string(65, '[') + std::string(65, ']')),
              HasSubstr("more than 64 levels"));
  EXPECT_FALSE(ParseYaml(std::string(100'000, '['), "f").ok());
  EXPECT_FALSE(ParseYaml(std::string(100'000, '{'), "f").ok());
}

TEST(ParseYamlTest, RefusesWhatIsTooLargeBeforeParsing) {
  const std::string text(static_cast<std::size_t>(kLargestConfiguration.value()) + 1, '[');
  EXPECT_EQ(ParseYaml(text, "f").status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(YamlWriterTest, QuotedTextReadsBack) {
  const std::string awkward = "a \"b\" \\ \t\n # : - é";
  YamlWriter out;
  out.Open("list");
  out.OpenItem();
  out.Text("key", awkward);
  out.Number("n", 0.1);
  out.Close();
  out.ScalarItem("plain");
  out.Close();
  const auto root = ParseYaml(out.text(), "f");
  ASSERT_TRUE(root.ok()) << root.status() << out.text();
  const YamlNode& list = root->entries[0].value;
  EXPECT_EQ(list.items[0].entries[0].value.text, awkward);
  EXPECT_EQ(list.items[0].entries[1].value.text, "0.1");
  EXPECT_EQ(list.items[1].text, "plain");
}

}  // namespace
}  // namespace trimtab
