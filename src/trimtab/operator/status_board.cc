#include "trimtab/operator/status_board.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/workload_writes.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

constexpr int kMostTries = 4;
constexpr std::size_t kVersionsKept = 32;

}  // namespace

StatusBoard::StatusBoard(ApiClient& client, StatusBoardOptions options, const AppScaler& scaler)
    : client_(client),
      options_(std::move(options)),
      stored_(ScalerStatusToJson(scaler.status)),
      version_(scaler.meta.resource_version),
      status_(scaler.status),
      own_{scaler.meta.resource_version} {}

AppScalerStatus StatusBoard::status() const {
  const std::scoped_lock lock(mutex_);
  return status_;
}

std::vector<PodSize> StatusBoard::Sizes() const {
  const std::scoped_lock lock(mutex_);
  return status_.pod_sizes;
}

std::int64_t StatusBoard::writes() const {
  const std::scoped_lock lock(mutex_);
  return writes_;
}

absl::Status StatusBoard::Put(std::vector<PodSize> sizes) {
  const absl::Status put = Update([&sizes](AppScalerStatus& status) { status.pod_sizes = sizes; });
  if (!absl::IsNotFound(put)) return put;
  // Deleted in the middle of a commit: its raises are finished, for which the sizes are known here.
  const std::scoped_lock lock(mutex_);
  status_.pod_sizes = std::move(sizes);
  return absl::OkStatus();
}

void StatusBoard::Seen(const std::string& resource_version) {
  const std::scoped_lock lock(mutex_);
  if (std::ranges::find(own_, resource_version) == own_.end()) must_read_ = true;
}

void StatusBoard::Stored(const Json& object) {
  stored_ = ObjectAt(object, {"status"});
  version_ = TextAt(object, {"metadata", "resourceVersion"});
  const std::scoped_lock lock(mutex_);
  must_read_ = false;
  own_.push_back(version_);
  if (own_.size() > kVersionsKept) own_.pop_front();
}

absl::Status StatusBoard::ReadAgain() {
  const auto object = client_.Get(ResourcePath(kAppScalers, options_.name_space, options_.name));
  if (!object.ok()) return object.status();
  if (TextAt(*object, {"metadata", "uid"}) != options_.uid) {
    return absl::NotFoundError(fmt::format("AppScaler '{}/{}' was deleted and made anew",
                                           options_.name_space, options_.name));
  }
  Stored(*object);
  return absl::OkStatus();
}

absl::Status StatusBoard::Update(const std::function<void(AppScalerStatus&)>& change) {
  const std::scoped_lock writing(write_mutex_);
  AppScalerStatus wanted = status();
  change(wanted);
  const Json json = ScalerStatusToJson(wanted);
  const auto must_read = [this] {
    const std::scoped_lock lock(mutex_);
    return must_read_;
  };
  absl::Status failure;
  for (int tries = 0; tries < kMostTries; ++tries) {
    if (must_read() || absl::IsAborted(failure)) {
      if (absl::Status read = ReadAgain(); !read.ok()) return read;
    }
    const Json patch = MergePatchOf(stored_, json);
    if (!patch.empty()) {
      const auto written = PatchStatus(client_, {kAppScalers, options_.name_space, options_.name},
                                       patch, version_, {.dry_run = options_.dry_run});
      failure = written.status();
      if (absl::IsAborted(failure)) continue;
      if (!failure.ok()) return failure;
      if (options_.dry_run) {
        stored_ = json;  // as if: the same patch is not checked again
      } else {
        Stored(*written);
      }
    }
    const std::scoped_lock lock(mutex_);
    if (!patch.empty()) ++writes_;
    status_ = std::move(wanted);
    return absl::OkStatus();
  }
  return failure;
}

}  // namespace trimtab
