// The name of every fault point, sorted: a place before or after a durable step, as
// "<folder>.<step>.<place>". To add one, write its name here and Reach it in the code (fault_points.h); the
// simulation then has to reach it too.
#pragma once

#include <array>
#include <string_view>

namespace millrace::env {

// clang-format off: one a line
inline constexpr auto kFaultPointNames = std::to_array<std::string_view>({
    "env.test.first",  // those of env's own tests
    "env.test.second",
    "log.append.write",
    "log.append.written",
    "log.cut.after",
    "log.cut.before",
    "log.index.write",
    "log.mark.write",
    "log.recover.copied",
    "log.recover.copy",
    "log.recover.cut",
    "log.recover.renamed",
    "log.recover.synced",
    "log.retention.remove",
    "log.retention.removed",
    "log.retention.synced",
    "log.segment.create",
    "log.segment.created",
    "log.segment.synced",
    "log.segment.written",
    "log.sync.after",
    "log.sync.before",
    "log.topic.create",
    "log.topic.created",
    "log.topic.drop",
    "log.topic.dropped",
    "log.topic.synced",
    "log.topic.write",
    "log.topic.written",
    "state.delta_write.before",
    "state.file_remove.after",
    "state.file_remove.before",
    "state.file_sync.after",
    "state.file_sync.before",
    "state.file_sync.synced",
    "state.journal_append.after",
    "state.journal_append.before",
    "state.journal_rewrite.after",
    "state.journal_rewrite.before",
    "state.journal_rewrite.renamed",
    "state.journal_rewrite.written",
    "state.leftover_remove.after",
    "state.leftover_remove.before",
    "state.lmdb_commit.after",
    "state.lmdb_commit.before",
    "state.merge_write.before",
});
// clang-format on

}  // namespace millrace::env
