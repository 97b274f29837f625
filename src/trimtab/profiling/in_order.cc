#include "trimtab/profiling/in_order.h"

#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace trimtab {
namespace {

class OrderedRun {
 public:
  using Work = std::function<absl::StatusOr<std::vector<SampleRow>>(std::int64_t)>;
  using Deliver = std::function<absl::Status(std::int64_t, std::vector<SampleRow>)>;

  OrderedRun(std::int64_t first, std::int64_t last, const std::atomic<bool>* stop, const Work& work,
             const Deliver& deliver)
      : last_(last), stop_(stop), work_(work), deliver_(deliver), next_(first), due_(first) {}

  void Loop() {
    for (;;) {
      if (stop_ != nullptr && stop_->load(std::memory_order_relaxed))
        End(absl::CancelledError("stopped"));
      if (ended_.load(std::memory_order_relaxed)) return;
      const std::int64_t index = next_.fetch_add(1, std::memory_order_relaxed);
      if (index >= last_) return;
      auto result = work_(index);
      const std::lock_guard lock(mutex_);
      waiting_.emplace(index, std::move(result));
      DeliverDue();
    }
  }

  const absl::Status& status() const { return status_; }

 private:
  void End(const absl::Status& status) {
    const std::lock_guard lock(mutex_);
    EndLocked(status);
  }
  void EndLocked(const absl::Status& status) {
    status_.Update(status);
    ended_.store(true, std::memory_order_relaxed);
  }
  void DeliverDue() {
    for (auto it = waiting_.find(due_); it != waiting_.end() && status_.ok();
         it = waiting_.find(due_)) {
      auto result = std::move(it->second);
      waiting_.erase(it);
      const absl::Status status =
          result.ok() ? deliver_(due_, *std::move(result)) : result.status();
      if (!status.ok()) return EndLocked(status);
      ++due_;
    }
  }

  const std::int64_t last_;
  const std::atomic<bool>* stop_;
  const Work& work_;
  const Deliver& deliver_;
  std::atomic<std::int64_t> next_;
  std::atomic<bool> ended_{false};
  std::mutex mutex_;  // guards what follows and every call of deliver_
  std::map<std::int64_t, absl::StatusOr<std::vector<SampleRow>>> waiting_;
  std::int64_t due_;
  absl::Status status_;
};

}  // namespace

absl::Status RunInOrder(
    std::int64_t first, std::int64_t last, int threads, const std::atomic<bool>* stop,
    const std::function<absl::StatusOr<std::vector<SampleRow>>(std::int64_t)>& work,
    const std::function<absl::Status(std::int64_t, std::vector<SampleRow>)>& deliver) {
  OrderedRun run(first, last, stop, work, deliver);
  {
    std::vector<std::jthread> helpers;
    for (int i = 1; i < threads; ++i) helpers.emplace_back([&run] { run.Loop(); });
    run.Loop();
  }
  return run.status();
}

}  // namespace trimtab
