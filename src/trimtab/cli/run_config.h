// How `trimtab run` is set: a file, the environment and the command line over one another.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/operator/run_log.h"
#include "trimtab/operator/scaling_operator.h"

namespace trimtab {

struct RunConfig {
  OperatorOptions options{};
  LogFormat log_format = LogFormat::kText;
  LogLevel log_level = LogLevel::kInfo;
};

// Whose line takes a flag. A file may hold every setting for all of them.
enum class SettingsOf : std::uint8_t { kRun = 1, kRecommend = 2, kPlan = 4, kApply = 8 };

// Every setting has a key in the file (kind ControllerConfig of config.trimtab.dev/v1alpha1), and
// some an environment variable and a flag: a flag goes over the environment, that over the file,
// that over the default.
class RunSettings {
 public:
  // Every flag that is no more than a setting, but --profile of kPlan, which is that command's own;
  // `this` must live until the command ran.
  void Declare(Arguments& arguments, SettingsOf command);
  // As if given on the line.
  void AddProfile(std::string file);

  // The value of a variable of the environment; empty when it is not set.
  using Environment = std::function<std::string(const char*)>;

  // kInvalidArgument names file and line, or flag, value and bound: unknown keys are errors.
  absl::Status Resolve(const Environment& environment, RunConfig& config) const;
  // What Resolve() would read, as a file without secrets: values of headers are hidden, and what
  // PrintableUrl() hides of URLs.
  absl::StatusOr<std::string> ToYaml(const Environment& environment) const;

 private:
  struct Given {
    std::string text;                // of a setting that has one value
    std::vector<std::string> texts;  // of one that is a list or a map
  };
  absl::StatusOr<nlohmann::json> Merge(const Environment& environment) const;

  std::string file_;
  std::string kubeconfig_;
  std::string context_;
  bool no_leader_election_ = false;
  bool allow_clear_text_ = false;
  std::vector<std::unique_ptr<Given>> given_;  // by the table of settings
};

// Of this process' environment; empty when it is not set.
std::string EnvironmentVariable(const char* name);

}  // namespace trimtab
