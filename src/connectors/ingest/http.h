// The http connector: a table whose rows are posted to the server. Decoding is the server's; the source here
// reads what was pushed into the table's IngestPoint. The table never ends. Its position is an offset of the
// table's log, where there is one.
#pragma once

#include "connectors/registry.h"

namespace millrace::connectors {

const ConnectorType& HttpConnector();

}  // namespace millrace::connectors
