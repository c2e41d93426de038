#include "connectors/filesystem/file_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "connectors/source_fixture.h"
#include "data/batch_builder.h"
#include "env/simulated_env.h"

namespace millrace::connectors {
namespace {

using data::DataType;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::MatchesRegex;

using Options = std::vector<std::pair<std::string, std::string>>;

class FileSinkTest : public testing::Test {
 protected:
  Result<std::unique_ptr<Sink>> Make(Options with = {}, const std::string& format = "csv") {
    with.emplace_back("connector", "filesystem");
    with.emplace_back("path", "/out");
    with.emplace_back("format", format);
    context_.env = &world_.env;
    return MakeSink(With(std::move(with)), columns_, context_);
  }

  data::Batch Rows(const std::vector<std::pair<int, std::string>>& rows,
                   data::RowKind kind = data::RowKind::kInsert) {
    data::BatchBuilder builder(columns_.physical);
    for (const auto& [a, b] : rows) {
      builder.column(0).Append<int32_t>(a);
      if (b.empty()) {
        builder.column(1).AppendNull();
      } else {
        builder.column(1).AppendString(b);
      }
      builder.FinishRow(kind);
    }
    return builder.Build();
  }

  // Names in a folder, with the run's number taken out.
  std::vector<std::string> Names(const std::string& folder) {
    std::vector<std::string> names;
    auto entries = world_.files.List(folder);
    if (!entries.has_value()) return names;
    for (const env::DirEntry& entry : *entries) {
      std::string name = entry.name;
      const size_t part = name.find("part-");
      if (part != std::string::npos) name.erase(part + 5, 17);
      names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string Content(const std::string& folder, size_t index = 0) {
    auto entries = world_.files.List(folder);
    EXPECT_TRUE(entries.has_value());
    return *world_.files.ReadAll(env::JoinPath(folder, (*entries)[index].name));
  }

  env::SimulatedEnv world_;
  SinkContext context_;
  TableColumns columns_ = Physical({{"a", DataType::Int()}, {"b", DataType::String()}});
};

TEST_F(FileSinkTest, FilesAreHiddenUntilTheyAreFinished) {
  auto sink = Make();
  ASSERT_TRUE(sink.has_value()) << sink.error().ToString();
  ASSERT_TRUE((*sink)->Write(Rows({{1, "x"}, {2, "y"}})).has_value());
  ASSERT_TRUE((*sink)->Flush(1).has_value());
  EXPECT_THAT(Names("/out"), ElementsAre(".part-0-0.csv.inprogress"));
  ASSERT_TRUE((*sink)->Write(Rows({{3, "z"}})).has_value());
  ASSERT_TRUE((*sink)->Close().has_value());
  EXPECT_THAT(Names("/out"), ElementsAre("part-0-0.csv"));
  EXPECT_EQ(Content("/out"), "1,x\n2,y\n3,z\n");
}

TEST_F(FileSinkTest, NoRowsMakeNoFile) {
  auto sink = Make();
  ASSERT_TRUE((*sink)->Write(Rows({})).has_value());
  ASSERT_TRUE((*sink)->Close().has_value());
  EXPECT_THAT(Names("/out"), IsEmpty());
}

TEST_F(FileSinkTest, RollsBySize) {
  auto sink = Make({{"sink.rolling-policy.file-size", "6 b"}});
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE((*sink)->Write(Rows({{i, "xy"}})).has_value());
  EXPECT_THAT(Names("/out"), ElementsAre(".part-0-1.csv.inprogress", "part-0-0.csv"));
  ASSERT_TRUE((*sink)->Close().has_value());
  EXPECT_THAT(Names("/out"), ElementsAre("part-0-0.csv", "part-0-1.csv"));
}

TEST_F(FileSinkTest, RollsByTime) {
  auto sink = Make({{"sink.rolling-policy.rollover-interval", "10 s"},
                    {"sink.rolling-policy.inactivity-interval", "3 s"},
                    {"sink.rolling-policy.check-interval", "1 s"}});
  ASSERT_TRUE((*sink)->Write(Rows({{1, "x"}})).has_value());
  world_.clock.Advance(2'900'000);
  ASSERT_TRUE((*sink)->Flush(1).has_value());
  EXPECT_THAT(Names("/out"), ElementsAre(".part-0-0.csv.inprogress"));
  world_.clock.Advance(1'100'000);
  ASSERT_TRUE((*sink)->Flush(2).has_value());
  EXPECT_THAT(Names("/out"), ElementsAre("part-0-0.csv"));
  for (int i = 0; i < 11; ++i) {
    ASSERT_TRUE((*sink)->Write(Rows({{1, "x"}})).has_value());
    world_.clock.Advance(1'000'000);
    ASSERT_TRUE((*sink)->Flush(3).has_value());
  }
  EXPECT_THAT(Names("/out"), ElementsAre(".part-0-2.csv.inprogress", "part-0-0.csv", "part-0-1.csv"));
}

TEST_F(FileSinkTest, PartitionsAreFoldersAndNotInTheFiles) {
  columns_.partition_keys = {"b"};
  auto sink = Make();
  ASSERT_TRUE((*sink)->Write(Rows({{1, "bei:jing"}, {2, ""}, {3, "bei:jing"}})).has_value());
  ASSERT_TRUE((*sink)->Close().has_value());
  EXPECT_THAT(Names("/out"), ElementsAre("b=__HIVE_DEFAULT_PARTITION__", "b=bei%3Ajing"));
  EXPECT_EQ(Content("/out/b=bei%3Ajing"), "1\n3\n");
  EXPECT_EQ(Content("/out/b=__HIVE_DEFAULT_PARTITION__"), "2\n");

  // And back in.
  SourceContext context;
  context.env = &world_.env;
  auto source = MakeSource(With({{"connector", "filesystem"}, {"path", "/out"}, {"format", "csv"}}), columns_,
                           AllOf(columns_), context);
  ASSERT_TRUE(source.has_value()) << source.error().ToString();
  CollectingSink rows;
  ASSERT_TRUE(PollAll(**source, rows).has_value());
  EXPECT_THAT(rows.rows, ElementsAre("+I[2, null]", "+I[1, bei:jing]", "+I[3, bei:jing]"));
}

// What is finished is on the disk, with all folders that were made for it.
TEST_F(FileSinkTest, FinishedFilesSurviveAPowerLoss) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    const std::string path = seed % 3 == 0 ? "/lake/new/out" : seed % 3 == 1 ? "/here/out/" : "/here";
    SCOPED_TRACE(path);
    ASSERT_TRUE(world_.files.MakeDirs("/here").has_value());
    world_.files.SyncAll();
    const bool is_partitioned = seed % 2 == 0;
    columns_.partition_keys = is_partitioned ? std::vector<std::string>{"b"} : std::vector<std::string>{};
    context_.env = &world_.env;
    auto sink =
        MakeSink(With({{"connector", "filesystem"}, {"path", path}, {"format", "csv"}}), columns_, context_);
    ASSERT_TRUE(sink.has_value()) << sink.error().ToString();
    ASSERT_TRUE((*sink)->Write(Rows({{1, "x"}})).has_value());
    ASSERT_TRUE((*sink)->Close().has_value());
    world_.files.CutPower();
    env::Random random(seed);
    world_.files.Restore(random);
    const std::string folder = is_partitioned ? env::JoinPath(path, "b=x") : path;
    ASSERT_THAT(Names(folder), ElementsAre("part-0-0.csv"));
    EXPECT_EQ(Content(folder), is_partitioned ? "1\n" : "1,x\n");
    ASSERT_TRUE(world_.files.RemoveTree("/lake").has_value());
    ASSERT_TRUE(world_.files.RemoveTree("/here").has_value());
  }
}

TEST_F(FileSinkTest, ManyPartitionsDoNotStayOpen) {
  columns_.partition_keys = {"a"};
  auto sink = Make();
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE((*sink)->Write(Rows({{i, "x"}})).has_value());
    world_.clock.Advance(1);
  }
  EXPECT_THAT(Names("/out/a=0"), ElementsAre("part-0-0.csv"));
  EXPECT_THAT(Names("/out/a=299"), ElementsAre(".part-0-299.csv.inprogress"));
  ASSERT_TRUE((*sink)->Close().has_value());
  EXPECT_THAT(Names("/out/a=299"), ElementsAre("part-0-299.csv"));
}

TEST_F(FileSinkTest, RunsDoNotOverwriteEachOther) {
  for (int i = 0; i < 2; ++i) {
    auto sink = Make();
    ASSERT_TRUE((*sink)->Write(Rows({{i, "x"}})).has_value());
    ASSERT_TRUE((*sink)->Close().has_value());
  }
  EXPECT_THAT(Names("/out"), ElementsAre("part-0-0.csv", "part-0-0.csv"));
}

TEST_F(FileSinkTest, TakesInsertsOnly) {
  auto sink = Make();
  EXPECT_EQ((*sink)->Write(Rows({{1, "x"}}, data::RowKind::kUpdateAfter)).error().message(),
            "table 't': files take inserted rows only, not +U");
}

TEST_F(FileSinkTest, RefusesWhatIsNoFolder) {
  EXPECT_TRUE(world_.files.WriteAll("/out", "x").has_value());
  EXPECT_EQ(Make().error().message(),
            "table 't': option 'path': '/out' is a file: rows are written into part files of a folder");
  auto sink =
      MakeSink(With({{"connector", "filesystem"}, {"path", "/o*"}, {"format", "csv"}}), columns_, context_);
  EXPECT_EQ(sink.error().message(),
            "table 't': option 'path': '/o*' is a pattern: rows are written into one folder");
  EXPECT_EQ(
      Make({{"auto-compaction", "true"}}).error().message(),
      "table 't': option 'auto-compaction' of connector 'filesystem' is not supported: part files are not "
      "compacted");
}

// Keeps what it is given as text.
class TextFiles final : public WholeFiles {
 public:
  explicit TextFiles(env::Files& files) : files_(files) {}
  Result<std::unique_ptr<WholeFileWriter>> Create(std::string_view format, const std::string& path,
                                                  const data::Schema& schema) override {
    EXPECT_EQ(format, "parquet");
    EXPECT_EQ(schema.size(), 2);
    class Writer final : public WholeFileWriter {
     public:
      Writer(env::Files& files, std::string path) : files_(files), path_(std::move(path)) {}
      Status Write(const data::Batch& batch) override {
        rows_ += batch.rows;
        return {};
      }
      uint64_t size() const override { return rows_; }
      Status Finish() override { return files_.WriteAll(path_, std::to_string(rows_)); }

     private:
      env::Files& files_;
      const std::string path_;
      uint64_t rows_ = 0;
    };
    return std::make_unique<Writer>(files_, path);
  }

 private:
  env::Files& files_;
};

TEST_F(FileSinkTest, ParquetIsWrittenAsAWhole) {
  EXPECT_EQ(Make({}, "parquet").error().message(), "table 't': format 'parquet' cannot be written here");
  TextFiles files(world_.files);
  context_.whole_files = &files;
  auto sink = Make({}, "parquet");
  ASSERT_TRUE(sink.has_value());
  ASSERT_TRUE((*sink)->Write(Rows({{1, "x"}, {2, "y"}})).has_value());
  ASSERT_TRUE((*sink)->Close().has_value());
  EXPECT_THAT(Names("/out"), ElementsAre("part-0-0.parquet"));
  EXPECT_EQ(Content("/out"), "2");
}

}  // namespace
}  // namespace millrace::connectors
