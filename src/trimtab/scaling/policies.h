// The table of policies: every name that `--policy` takes.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/application/application.h"
#include "trimtab/scaling/derm/derm_models.h"
#include "trimtab/scaling/derm/derm_options.h"
#include "trimtab/scaling/grad/grad_models.h"
#include "trimtab/scaling/grad/grad_options.h"
#include "trimtab/scaling/hpa/hpa_options.h"
#include "trimtab/scaling/scaling_policy.h"

namespace trimtab {

struct ShareKnowledge;

// What a policy is made from; each takes what it needs.
struct PolicyParts {
  const Application* application = nullptr;           // derm, grad
  std::optional<DermModels> derm_models;              // derm
  std::shared_ptr<const ShareKnowledge> derm_shares;  // derm; may be absent
  DermOptions derm;
  std::optional<GradModels> models;  // grad
  GradOptions grad;
  HpaOptions hpa;
  std::optional<Allocation> allocation;  // static
};

struct PolicyEntry {
  std::string_view name;
  std::string_view description;  // one line, for `--help`
  absl::StatusOr<std::unique_ptr<ScalingPolicy>> (*make)(const PolicyParts& parts);
};

// Sorted by name.
std::span<const PolicyEntry> PolicyTable();

// kNotFound lists the names; kInvalidArgument names the part that is missing or wrong.
absl::StatusOr<std::unique_ptr<ScalingPolicy>> MakePolicy(std::string_view name,
                                                          const PolicyParts& parts);

}  // namespace trimtab
