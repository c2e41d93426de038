#include "session/source_reads.h"

#include <algorithm>

namespace millrace::session {

bool ReadsASource(const catalog::Catalog& catalog, const catalog::Entry& entry) {
  if (entry.kind == catalog::EntryKind::kTable) return !entry.table->connector().empty();
  if (entry.kind != catalog::EntryKind::kView) return false;
  return std::any_of(entry.dependencies.begin(), entry.dependencies.end(),
                     [&](const catalog::ObjectName& name) {
                       const catalog::EntryPtr other = catalog.Find(name);
                       return other != nullptr && ReadsASource(catalog, *other);
                     });
}

}  // namespace millrace::session
