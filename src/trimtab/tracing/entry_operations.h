// Which request kind a trace is, also behind a gateway.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "trimtab/probability/log_histogram.h"
#include "trimtab/tracing/visits.h"

namespace trimtab {

struct EntryOperation {
  std::string microservice;
  std::string operation;
  std::uint64_t traces = 0;
  LogHistogram end_to_end;  // nanoseconds
};

// The rule in one sentence, for people.
inline constexpr std::string_view kEntryRule =
    "the entry operation is that of the first visit from the root down whose service is no gateway "
    "and whose operation is no catch-all such as /*";

// True for the operation names of entries that serve every request kind alike: those with a
// wildcard (`/*`), a bare path `/`, a bare HTTP method, or a receive handler (`Recv.`).
bool IsCatchAll(std::string_view operation);
// True for the microservices whose own operation says nothing: names with `gateway` or `ingress`.
bool IsGateway(std::string_view microservice);

// Counts traces by entry operation.
//
// The entry is the operation of the first visit. Below a gateway or a catch-all operation it is
// what that visit calls: one callee is the entry itself, looked at in the same way; several make
// the entry `operation [callee operation, ...]` with their sorted names, since the set of calls is
// all that tells the request kinds apart. Thread-safety: none. Memory: at most `most_operations`;
// traces of further ones are counted under the name "(other)".
class EntryOperations {
 public:
  explicit EntryOperations(const NameTable& names, std::size_t most_operations = 2'000)
      : names_(names), most_operations_(most_operations) {}

  // The place of its operation among those seen so far, which does not change.
  std::uint32_t Add(const TraceVisits& trace);

  const EntryOperation& operation(std::uint32_t place) const { return entries_[place]; }

  // By descending number of traces, then names.
  std::vector<EntryOperation> Sorted() const;

 private:
  struct Found {
    NameId microservice;
    NameId operation;
    std::vector<NameId> callees;  // operations, sorted and different; empty for a plain entry
  };
  bool SaysNothing(const Visit& visit);
  std::uint64_t KeyOf(const TraceVisits& trace, Found& found);
  EntryOperation Describe(const Found& found) const;

  const NameTable& names_;
  std::size_t most_operations_;
  absl::flat_hash_map<std::uint64_t, std::uint32_t> index_;
  std::vector<EntryOperation> entries_;
  absl::flat_hash_map<std::uint64_t, bool> says_nothing_;  // by microservice and operation
  Found found_;
};

}  // namespace trimtab
