#include "trimtab/kubelet/simulated_nodes.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/clock/stoppable_wait.h"
#include "trimtab/kubelet/span_encoder.h"
#include "trimtab/kubernetes/resource_type.h"
#include "trimtab/server/status_service.h"

namespace trimtab {
namespace {

// Of a Node: its machine is gone.
constexpr std::string_view kLostFault = "lost";
constexpr Duration kLeasePeriod = std::chrono::seconds(10);
constexpr Duration kSpanPeriod = std::chrono::seconds(1);
constexpr std::size_t kSpanBatch = 512;
// Series of ended pods are shown for longer than any window of the reader.
constexpr Duration kPast = std::chrono::minutes(10);

}  // namespace

absl::StatusOr<std::unique_ptr<SimulatedNodes>> SimulatedNodes::Start(
    ApiClient& client, const Clock& clock, ClusterScenario scenario,
    SimulatedNodesOptions options) {
  options.simulation.is_hosted = true;
  options.simulation.scrape_interval = Duration(0);
  if (options.otlp_endpoint.empty()) options.simulation.span_share = 0;
  std::unique_ptr<SimulatedNodes> nodes(new SimulatedNodes(client, clock, std::move(options)));
  if (absl::Status status = nodes->Begin(std::move(scenario)); !status.ok()) return status;
  return nodes;
}

SimulatedNodes::SimulatedNodes(ApiClient& client, const Clock& clock, SimulatedNodesOptions options)
    : client_(client), clock_(clock), options_(std::move(options)) {}

SimulatedNodes::~SimulatedNodes() = default;

void SimulatedNodes::Note(const std::string& line) const {
  if (options_.note) options_.note(line);
}

absl::Status SimulatedNodes::Begin(ClusterScenario scenario) {
  auto cluster = SimulatedCluster::Create(std::move(scenario), options_.simulation);
  if (!cluster.ok()) return cluster.status();
  cluster_ = *std::move(cluster);
  const ClusterScenario& of = cluster_->scenario();
  for (std::uint32_t h = 0; h < of.hosts.size(); ++h) hosts_[of.hosts[h].name] = h;
  for (std::uint32_t m = 0; m < of.microservices.size(); ++m) {
    microservices_[of.microservices[m].name] = m;
  }
  if (!options_.otlp_endpoint.empty()) {
    auto exporter = SpanExporter::Create({.endpoint = options_.otlp_endpoint});
    if (!exporter.ok()) return exporter.status();
    exporter_ = *std::move(exporter);
  }
  if (options_.metrics_listen) {
    StatusPages pages{.metrics = [this] { return Series(); }};
    auto server = StartStatusServer({*options_.metrics_listen}, std::move(pages), clock_);
    if (!server.ok()) return server.status();
    server_ = *std::move(server);
  }
  registry_ = std::make_unique<NodeRegistry>(client_, clock_, cluster_->scenario());
  if (absl::Status status = registry_->Register({}); !status.ok()) {
    registry_->Remove().IgnoreError();
    return status;
  }
  writer_ = std::make_unique<StatusWriter>(client_, options_.writers);
  origin_ = clock_.Now();
  spans_sent_ = origin_;
  leases_ = std::jthread([this](const std::stop_token& stop) { KeepLeases(stop); });
  Watch();
  return absl::OkStatus();
}

void SimulatedNodes::Watch() {
  using MetaChange = ObjectChange<ObjectMeta>;
  const auto into = [this](std::vector<std::pair<ObjectMeta, bool>>& inbox) {
    return [this, &inbox](const MetaChange& change) {
      const std::lock_guard lock(inbox_mutex_);
      inbox.emplace_back(*change.object, change.kind != MetaChange::Kind::kDeleted);
    };
  };
  node_watch_ = std::make_unique<ObjectWatch<ObjectMeta>>(
      client_, ResourcePath(kNodes, ""), ApiQuery{{"labelSelector", registry_->LabelSelector()}},
      clock_, WatchOptions{}, ReadObjectMeta, into(node_inbox_), [] {});
  replica_set_watch_ = std::make_unique<ObjectWatch<ObjectMeta>>(
      client_, ResourcePath(kReplicaSets, options_.name_space), ApiQuery{}, clock_, WatchOptions{},
      ReadObjectMeta, into(owner_inbox_), [] {});
  pod_watch_ = std::make_unique<ObjectWatch<HostedPod>>(
      client_, ResourcePath(kPods, ""), ApiQuery{{"fieldSelector", "spec.nodeName!="}}, clock_,
      WatchOptions{}, ReadHostedPod,
      [this](const PodChange& change) {
        if (!hosts_.contains(change.object->view.node)) return;
        const std::lock_guard lock(inbox_mutex_);
        inbox_.push_back(change);
      },
      [] {});
}

void SimulatedNodes::KeepLeases(const std::stop_token& stop) {
  bool was_ok = true;
  while (WaitFor(kLeasePeriod, stop)) {
    const absl::Status status = registry_->RenewLeases(stop);
    if (stop.stop_requested()) return;
    if (status.ok() != was_ok) {
      Note(status.ok() ? "leases are renewed again"
                       : fmt::format("leases are not renewed: {}", status.ToString()));
    }
    was_ok = status.ok();
  }
}

absl::Status SimulatedNodes::Stop() {
  server_.reset();
  pod_watch_.reset();
  replica_set_watch_.reset();
  node_watch_.reset();
  leases_ = {};
  writer_.reset();
  exporter_.reset();
  return registry_->Remove();
}

void SimulatedNodes::Step() {
  const std::lock_guard lock(world_mutex_);
  TakeChanges();
  const Instant now = clock_.Now();
  Clock& simulated = player_ == nullptr ? static_cast<Clock&>(cluster_->clock()) : *player_;
  simulated.WaitUntil(Instant(now - origin_));
  AdvancePods();
  if (!load_has_begun_) BeginLoad();
  ForgetPast(now);
  if (exporter_ != nullptr) ExportSpans(now - spans_sent_ >= kSpanPeriod);
}

void SimulatedNodes::TakeChanges() {
  std::vector<PodChange> changes;
  std::vector<std::pair<ObjectMeta, bool>> owners;
  std::vector<std::pair<ObjectMeta, bool>> nodes;
  {
    const std::lock_guard lock(inbox_mutex_);
    changes.swap(inbox_);
    owners.swap(owner_inbox_);
    nodes.swap(node_inbox_);
  }
  for (const auto& [meta, is_there] : owners) TakeOwner(meta, is_there);
  for (const auto& [meta, is_there] : nodes) TakeNode(meta, is_there);
  for (const PodChange& change : changes) TakePod(change);
  if (owners.empty()) return;
  std::erase_if(without_owner_, [this](const auto& entry) { return Admit(entry.second); });
}

void SimulatedNodes::TakeOwner(const ObjectMeta& replica_set, bool is_there) {
  const std::pair key(replica_set.name_space, replica_set.name);
  const OwnerReference* owner = replica_set.Controller();
  if (is_there && owner != nullptr) {
    owners_[key] = *owner;
  } else {
    owners_.erase(key);
  }
}

void SimulatedNodes::TakeNode(const ObjectMeta& node, bool is_there) {
  const auto found = hosts_.find(node.name);
  if (found == hosts_.end() || !registry_->IsOurs(node.name, node.uid)) return;
  const std::uint32_t host = found->second;
  const auto fault = node.annotations.find(std::string(kFaultAnnotation));
  const bool is_lost =
      !is_there || (fault != node.annotations.end() && fault->second == kLostFault);
  if (is_lost == lost_hosts_.contains(host)) return;
  registry_->SetLost(node.name, is_lost);
  if (is_lost) {
    lost_hosts_.insert(host);
  } else {
    lost_hosts_.erase(host);
  }
  for (auto& [uid, life] : pods_) {
    if (life.place().host != host) continue;
    if (is_lost) {
      life.LoseHost(cluster_->hosted());
    } else {
      life.RegainHost(clock_.Now());
    }
  }
  Note(fmt::format("node '{}' is {}", node.name, is_lost ? "lost" : "back"));
}

void SimulatedNodes::TakePod(const PodChange& change) {
  const HostedPod& pod = *change.object;
  const std::string& uid = pod.view.meta.uid;
  if (change.kind == PodChange::Kind::kDeleted) {
    without_owner_.erase(uid);
    Forget(uid);
    return;
  }
  if (const auto known = pods_.find(uid); known != pods_.end()) {
    known->second.Change(pod);
    return;
  }
  if (change.kind == PodChange::Kind::kAdded && !pod.unknown_fault.empty()) {
    Note(fmt::format("pod '{}/{}': annotation {} is '{}', which is no fault",
                     pod.view.meta.name_space, pod.view.meta.name, kFaultAnnotation,
                     pod.unknown_fault));
  }
  if (!Admit(pod)) without_owner_[uid] = pod;
}

// The workload that a pod is of; none while its ReplicaSet is not known.
std::optional<std::string> SimulatedNodes::WorkloadOf(const HostedPod& pod) const {
  const OwnerReference* owner = pod.view.meta.Controller();
  if (owner == nullptr || pod.view.meta.name_space != options_.name_space) return "";
  if (owner->kind != "ReplicaSet") return owner->name;
  const auto found = owners_.find({pod.view.meta.name_space, owner->name});
  if (found == owners_.end()) return std::nullopt;
  return found->second.name;
}

bool SimulatedNodes::Admit(const HostedPod& pod) {
  const std::optional<std::string> workload = WorkloadOf(pod);
  if (!workload) return false;
  const std::uint32_t host = hosts_.at(pod.view.node);
  const HostSpec& spec = cluster_->scenario().hosts[host];
  PodPlace place{.host = host,
                 .node = {spec.cpu, spec.memory},
                 .microservice_name = *workload,
                 .pod_ip = PodAddress(host, pods_so_far_++),
                 .host_ip = NodeAddress(host),
                 .resize_delay = cluster_->scenario().life.resize_delay};
  const auto microservice = microservices_.find(*workload);
  if (microservice != microservices_.end()) place.microservice = microservice->second;
  pods_.try_emplace(pod.view.meta.uid, pod, std::move(place), clock_.Now());
  return true;
}

void SimulatedNodes::Forget(const std::string& uid) {
  const auto known = pods_.find(uid);
  if (known == pods_.end()) return;
  known->second.Vanish(cluster_->hosted());
  pods_.erase(known);
}

ContainerConfig SimulatedNodes::FreeOn(std::uint32_t host, const PodLife& but) const {
  const HostSpec& spec = cluster_->scenario().hosts[host];
  ContainerConfig free{spec.cpu, spec.memory};
  for (const auto& [uid, life] : pods_) {
    if (&life == &but || life.place().host != host || life.has_ended()) continue;
    free.cpu -= life.admitted().cpu;
    free.memory -= life.admitted().memory;
  }
  return free;
}

void SimulatedNodes::AdvancePods() {
  const Instant now = clock_.Now();
  for (auto& [uid, life] : pods_) {
    if (life.has_ended() || lost_hosts_.contains(life.place().host)) continue;
    life.Advance(now, cluster_->hosted(), [&, this] { return FreeOn(life.place().host, life); });
    RememberReplica(life, now);
    const ObjectMeta& meta = life.pod().view.meta;
    const PodIdentity identity{meta.name_space, meta.name, meta.uid};
    if (life.has_ended()) {
      writer_->Remove(identity);
    } else if (life.TakeChange()) {
      writer_->Write(identity, StatusPatch(meta.uid, life.report()));
    }
  }
}

void SimulatedNodes::RememberReplica(const PodLife& life, Instant now) {
  if (!life.replica()) return;
  const HostedReplica& replica = *life.replica();
  KnownReplica& known = replicas_[{replica.microservice, replica.ordinal}];
  if (known.pod.empty()) known.pod = life.pod().view.meta.name;
  known.seen = now;
  // Also of one that ended since the last step, while its slot is not another's.
  const Container& container = cluster_->loop().state().containers[replica.container];
  if (container.microservice == replica.microservice && container.ordinal == replica.ordinal) {
    known.requests = static_cast<double>(container.requests);
    known.failed = static_cast<double>(container.failed_requests);
  }
}

void SimulatedNodes::ForgetPast(Instant now) {
  std::erase_if(replicas_, [&](const auto& entry) { return entry.second.seen + kPast < now; });
}

void SimulatedNodes::BeginLoad() {
  std::vector<bool> is_ready(microservices_.size());
  for (const auto& [uid, life] : pods_) {
    if (life.place().microservice && life.report().is_ready) {
      is_ready[*life.place().microservice] = true;
    }
  }
  if (std::find(is_ready.begin(), is_ready.end(), false) != is_ready.end()) return;
  cluster_->BeginRequests();
  player_ = std::make_unique<InterferencePlayer>(
      cluster_->clock(), cluster_->anomalies(), options_.interference,
      InterferencePlayer::Options{.hosts = hosts_.size(), .stopped = {}});
  load_has_begun_ = true;
  Note("every microservice has a ready replica: the load begins");
}

void SimulatedNodes::ExportSpans(bool all) {
  auto& records = cluster_->loop().spans().records();
  SpanNames names{.name_space = options_.name_space,
                  .run = static_cast<std::uint64_t>(origin_.time_since_epoch().count()),
                  .origin = origin_,
                  .pod = [this](std::uint32_t microservice, std::uint32_t ordinal) {
                    const auto found = replicas_.find({microservice, ordinal});
                    return found == replicas_.end() ? std::string() : found->second.pod;
                  }};
  while (records.size() >= kSpanBatch || (all && !records.empty())) {
    const std::size_t count = std::min(records.size(), kSpanBatch);
    const auto end = records.begin() + static_cast<std::ptrdiff_t>(count);
    const std::vector<SampledSpan> batch(records.begin(), end);
    records.erase(records.begin(), end);
    const EventLoop& loop = cluster_->loop();
    exporter_->Export(EncodeSpans(batch, loop.state(), loop.process().kinds(), names), count);
  }
  if (all) spans_sent_ = clock_.Now();
}

std::string SimulatedNodes::Series() const {
  const std::lock_guard lock(world_mutex_);
  std::vector<const PodLife*> pods;
  std::set<std::string> shown;
  for (const auto& [uid, life] : pods_) {
    pods.push_back(&life);
    shown.insert(life.pod().view.meta.name);
  }
  std::vector<PastRequests> past;
  for (const auto& [replica, known] : replicas_) {
    // One that was restarted under its pod's name would be the same series twice.
    if (!shown.insert(known.pod).second) continue;
    past.push_back({.name_space = options_.name_space,
                    .pod = known.pod,
                    .microservice = replica.first,
                    .requests = known.requests,
                    .failed = known.failed});
  }
  return WorldSeries({.state = cluster_->loop().state(),
                      .pods = std::move(pods),
                      .replica_set_owners = owners_,
                      .past = past,
                      .lost_hosts = lost_hosts_});
}

std::uint16_t SimulatedNodes::metrics_port() const {
  return server_ == nullptr ? std::uint16_t{0} : server_->ports().front();
}

SpanExporter::Account SimulatedNodes::span_account() const {
  return exporter_ == nullptr ? SpanExporter::Account{} : exporter_->account();
}

bool SimulatedNodes::load_has_begun() const {
  const std::lock_guard lock(world_mutex_);
  return load_has_begun_;
}

std::size_t SimulatedNodes::pods() const {
  const std::lock_guard lock(world_mutex_);
  return pods_.size();
}

}  // namespace trimtab
