#include <hwy/targets.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/build_info.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/output.h"

namespace trimtab {
namespace {

// The instruction sets this machine has and kernels are compiled for, the best first.
std::vector<std::string> SimdTargets() {
  std::vector<std::string> names;
  // Highway numbers a better target lower.
  for (std::int64_t rest = hwy::SupportedTargets(); rest != 0; rest &= rest - 1) {
    names.emplace_back(hwy::TargetName(rest & -rest));
  }
  return names;
}

void PrintVersion(OutputFormat output, Context& context) {
  const BuildInfo& build = GetBuildInfo();
  const std::vector<std::string> simd = SimdTargets();
  if (output == OutputFormat::kTable) {
    context.out << fmt::format("trimtab {}\ncommit  {}\nbuild   {}, {}\nsimd    {}\n",
                               build.version, build.commit, build.build_type, build.compiler,
                               absl::StrJoin(simd, " "));
  } else if (output == OutputFormat::kCsv) {
    Table table({{.key = "version"},
                 {.key = "commit"},
                 {.key = "buildType"},
                 {.key = "compiler"},
                 {.key = "simdTargets"}});
    table.AddRow({std::string(build.version), std::string(build.commit),
                  std::string(build.build_type), std::string(build.compiler),
                  absl::StrJoin(simd, " ")});
    table.WriteCsv(context.out);
  } else {
    WriteJson({{"version", build.version},
               {"commit", build.commit},
               {"buildType", build.build_type},
               {"compiler", build.compiler},
               {"simdTargets", simd}},
              context.out);
  }
}

}  // namespace

CommandAction DeclareVersion(Arguments& arguments) {
  const auto output = std::make_shared<OutputFormat>(OutputFormat::kTable);
  arguments.Output(output.get());
  return [output](Context& context) -> absl::StatusOr<ExitCode> {
    PrintVersion(*output, context);
    return ExitCode::kSuccess;
  };
}

}  // namespace trimtab
