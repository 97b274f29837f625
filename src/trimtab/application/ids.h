// Identities inside one application and one cluster: indices into their tables.
#pragma once

#include "trimtab/quantity/quantity.h"

namespace trimtab {

using MicroserviceId = Index<struct MicroserviceIdTag>;
using OperationId = Index<struct OperationIdTag>;
using HostId = Index<struct HostIdTag>;

}  // namespace trimtab
