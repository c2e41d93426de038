// The datagen connector: makes up rows, as fast as 'rows-per-second' says, with all options of Flink's
// and 'seed' (ours), under which two runs give the same rows.
#pragma once

#include "connectors/registry.h"

namespace millrace::connectors {

const ConnectorType& DatagenConnector();

}  // namespace millrace::connectors
