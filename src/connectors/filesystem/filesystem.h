// The filesystem connector: files of lines or other records, plain or packed, read once or followed as
// they grow and rotate; and written as part files of a folder.
#pragma once

#include "connectors/registry.h"

namespace millrace::connectors {

const ConnectorType& FilesystemConnector();

}  // namespace millrace::connectors
