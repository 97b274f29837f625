// Between the raises and the lowers of one decision: does the world still allow the lowers?
#pragma once

#include <optional>
#include <string>

#include "trimtab/application/application.h"
#include "trimtab/controller/decision.h"
#include "trimtab/controller/world_observer.h"

namespace trimtab {

// What speaks against the lowers of `decision`, seen again after its raises became effective, in
// words; nothing when they may go on:
//
// - somebody else changed what the world was asked for, or a raise is effective no more;
// - something is not known that was known before, but for the pods that have become ready since: of
//   these there cannot be two scrapes yet;
// - spans were lost;
// - a container uses more memory than it would be left;
// - containers that have become ready warm up: what they do to the tail cannot be seen yet.
std::optional<std::string> AgainstLowers(const Decision& decision,
                                         const WorldObserver::SecondLook& look,
                                         const Application& application);

// The first microservice that is asked for something else than `asked`, in words.
std::optional<std::string> ForeignChange(const Allocation& asked,
                                         const std::vector<MicroserviceState>& states,
                                         const Application& application);

}  // namespace trimtab
