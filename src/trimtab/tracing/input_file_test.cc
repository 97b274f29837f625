#include "trimtab/tracing/input_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

namespace trimtab {
namespace {

std::string Gzip(std::string_view text) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(text.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

absl::StatusOr<std::string> ReadAll(InputFile& file, std::size_t piece = 7) {
  std::string text;
  std::string buffer(piece, '\0');
  for (;;) {
    const absl::StatusOr<std::size_t> got = file.Read(buffer.data(), buffer.size());
    if (!got.ok()) return got.status();
    if (*got == 0) return text;
    text.append(buffer, 0, *got);
  }
}

absl::StatusOr<std::string> ReadAll(std::string_view bytes) {
  return ReadAll(*InputFile::OverText("test", bytes));
}

std::string LongText() {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i * 7919) + ',';
  return text;
}

TEST(InputFileTest, PlainTextPassesThrough) {
  EXPECT_EQ(*ReadAll("some text"), "some text");
  EXPECT_EQ(*ReadAll(""), "");
  EXPECT_EQ(*ReadAll("\x1f"), "\x1f");
}

TEST(InputFileTest, GzipIsRecognisedByItsFirstBytes) {
  const std::string text = LongText();
  EXPECT_EQ(*ReadAll(Gzip(text)), text);
  EXPECT_EQ(*ReadAll(Gzip("")), "");
}

TEST(InputFileTest, SeveralMembersAreOneStream) {
  EXPECT_EQ(*ReadAll(Gzip("one ") + Gzip("") + Gzip("two")), "one two");
}

TEST(InputFileTest, ZerosAfterTheLastMemberArePadding) {
  EXPECT_EQ(*ReadAll(Gzip("text") + std::string(1000, '\0')), "text");
}

TEST(InputFileTest, EveryCutOfAGzipFileIsDataLoss) {
  const std::string packed = Gzip("a text that is long enough to be cut anywhere");
  for (std::size_t size = 2; size < packed.size(); ++size) {
    const auto read = ReadAll(std::string_view(packed).substr(0, size));
    ASSERT_EQ(read.status().code(), absl::StatusCode::kDataLoss) << size;
    EXPECT_THAT(std::string(read.status().message()),
                ::testing::StartsWith("'test': gzip stream is cut at byte"));
  }
}

TEST(InputFileTest, ADamagedStreamIsDataLoss) {
  std::string packed = Gzip(LongText());
  packed[packed.size() / 2] = static_cast<char>(packed[packed.size() / 2] ^ 0x55);
  EXPECT_EQ(ReadAll(packed).status().code(), absl::StatusCode::kDataLoss);
}

TEST(InputFileTest, WhatCameBeforeTheDamageIsHandedOn) {
  std::string packed = Gzip("some text");
  packed[packed.size() - 5] = static_cast<char>(packed[packed.size() - 5] ^ 1);  // the checksum
  const auto file = InputFile::OverText("test", packed);
  std::string buffer(100, '\0');
  const auto got = file->Read(buffer.data(), buffer.size());
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(buffer.substr(0, *got), "some text");
  EXPECT_EQ(file->Read(buffer.data(), buffer.size()).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(file->Read(buffer.data(), buffer.size()).status().code(), absl::StatusCode::kDataLoss);
}

TEST(InputFileTest, GarbageAfterTheLastMemberIsDataLoss) {
  EXPECT_EQ(ReadAll(Gzip("text") + "garbage").status().code(), absl::StatusCode::kDataLoss);
}

TEST(InputFileTest, PeekTakesNothing) {
  const auto file = InputFile::OverText("test", "some text");
  EXPECT_EQ(*file->Peek(4), "some");
  EXPECT_EQ(*file->Peek(100), "some text");
  EXPECT_EQ(*ReadAll(*file, 3), "some text");
  EXPECT_EQ(*file->Peek(1), "");
}

TEST(InputFileTest, FilesOnDiskTellTheirSizeAndPosition) {
  const auto folder = std::filesystem::path(::testing::TempDir()) / "trimtab_input_file_test";
  std::filesystem::create_directories(folder);
  const std::string path = folder / std::to_string(getpid());
  std::ofstream(path) << "0123456789";
  const auto file = InputFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->size(), 10);
  EXPECT_EQ(*ReadAll(**file), "0123456789");
  EXPECT_EQ((*file)->position(), 10);
  EXPECT_THAT(std::string(InputFile::Open(folder).status().message()),
              ::testing::EndsWith("' is a folder, expected a file"));
  std::filesystem::remove_all(folder);
  EXPECT_EQ(InputFile::Open(path).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace trimtab
