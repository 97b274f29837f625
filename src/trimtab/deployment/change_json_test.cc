#include "trimtab/deployment/change_json.h"

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace trimtab {
namespace {

TEST(ChangeJsonTest, NamesMicroservicesAndBaseUnits) {
  const Application application =
      *Application::Create("hotel", {{"frontend", {}}, {"search", {}}}, {{"hotels", "frontend"}});
  const MicroserviceAllocation from{1, {Millicores(200), Mebibytes(100)}};
  const MicroserviceAllocation to{2, {Millicores(250), Mebibytes(100)}};
  CommitReport report;
  report.accepted.push_back({MicroserviceId(1), from, to});
  report.refused.push_back({{MicroserviceId(0), from, to}, absl::UnavailableError("no answer")});
  const nlohmann::ordered_json json = CommitReportToJson(report, application);
  EXPECT_EQ(json["accepted"].dump(),
            R"([{"microservice":"search",)"
            R"("from":{"replicas":1,"cpuCores":0.2,"memoryBytes":104857600},)"
            R"("to":{"replicas":2,"cpuCores":0.25,"memoryBytes":104857600}}])");
  EXPECT_EQ(json["refused"][0]["microservice"], "frontend");
  EXPECT_EQ(json["refused"][0]["reason"], "UNAVAILABLE: no answer");
  EXPECT_TRUE(json["skipped"].empty());
}

}  // namespace
}  // namespace trimtab
