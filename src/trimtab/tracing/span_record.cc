#include "trimtab/tracing/span_record.h"

namespace trimtab {

SpanKind SpanKindFromString(std::string_view name) {
  if (name == "server") return SpanKind::kServer;
  if (name == "client") return SpanKind::kClient;
  if (name == "internal") return SpanKind::kInternal;
  if (name == "producer") return SpanKind::kProducer;
  if (name == "consumer") return SpanKind::kConsumer;
  return SpanKind::kUnspecified;
}

TracedSpan Interned(const Span& span, NameTable& names) {
  return {.trace = span.trace,
          .span = {.id = span.id,
                   .parent = span.parent,
                   .start = span.start,
                   .duration = span.duration,
                   .service = names.Intern(span.service),
                   .operation = names.Intern(span.operation),
                   .pod = names.Intern(span.pod),
                   .kind = span.kind,
                   .is_error = span.is_error,
                   .argument_classes = names.InternArgumentClasses(span.argument_classes)}};
}

}  // namespace trimtab
