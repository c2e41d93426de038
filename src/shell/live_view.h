// \subscribe: a view on the screen that follows its changes. One thread.
#pragma once

#include <string>
#include <string_view>

#include "env/env.h"
#include "shell/connection.h"
#include "shell/subscription_table.h"
#include "shell/terminal.h"

namespace millrace::shell {

// One frame: a line about the view, its first rows as a table, and how many there are; lines end with \n and
// fit the size. Pure.
std::string LiveFrame(const SubscriptionTable& table, std::string_view title, Terminal::Size size);

// The lines of `text` that fit a screen, each cut to its width; wide enough for any escape-free text. Pure.
std::string CutToScreen(std::string_view text, Terminal::Size size);

// COPY (…) TO STDOUT for what \subscribe is given: the name of a view, or a query of its own.
std::string SubscriptionCopy(std::string_view argument);

// Follows it until q, Escape, Ctrl-C or Ctrl-D, or until the server ends it: the outcome is then its error,
// if it was one. At most ten frames a second.
ExecuteOutcome FollowView(env::Env& env, Connection& connection, Terminal& terminal,
                          const std::string& argument);

}  // namespace millrace::shell
