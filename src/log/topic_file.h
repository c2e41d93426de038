// The file that keeps a topic's name and settings (docs/formats/log.md, "Topic file").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "env/env.h"
#include "log/health.h"
#include "log/settings.h"

namespace millrace::log {

struct TopicFile {
  uint32_t number = 0;
  std::string name;
  int64_t created_micros = 0;
  TopicSettings settings;
  friend bool operator==(const TopicFile&, const TopicFile&) = default;
};

std::string EncodeTopicFile(const TopicFile& topic);
// kDataCorrupted.
Result<TopicFile> DecodeTopicFile(std::string_view bytes);

// Of the topic in this folder.
Result<TopicFile> ReadTopicFile(const env::Env& env, const std::string& folder);
// Replaces it, or makes it, whole and durable.
Status WriteTopicFile(const env::Env& env, Health& health, const std::string& folder, const TopicFile& topic);

}  // namespace millrace::log
