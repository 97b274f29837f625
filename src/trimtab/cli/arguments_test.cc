#include "trimtab/cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/cli/output.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

using testing::HasSubstr;

// Sets the only declared argument.
absl::Status Set(const Arguments& arguments, std::string_view text) {
  return arguments.declared().front().set(text);
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(ArgumentsTest, KeepsTheDefaultOfTheValue) {
  std::int64_t minutes = 400;
  Arguments arguments;
  arguments.Option("minutes", &minutes, {.min = 1}, "simulated minutes");
  EXPECT_EQ(arguments.declared().front().default_text, "400");
  ASSERT_TRUE(Set(arguments, "30").ok());
  EXPECT_EQ(minutes, 30);
}

TEST(ArgumentsTest, ARefusedValueChangesNothing) {
  std::int64_t minutes = 400;
  Arguments arguments;
  arguments.Option("minutes", &minutes, {.min = 1}, "simulated minutes");
  for (const char* text : {"", "0", "1.5", "12x", " 12", "99999999999999999999"}) {
    EXPECT_EQ(Set(arguments, text).code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_EQ(minutes, 400);
}

TEST(ArgumentsTest, NumbersAreFiniteAndBounded) {
  double share = 0.5;
  Arguments arguments;
  arguments.Option("share", &share, {.min = 0, .max = 1}, "share");
  for (const char* text : {"nan", "inf", "-0.1", "1.1", ""})
    EXPECT_FALSE(Set(arguments, text).ok());
  EXPECT_THAT(Message(Set(arguments, "1.1")), HasSubstr("'1.1' is above the maximum 1"));
  ASSERT_TRUE(Set(arguments, "0.25").ok());
  EXPECT_EQ(share, 0.25);
}

TEST(ArgumentsTest, QuantitiesAreThoseOfKubernetes) {
  Millicores cpu(200);
  Bytes memory = Mebibytes(100);
  Duration lag = std::chrono::seconds(30);
  Arguments arguments;
  arguments.Option("cpu", &cpu, "CPU");
  arguments.Option("memory", &memory, "memory");
  arguments.Option("lag", &lag, {.min = Duration(0), .max = std::chrono::minutes(5)}, "lag");
  const auto& declared = arguments.declared();
  EXPECT_EQ(declared[0].default_text, "200m");
  EXPECT_EQ(declared[1].default_text, "100Mi");
  EXPECT_EQ(declared[2].default_text, "30s");
  EXPECT_TRUE(declared[0].set("1.5").ok());
  EXPECT_TRUE(declared[1].set("1Gi").ok());
  EXPECT_TRUE(declared[2].set("1m").ok());
  EXPECT_EQ(cpu, Millicores(1500));
  EXPECT_EQ(memory, Mebibytes(1024));
  EXPECT_EQ(lag, std::chrono::minutes(1));
  EXPECT_THAT(Message(declared[2].set("6m")), HasSubstr("'6m' is above the maximum 5m"));
}

TEST(ArgumentsTest, AChoiceNamesAllWhenRefused) {
  std::string policy = "grad";
  Arguments arguments;
  arguments.Choice("policy", &policy, {"grad", "hpa", "static"}, "policy");
  EXPECT_THAT(Message(Set(arguments, "vpa")), HasSubstr("'vpa' is none of grad, hpa, static"));
  ASSERT_TRUE(Set(arguments, "hpa").ok());
  EXPECT_EQ(policy, "hpa");
}

TEST(ArgumentsTest, SeedsFillSixtyFourBits) {
  std::uint64_t seed = 1;
  Arguments arguments;
  arguments.Seed(&seed);
  ASSERT_TRUE(Set(arguments, "18446744073709551615").ok());
  EXPECT_EQ(seed, std::numeric_limits<std::uint64_t>::max());
  EXPECT_FALSE(Set(arguments, "-1").ok());
  EXPECT_FALSE(Set(arguments, "18446744073709551616").ok());
}

TEST(ArgumentsTest, OutputHasAShortName) {
  OutputFormat output = OutputFormat::kTable;
  Arguments arguments;
  arguments.Output(&output);
  EXPECT_EQ(arguments.declared().front().short_name, "o");
  EXPECT_THAT(Message(Set(arguments, "yaml")), HasSubstr("table, json, csv"));
}

TEST(ArgumentsTest, OutputMayGoToAFile) {
  OutputFormat output = OutputFormat::kTable;
  std::string file;
  Arguments arguments;
  arguments.OutputOrFile(&output, &file);
  ASSERT_TRUE(Set(arguments, "csv").ok());
  EXPECT_EQ(output, OutputFormat::kCsv);
  ASSERT_TRUE(Set(arguments, "some/plan.json").ok());
  EXPECT_EQ(output, OutputFormat::kCsv);
  EXPECT_EQ(file, "some/plan.json");
  EXPECT_THAT(Message(Set(arguments, "plan.yaml")), HasSubstr("'plan.yaml' is none of table"));
}

TEST(ArgumentsTest, NamespacesHaveShortNames) {
  std::string name_space;
  bool all = false;
  Arguments arguments;
  arguments.Option("namespace", &name_space, "where");
  arguments.Flag("all-namespaces", &all, "everywhere");
  EXPECT_EQ(arguments.declared()[0].short_name, "n");
  EXPECT_EQ(arguments.declared()[1].short_name, "A");
}

TEST(ArgumentsTest, ADurationWithoutBoundsTakesAny) {
  Duration step{0};
  Arguments arguments;
  arguments.Option("step", &step, {.min = std::chrono::seconds(1)}, "of the recording");
  ASSERT_TRUE(Set(arguments, "100h").ok());
  EXPECT_EQ(step, std::chrono::hours(100));
  EXPECT_THAT(Message(Set(arguments, "10ms")), HasSubstr("'10ms' is below the minimum 1s"));
}

TEST(ArgumentsTest, AListCollects) {
  std::vector<std::string> files;
  Arguments arguments;
  arguments.OptionList("load-file", &files, "recorded load");
  ASSERT_TRUE(Set(arguments, "a.csv").ok());
  ASSERT_TRUE(Set(arguments, "b.csv").ok());
  EXPECT_THAT(files, testing::ElementsAre("a.csv", "b.csv"));
}

}  // namespace
}  // namespace trimtab
