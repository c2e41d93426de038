// What the files of a start still have to do, where a data folder keeps what an earlier start has made.
//
// A file describes what is to be there. What is there already by the same statement is left alone; another
// definition under the same name is an error, found before anything is run; what no file names stays.
// Statements that make nothing by themselves (SET, USE, GRANT, ALTER ROLE, DROP ...) run at every start.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "session/instance.h"

namespace millrace::session {

struct StartFile {
  std::string path;
  std::string script;
};

struct StartStatement {
  std::string path;
  std::string text;         // without the semicolon
  SourceLocation location;  // in its file
  std::string skipped;      // why it need not run; empty: it is to be run
};

// Without a data folder all statements are to be run. Errors: kDuplicateTable or kDuplicateObject for what is
// there with another definition; they name the file.
Result<std::vector<StartStatement>> PlanStart(Instance* instance, const std::vector<StartFile>& files);

}  // namespace millrace::session
