// The dashboard and the alerts that the chart carries.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "gtest/gtest.h"
#include "tests/servers/temporary_folder.h"

namespace trimtab::servers {

inline constexpr char kDashboard[] = TRIMTAB_SOURCE_DIR "/deploy/helm/trimtab/files/dashboard.json";
inline constexpr char kAlerts[] = TRIMTAB_SOURCE_DIR "/deploy/helm/trimtab/files/alerts.yaml";

inline std::string Whole(const std::string& path) {
  const auto text = ReadWholeFile(path);
  if (!text.ok()) ADD_FAILURE() << text.status();
  return text.value_or("");
}

inline nlohmann::json Dashboard() {
  return nlohmann::json::parse(Whole(kDashboard), nullptr, false);
}

}  // namespace trimtab::servers
