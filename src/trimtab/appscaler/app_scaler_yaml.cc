#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/appscaler/app_scaler_reader.h"
#include "trimtab/appscaler/yaml_fields.h"

namespace trimtab {

absl::StatusOr<AppScaler> ReadAppScalerYaml(std::string_view text, std::string_view file) {
  const auto fields = YamlFields::Parse(text, file);
  if (!fields.ok()) return fields.status();
  FieldProblems problems{.is_strict = true};
  AppScaler scaler = ReadAppScalerFields(fields->value, problems);
  if (absl::Status status = fields->ToStatus(problems, file); !status.ok()) return status;
  return scaler;
}

}  // namespace trimtab
