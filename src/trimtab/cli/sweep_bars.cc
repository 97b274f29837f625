#include "trimtab/cli/sweep_bars.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace trimtab {
namespace {

std::string_view StageName(SweepStage stage) {
  switch (stage) {
    case SweepStage::kStations:
      return "profile alone";
    case SweepStage::kTrees:
      return "profile whole";
    case SweepStage::kBias:
      return "profile both ways";
  }
  return "profile";
}

}  // namespace

std::function<void(const SweepProgress&)> SweepBars::Callback() {
  return [this](const SweepProgress& p) { Show(StageName(p.stage), p.done, p.total); };
}

std::function<void(std::int64_t, std::int64_t)> SweepBars::Callback(std::string name) {
  return [this, stage = std::move(name)](std::int64_t done, std::int64_t total) {
    Show(stage, done, total);
  };
}

void SweepBars::Show(std::string_view name, std::int64_t done, std::int64_t total) {
  if (!bar_ || name_ != name) {
    bar_.reset();
    name_ = name;
    bar_.emplace(progress_.Start(name, std::max<std::int64_t>(total, 1)));
  }
  bar_->Set(done);
  if (done >= total) bar_.reset();
}

int MachineThreads() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

int ThreadsOf(std::int64_t wanted) {
  return wanted == 0 ? MachineThreads() : static_cast<int>(wanted);
}

}  // namespace trimtab
