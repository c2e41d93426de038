// A CommitStore over env::Files: a journal of transactions, and all entries in memory. What the simulation
// uses, so that its disk, which crashes, tears writes and fills up, applies to commits too.
//
// The file is `commit.journal` in the folder that is given; docs/formats/commit_journal.md has its grammar. A
// transaction is one record, appended twice and synced once: a torn tail is told from damage, and one damaged
// copy of a record that had been committed is made good by the other. When the journal has grown to several
// times what is alive, the next commit writes it anew under another name and renames it.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "env/env.h"
#include "state/commit_store.h"

namespace millrace::state {

// Opens the store, and makes it if it is not there. The folder exists. `env` (its files and fault points)
// outlives the store.
Result<std::unique_ptr<CommitStore>> OpenJournalCommitStore(const env::Env& env, const std::string& folder);

}  // namespace millrace::state
