#include "trimtab/operator/event_log.h"

#include "trimtab/kubernetes/cluster_event.h"

namespace trimtab {

void EventLog::Tell(bool is_warning, std::string_view reason, std::string_view action,
                    std::string_view note) {
  const Instant now = clock_.Now();
  const auto told = told_.find(reason);
  if (told != told_.end() && now - told->second < options_.pause) return;
  told_[std::string(reason)] = now;
  CreateEvent(client_,
              {.api_version = "trimtab.dev/v1alpha1",
               .kind = "AppScaler",
               .name_space = about_.name_space,
               .name = about_.name,
               .uid = about_.uid,
               .is_warning = is_warning,
               .reason = std::string(reason),
               .action = std::string(action),
               .note = std::string(note),
               .instance = options_.instance},
              now, {.dry_run = options_.dry_run})
      .IgnoreError();
}

}  // namespace trimtab
