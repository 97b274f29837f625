#include "trimtab/kubelet/status_writer.h"

#include <chrono>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "trimtab/clock/stoppable_wait.h"
#include "trimtab/kubernetes/resource_type.h"

namespace trimtab {
namespace {

constexpr Duration kRetry = std::chrono::seconds(1);

}  // namespace

StatusWriter::StatusWriter(ApiClient& client, int threads) : client_(client) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { Run(stop); });
  }
}

StatusWriter::~StatusWriter() {
  for (std::jthread& thread : threads_) thread.request_stop();
}

void StatusWriter::Queue(Task& task) {
  if (task.is_queued) return;
  task.is_queued = true;
  queue_.push_back(task.pod.uid);
  wake_.notify_one();
}

void StatusWriter::Write(const PodIdentity& pod, nlohmann::json patch) {
  const std::lock_guard lock(mutex_);
  Task& task = tasks_[pod.uid];
  task.pod = pod;
  task.patch = std::move(patch);
  Queue(task);
}

void StatusWriter::Remove(const PodIdentity& pod) {
  const std::lock_guard lock(mutex_);
  Task& task = tasks_[pod.uid];
  task.pod = pod;
  task.patch.reset();
  task.remove = true;
  Queue(task);
}

std::uint64_t StatusWriter::written() const {
  const std::lock_guard lock(mutex_);
  return written_;
}

absl::Status StatusWriter::last_error() const {
  const std::lock_guard lock(mutex_);
  return last_error_;
}

absl::Status StatusWriter::Send(const Task& task, const std::stop_token& stop) {
  const std::string& name_space = task.pod.name_space;
  if (task.remove) {
    return client_
        .Delete(ResourcePath(kPods, name_space, task.pod.name),
                {.uid = task.pod.uid, .grace_seconds = 0, .stop = stop})
        .status();
  }
  return client_
      .Patch(ResourcePath(kPods, name_space, task.pod.name, "status"), PatchType::kStrategicMerge,
             *task.patch, {.stop = stop})
      .status();
}

void StatusWriter::Run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  // The wait is over at once, and says true, when a stop is asked for while something is queued.
  while (wake_.wait(lock, stop, [this] { return !queue_.empty(); }) && !stop.stop_requested()) {
    const std::string uid = std::move(queue_.front());
    queue_.pop_front();
    Task& waiting = tasks_[uid];
    const Task task = waiting;
    waiting.patch.reset();
    lock.unlock();
    const absl::Status sent = Send(task, stop);
    // One that the server finds wrong stays wrong.
    const bool is_wrong = absl::IsInvalidArgument(sent);
    const bool is_over = sent.ok() || is_wrong || absl::IsNotFound(sent) || absl::IsAborted(sent);
    if (!is_over) WaitFor(kRetry, stop);
    lock.lock();
    Task& known = tasks_[uid];
    known.is_queued = false;
    if (sent.ok()) ++written_;
    if (!is_over || is_wrong) last_error_ = sent;
    if (!is_over) {
      if (!known.patch && !known.remove) known.patch = task.patch;
    }
    const bool goes_on = known.patch || (known.remove && !(is_over && task.remove));
    if (goes_on) {
      Queue(known);
    } else {
      tasks_.erase(uid);
    }
  }
}

}  // namespace trimtab
