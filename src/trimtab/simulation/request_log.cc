#include "trimtab/simulation/request_log.h"

namespace trimtab {

void RequestLog::Clear() {
  for (OperationRecord& record : operations_) {
    record.requests = 0;
    record.timeouts = 0;
    record.failures = 0;
    record.latency.Clear();
  }
}

}  // namespace trimtab
