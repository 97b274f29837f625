#include "trimtab/scaling/derm/derm_instance_json.h"

#include <string>

#include "gtest/gtest.h"
#include "trimtab/scaling/derm/derm_instance_generator.h"

namespace trimtab {
namespace {

constexpr const char* kSmall = R"({
  "format": "trimtab-instance-1", "applicationLoad": 100, "slaSeconds": 0.5,
  "attainmentTarget": 0.95,
  "microservices": [
    {"name": "web", "rate": {"offsetSeconds": 0.002, "slope": -2, "intercept": 120}},
    {"name": "store", "mostContainers": 9, "loadTable": [
      {"load": 1, "meanSeconds": 0.01, "variance": 0.0001, "thirdCumulant": 0.000002},
      {"load": 30, "meanSeconds": 0.05, "variance": 0.0025, "thirdCumulant": 0.00025}]}],
  "graphs": [{"id": "read", "share": 1, "tree": {"sequence": [{"microservice": "web"},
    {"parallel": [{"microservice": "store", "visits": 3}, {"microservice": "web"}]}]}}]})";

std::string With(std::string_view from, std::string_view to) {
  std::string text = kSmall;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(DermInstanceJsonTest, ReadsWhatIsDocumented) {
  const auto problem = DermInstanceFromJson(kSmall);
  ASSERT_TRUE(problem.ok()) << problem.status();
  EXPECT_EQ(problem->microservices[1].most, 9);
  EXPECT_EQ(problem->microservices[0].fewest, 1);
  const DermNode& parallel = problem->graphs[0].tree.children[1];
  EXPECT_EQ(parallel.kind, DermNode::Kind::kParallel);
  EXPECT_EQ(parallel.children[0].visits, 3);
  EXPECT_EQ(problem->share_error, 0);
}

TEST(DermInstanceJsonTest, ReadsWhatItWrites) {
  for (const bool parallel : {false, true}) {
    const DermProblem made =
        *MakeDermInstance({.microservices = 20, .graphs = 4, .parallel = parallel, .seed = 3});
    const std::string text = DermInstanceToJson(made);
    const auto read = DermInstanceFromJson(text);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(DermInstanceToJson(*read), text);
  }
  const std::string text = DermInstanceToJson(*DermInstanceFromJson(kSmall));
  EXPECT_EQ(DermInstanceToJson(*DermInstanceFromJson(text)), text);
}

TEST(DermInstanceJsonTest, NamesWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "not JSON"},
      {"[]", "expected an object"},
      {With("instance-1", "instance-9"), "format"},
      {With("\"share\": 1,", "\"share\": 0.4,"), "sum to 0.4"},
      {With("\"share\": 1,", "\"share\": -1,"), "share"},
      {With("\"slope\": -2", "\"slope\": \"x\""), "microservices[0].rate.slope"},
      {With("\"name\": \"store\"", "\"name\": \"cache\""), "visits 'store', which is unknown"},
      {With("{\"microservice\": \"web\"}]}]}", "{\"microservice\": \"db\"}]}]}"), "'db'"},
      {With("\"visits\": 3", "\"visits\": 0"), "visits"},
      {With("\"intercept\": 120", "\"intercept\": 0"), "idle"},
      {With("\"mostContainers\": 9", "\"mostContainers\": 0"), "mostContainers"},
      {With("\"slaSeconds\": 0.5", "\"slaSeconds\": 0"), "SLA"},
      {With("\"load\": 30", "\"load\": 1"), "does not rise"},
      {With("\"attainmentTarget\": 0.95", "\"attainmentTarget\": 0.95, \"spare\": 1"), "spare"},
  };
  for (const auto& [text, words] : cases) {
    const auto problem = DermInstanceFromJson(text);
    ASSERT_FALSE(problem.ok()) << words;
    EXPECT_NE(std::string(problem.status().message()).find(words), std::string::npos)
        << problem.status();
  }
}

TEST(DermInstanceJsonTest, RefusesATreeThatIsTooDeep) {
  std::string tree = R"({"microservice": "web"})";
  for (int i = 0; i < 2000; ++i) tree = R"({"sequence": [)" + tree + "]}";
  const std::string text = With(R"({"microservice": "web"},)", tree + ",");
  EXPECT_FALSE(DermInstanceFromJson(text).ok());
}

}  // namespace
}  // namespace trimtab
