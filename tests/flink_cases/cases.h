// The three kinds of case files: each function runs one case in a warehouse of its own.
#pragma once

#include <string>

#include "flink_cases/case_session.h"
#include "flink_cases/json.h"
#include "flink_cases/outcome.h"

namespace millrace::flink_cases {

// scalar_functions.jsonl: one expression over the fields of one row.
Outcome RunScalarCase(const RunContext& context, const Json& test);
// test_programs.portable.jsonl: tables, INSERT statements, the sinks' final states.
Outcome RunProgramCase(const RunContext& context, const Json& test);
// itcases_stream.jsonl: tables and one query or INSERT, its rows as text.
Outcome RunQueryCase(const RunContext& context, const Json& test);

}  // namespace millrace::flink_cases
