#include "trimtab/tracing/span_record.h"

namespace trimtab {

TracedSpan Interned(const Span& span, NameTable& names) {
  return {.trace = span.trace,
          .span = {.id = span.id,
                   .parent = span.parent,
                   .start = span.start,
                   .duration = span.duration,
                   .service = names.Intern(span.service),
                   .operation = names.Intern(span.operation),
                   .pod = names.Intern(span.pod),
                   .kind = span.kind}};
}

}  // namespace trimtab
