#include "trimtab/cli/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/progress.h"

namespace trimtab {
namespace {

using testing::HasSubstr;

// Prints its arguments; "fail" makes it return an error.
CommandAction DeclareEcho(Arguments& arguments) {
  struct Values {
    std::string word;
    std::int64_t times = 1;
    bool loud = false;
  };
  const auto values = std::make_shared<Values>();
  arguments.Positional("word", &values->word, "what is printed");
  arguments.Option("times", &values->times, {.min = 1, .max = 9}, "how often");
  arguments.Flag("loud", &values->loud, "with an exclamation mark");
  return [values](Context& context) -> absl::StatusOr<ExitCode> {
    if (values->word == "fail") return absl::UnavailableError("profile 'hotel' is not trained");
    if (values->word == "infeasible") return ExitCode::kInfeasible;
    for (std::int64_t i = 0; i < values->times; ++i) context.out << values->word;
    context.out << (values->loud ? "!\n" : "\n");
    return ExitCode::kSuccess;
  };
}

CommandAction DeclareCount(Arguments& arguments) {
  const auto files = std::make_shared<std::vector<std::string>>();
  arguments.PositionalList("files", files.get(), "what is counted");
  return [files](Context& context) -> absl::StatusOr<ExitCode> {
    context.out << files->size() << '\n';
    return ExitCode::kSuccess;
  };
}

constexpr std::array kCommands = {
    Command{.name = "echo",
            .description = "Print a word",
            .examples = "trimtab echo hello",
            .declare = DeclareEcho},
    Command{.name = "experiment run",
            .description = "Count files",
            .examples = "trimtab experiment run a b",
            .declare = DeclareCount},
};

class ProgramTest : public testing::Test {
 protected:
  ExitCode Run(const std::vector<std::string>& words) {
    out_.str("");
    err_.str("");
    Progress progress(err_, false);
    Context context{.out = out_, .err = err_, .progress = progress, .stop = stop_};
    return RunProgram(kCommands, words, context);
  }
  std::string out() const { return out_.str(); }
  std::string err() const { return err_.str(); }

 private:
  std::ostringstream out_;
  std::ostringstream err_;
  std::atomic<bool> stop_ = false;
};

TEST_F(ProgramTest, RunsTheNamedCommandWithItsArguments) {
  EXPECT_EQ(Run({"echo", "--times", "3", "ab", "--loud"}), ExitCode::kSuccess);
  EXPECT_EQ(out(), "ababab!\n");
  EXPECT_EQ(err(), "");
}

TEST_F(ProgramTest, TakesOptionsWithAnEqualsSign) {
  EXPECT_EQ(Run({"echo", "--times=2", "ab"}), ExitCode::kSuccess);
  EXPECT_EQ(out(), "abab\n");
}

TEST_F(ProgramTest, RunsACommandOfAGroup) {
  EXPECT_EQ(Run({"experiment", "run", "a", "b", "c"}), ExitCode::kSuccess);
  EXPECT_EQ(out(), "3\n");
}

TEST_F(ProgramTest, AnErrorGoesToStderrWithItsOwnCode) {
  EXPECT_EQ(Run({"echo", "fail"}), ExitCode::kInsufficientData);
  EXPECT_EQ(out(), "");
  EXPECT_EQ(err(), "trimtab echo: profile 'hotel' is not trained\n");
}

TEST_F(ProgramTest, AResultMayHaveItsOwnCode) {
  EXPECT_EQ(Run({"echo", "infeasible"}), ExitCode::kInfeasible);
  EXPECT_EQ(err(), "");
}

TEST_F(ProgramTest, HelpHasDefaultsAndExamplesAndGoesToStdout) {
  EXPECT_EQ(Run({"echo", "--help"}), ExitCode::kSuccess);
  EXPECT_THAT(out(), HasSubstr("Usage: trimtab echo [OPTIONS] word"));
  EXPECT_THAT(out(), HasSubstr("--times N=1"));
  EXPECT_THAT(out(), HasSubstr("Examples:\n  trimtab echo hello\n"));
  EXPECT_EQ(err(), "");
}

TEST_F(ProgramTest, HelpOfAGroupListsItsCommands) {
  EXPECT_EQ(Run({"experiment", "--help"}), ExitCode::kSuccess);
  EXPECT_THAT(out(), HasSubstr("Usage: trimtab experiment [OPTIONS] COMMAND"));
  EXPECT_THAT(out(), HasSubstr("Count files"));
}

TEST_F(ProgramTest, HelpListsEveryCommand) {
  EXPECT_EQ(Run({"--help"}), ExitCode::kSuccess);
  EXPECT_THAT(out(), HasSubstr("Print a word"));
  EXPECT_THAT(out(), HasSubstr("experiment"));
}

struct BadLine {
  std::vector<std::string> words;
  std::string message;
};

class BadLineTest : public ProgramTest, public testing::WithParamInterface<BadLine> {};

TEST_P(BadLineTest, IsRefusedByNameOnStderrWithCodeTwo) {
  EXPECT_EQ(Run(GetParam().words), ExitCode::kUsage);
  EXPECT_EQ(out(), "");
  EXPECT_THAT(err(), HasSubstr(GetParam().message));
  EXPECT_THAT(err(), HasSubstr("--help"));
}

INSTANTIATE_TEST_SUITE_P(
    Lines, BadLineTest,
    testing::Values(
        BadLine{{}, "trimtab: a command is required"},
        BadLine{{"frobnicate"}, "unknown command 'frobnicate'; there are: echo, experiment"},
        BadLine{{"experiment"}, "trimtab experiment: a command is required"},
        BadLine{{"experiment", "walk"}, "unknown command 'walk'; there are: run"},
        BadLine{{"echo"}, "trimtab echo: word is required"},
        BadLine{{"echo", "a", "b"}, "trimtab echo: unknown argument 'b'"},
        BadLine{{"echo", "a", "--nope"}, "trimtab echo: unknown option '--nope'"},
        BadLine{{"echo", "a", "--times"}, "--times"},
        BadLine{{"echo", "a", "--times", "0"}, "--times: '0' is below the minimum 1"},
        BadLine{{"echo", "a", "--times", "-3"}, "--times: '-3' is below the minimum 1"},
        BadLine{{"echo", "a", "--times", "10"}, "--times: '10' is above the maximum 9"},
        BadLine{{"echo", "a", "--times", "two"}, "--times: 'two' is not a whole number"},
        BadLine{{"echo", "a", "--times", "1", "--times", "2"}, "--times"}));

// A full disk: what is written is lost, and the exit code says so.
TEST(ProgramOutputTest, AResultThatCannotBeWrittenIsAFailure) {
  std::ostream nowhere(nullptr);
  std::ostringstream err;
  Progress progress(err, false);
  const std::atomic<bool> stop = false;
  Context context{.out = nowhere, .err = err, .progress = progress, .stop = stop};
  const std::vector<std::string> words = {"echo", "a"};
  EXPECT_EQ(RunProgram(kCommands, words, context), ExitCode::kFailure);
  EXPECT_THAT(err.str(), HasSubstr("could not be written"));
}

TEST(CommandsTest, EveryCommandHasExamplesThatRunIt) {
  for (const Command& command : Commands()) {
    EXPECT_THAT(std::string(command.examples),
                testing::StartsWith("trimtab " + std::string(command.name)));
    EXPECT_FALSE(command.description.ends_with('.')) << command.name;
  }
}

}  // namespace
}  // namespace trimtab
