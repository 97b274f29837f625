// What following pods costs: events of 4.7 kB, as a server of Kubernetes 1.36 sends them, to what
// scaling needs of a pod. 10,000 pods are the largest cluster planned for.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "fmt/format.h"
#include "trimtab/kubernetes/object_watch.h"
#include "trimtab/kubernetes/pod_view.h"
#include "trimtab/kubernetes/watch_decoder.h"

namespace trimtab {
namespace {

constexpr std::size_t kEventBytes = 4700;

// What scaling reads, and managed fields for the rest of the size.
std::string PodEvent(int pod, int version) {
  std::string event = fmt::format(
      R"({{"type":"MODIFIED","object":{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"web-{0}",)"
      R"("namespace":"shop","uid":"uid-{0}","resourceVersion":"{1}","generation":1,)"
      R"("creationTimestamp":"2026-01-01T00:00:00Z","labels":{{"app":"web","pod-template-hash":"abc"}},)"
      R"("ownerReferences":[{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-abc","uid":"r",)"
      R"("controller":true}}],"managedFields":[)",
      pod, version);
  std::string rest =
      R"(]},"spec":{"nodeName":"node-7","containers":[{"name":"app","image":"registry/app:1",)"
      R"("resources":{"requests":{"cpu":"200m","memory":"100Mi"},"limits":{"cpu":"1","memory":)"
      R"("100Mi"}}}]},"status":{"phase":"Running","qosClass":"Burstable","observedGeneration":1,)"
      R"("startTime":"2026-01-01T00:00:01Z","conditions":[{"type":"Ready","status":"True",)"
      R"("lastTransitionTime":"2026-01-01T00:00:02Z"}],"containerStatuses":[{"name":"app",)"
      R"("ready":true,"restartCount":0,"allocatedResources":{"cpu":"200m","memory":"100Mi"},)"
      R"("resources":{"requests":{"cpu":"200m","memory":"100Mi"},"limits":{"cpu":"1","memory":)"
      R"("100Mi"}}}]}}})";
  const std::string_view field = R"({"f:resources":{"f:requests":{"f:cpu":{},"f:memory":{}}}})";
  for (bool first = true; event.size() + rest.size() < kEventBytes; first = false) {
    if (!first) event += ',';
    event += field;
  }
  return event + rest + "\n";
}

// Decodes events and keeps a store of `range(0)` pods; reports events per CPU second.
void BM_FollowPods(benchmark::State& state) {
  const int pods = static_cast<int>(state.range(0));
  ObjectStore<PodView> store(
      ReadPod, [](const ObjectChange<PodView>& change) { benchmark::DoNotOptimize(change.object); },
      [] {});
  WatchDecoder decoder(std::size_t{8} << 20);
  std::string bytes;
  for (int pod = 0; pod < pods; ++pod) bytes += PodEvent(pod, pod + 1);
  for (auto _ : state) {
    const absl::Status status =
        decoder.Feed(bytes, [&](const WatchEvent& event) { return store.Changed(event.object); });
    if (!status.ok()) std::abort();
  }
  state.SetItemsProcessed(state.iterations() * pods);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(BM_FollowPods)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace trimtab
