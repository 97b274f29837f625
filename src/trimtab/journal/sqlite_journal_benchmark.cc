// Budget: 1,000 decisions/s with a body of 4 KB; one a second is what a controller needs.
#include <filesystem>
#include <string>

#include "benchmark/benchmark.h"
#include "trimtab/journal/sqlite_journal.h"

namespace trimtab {
namespace {

void BM_AppendDecision(benchmark::State& state) {
  const std::string path =
      std::filesystem::temp_directory_path() / "trimtab_journal_benchmark.sqlite";
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
  auto journal = SqliteJournal::Open(path, {.application = "hotel", .policy = "grad"});
  if (!journal.ok()) {
    state.SkipWithError(journal.status().ToString().c_str());
    return;
  }
  const DecisionEntry entry{.at = Instant(Duration(1)),
                            .observation = "{}",
                            .plan = std::string(static_cast<std::size_t>(state.range(0)), 'x'),
                            .commitment = "{}"};
  for (auto _ : state) {
    auto id = (*journal)->Append(entry);
    benchmark::DoNotOptimize(id);
  }
  state.SetItemsProcessed(state.iterations());
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
}
// The flush is not CPU time: wall time is what counts here.
BENCHMARK(BM_AppendDecision)->Arg(1024)->Arg(4096)->Arg(65536)->UseRealTime();

}  // namespace
}  // namespace trimtab
