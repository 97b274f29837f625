// The model as JSON: there and back, and refusals that name the member.
#include "trimtab/endtoend/end_to_end_model.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/endtoend/testing/random_model.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using testing::RandomEndToEndModel;

TEST(EndToEndModelTest, ComesBackWithTheSameNumbers) {
  const EndToEndModel model = RandomEndToEndModel(EndToEndKind::kCorrected, 5, 6, 3);
  const std::string text = model.ToJson();
  const absl::StatusOr<EndToEndModel> back = EndToEndModel::FromJson(text);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->parameters, model.parameters);
  EXPECT_EQ(back->composition_shares, model.composition_shares);
  EXPECT_EQ(back->ToJson(), text);
}

struct Fault {
  std::string from;
  std::string to;
  std::string message;
};

class EndToEndModelFaultTest : public ::testing::TestWithParam<Fault> {};

TEST_P(EndToEndModelFaultTest, NamesTheMember) {
  std::string text = RandomEndToEndModel(EndToEndKind::kPaper, 2, 1, 3).ToJson();
  const std::size_t at = text.find(GetParam().from);
  ASSERT_NE(at, std::string::npos) << text;
  text.replace(at, GetParam().from.size(), GetParam().to);
  const auto back = EndToEndModel::FromJson(text);
  ASSERT_FALSE(back.ok());
  EXPECT_THAT(std::string(back.status().message()), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, EndToEndModelFaultTest,
    ::testing::Values(
        Fault{"\"paper\"", "\"papyrus\"", "'papyrus' is none of paper"},
        Fault{"\"microservice-1\"", "\"microservice-0\"", "names 'microservice-0' twice"},
        Fault{"\"inputCenter\":[", "\"inputCenter\":[1e99,",
              "input_center has 5 numbers, expected 4"},
        Fault{"\"inputScale\":[", "\"inputScale\":[null,", "'inputScale' holds something"},
        Fault{"\"outputCenter\":4", "\"outputCenter\":400", "output_center is 400"},
        Fault{"\"hidden\":1", "\"hidden\":1.5", "hidden' is 1.5, expected a whole number"},
        Fault{"\"hidden\":1", "\"hidden\":2", "parameters has"},
        Fault{"\"errorRatios\":[0.9", "\"errorRatios\":[9.9", "error_ratios do not rise"},
        Fault{"\"kind\"", "\"kinds\"", "'kind' is missing"},
        Fault{"{\"kind\"", "{\"more\":1,\"kind\"", "has 13 members, 12 are known"},
        Fault{"}", "", "is not a JSON object"}));

TEST(EndToEndModelTest, RefusesWhatIsNotAModel) {
  for (const char* text : {"", "[]", "null", "{}", "{\"kind\":{}}"}) {
    EXPECT_FALSE(EndToEndModel::FromJson(text).ok()) << text;
  }
}

}  // namespace
}  // namespace trimtab
