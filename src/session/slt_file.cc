#include "session/slt_file.h"

#include <fmt/format.h>

#include <utility>

namespace millrace::session {
namespace {

std::vector<std::string> SplitLines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::vector<std::string> Words(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : line + " ") {
    if (c != ' ' && c != '\t') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  return words;
}

bool IsBlank(const std::string& line) {
  return line.find_first_not_of(" \t") == std::string::npos;
}

class SltParser {
 public:
  explicit SltParser(std::string_view text) : lines_(SplitLines(text)) {}

  Result<std::vector<SltRecord>> Parse() {
    SltRecord record;
    while (at_ < lines_.size()) {
      const std::string& line = lines_[at_];
      if (IsBlank(line) || line.starts_with('#')) {
        ++at_;
        continue;
      }
      const std::vector<std::string> words = Words(line);
      record.line = static_cast<int>(at_) + 1;
      ++at_;
      if (words[0] == "halt") {
        if (record.only_in.empty() && record.not_in.empty()) break;
        record.kind = SltRecord::Kind::kHalt;
        records_.push_back(std::exchange(record, SltRecord{}));
        continue;
      }
      if (words[0] == "onlyif" || words[0] == "skipif") {
        if (words.size() != 2) return Wrong(record, "takes one mode");
        (words[0] == "onlyif" ? record.only_in : record.not_in).push_back(words[1]);
        continue;
      }
      MR_TRY(ParseRecord(words, line, &record));
      records_.push_back(std::move(record));
      record = SltRecord{};
    }
    return std::move(records_);
  }

 private:
  std::unexpected<Error> Wrong(const SltRecord& record, std::string_view what) const {
    return Fail(ErrorCode::kSyntaxError, fmt::format("'{}' {}", lines_[record.line - 1], what), "",
                {static_cast<uint32_t>(record.line), 1});
  }

  Status ParseRecord(const std::vector<std::string>& words, const std::string& line, SltRecord* record) {
    const std::string& word = words[0];
    if (word == "statement" && words.size() == 2 && (words[1] == "ok" || words[1] == "error")) {
      record->kind = words[1] == "ok" ? SltRecord::Kind::kOk : SltRecord::Kind::kError;
      return TakeSql(record, record->kind == SltRecord::Kind::kError);
    }
    if (word == "query" && (words.size() == 1 || (words.size() == 2 && words[1] == "rowsort"))) {
      record->kind = SltRecord::Kind::kQuery;
      record->sort = words.size() == 2;
      return TakeSql(record, true);
    }
    if (word == "explain" && words.size() == 1) {
      record->kind = SltRecord::Kind::kExplain;
      return TakeSql(record, true);
    }
    if (word == "print" && (words.size() == 1 || (words.size() == 2 && words[1] == "rowsort"))) {
      record->kind = SltRecord::Kind::kPrint;
      record->sort = words.size() == 2;
      return TakeSql(record, true);
    }
    if (word == "feed" && (words.size() == 2 || (words.size() == 4 && words[2] == "partition"))) {
      record->kind = SltRecord::Kind::kFeed;
      record->table = words[1];
      if (words.size() == 4) record->partition = std::atoi(words[3].c_str());
      while (at_ < lines_.size() && !IsBlank(lines_[at_])) record->expected.push_back(lines_[at_++]);
      return {};
    }
    if (word == "watermark" && words.size() >= 3) {
      record->kind = SltRecord::Kind::kWatermark;
      record->table = words[1];
      record->argument = line.substr(line.find(words[2], line.find(words[1]) + words[1].size()));
      return {};
    }
    if (word == "advance" && words.size() >= 2) {
      record->kind = SltRecord::Kind::kAdvance;
      record->argument = line.substr(line.find(words[1], word.size()));
      return {};
    }
    if (word == "finish" && words.size() == 2) {
      record->kind = SltRecord::Kind::kFinish;
      record->table = words[1];
      return {};
    }
    return Wrong(*record,
                 "is no record: statement ok|error, query [rowsort], explain, print [rowsort], "
                 "feed <table>, watermark <table> <time>, finish <table>, advance <duration>, onlyif|skipif "
                 "<mode>, halt");
  }

  Status TakeSql(SltRecord* record, bool has_expected) {
    while (at_ < lines_.size() && !IsBlank(lines_[at_]) && lines_[at_] != "----") {
      if (!record->sql.empty()) record->sql += '\n';
      record->sql += lines_[at_++];
    }
    if (!has_expected) return {};
    if (at_ >= lines_.size() || lines_[at_] != "----")
      return Wrong(*record, "wants a line ---- and what is expected");
    ++at_;
    while (at_ < lines_.size() && !IsBlank(lines_[at_])) record->expected.push_back(lines_[at_++]);
    return {};
  }

  std::vector<std::string> lines_;
  std::vector<SltRecord> records_;
  size_t at_ = 0;
};

}  // namespace

Result<std::vector<SltRecord>> ParseSlt(std::string_view text) {
  return SltParser(text).Parse();
}

}  // namespace millrace::session
