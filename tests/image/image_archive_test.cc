// The archive as the specification of OCI images has it.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/image/image_test.h"
#include "tests/servers/programs.h"

namespace trimtab::servers {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class ImageArchiveTest : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Make("layout");
    ASSERT_TRUE(folder.ok()) << folder.status();
    folder_.emplace(*std::move(folder));
    Output({"tar", "--extract", "--file", Image::Shared().archive, "--directory", folder_->path()});
  }

  std::string File(const std::string& name) const {
    const auto text = ReadWholeFile(folder_->File(name));
    if (!text.ok()) ADD_FAILURE() << text.status();
    return text.value_or("");
  }
  nlohmann::json Json(const std::string& name) const {
    return nlohmann::json::parse(File(name), nullptr, false);
  }
  static std::string BlobOf(const nlohmann::json& descriptor) {
    return "blobs/sha256/" + descriptor["digest"].get<std::string>().substr(7);
  }
  // As `sha256sum` sees the output of a command.
  static std::string Digest(const std::string& command) {
    return "sha256:" + Output({"sh", "-c", command + " | sha256sum"}).substr(0, 64);
  }
  // The blob of a descriptor is what the descriptor says.
  void Check(const nlohmann::json& descriptor) {
    const std::string path = folder_->File(BlobOf(descriptor));
    EXPECT_EQ(Digest(fmt::format("cat '{}'", path)), descriptor["digest"]);
    EXPECT_EQ(Output({"stat", "--format=%s", path}),
              fmt::format("{}\n", descriptor["size"].dump()));
    blobs_.insert(BlobOf(descriptor));
  }

  std::optional<TemporaryFolder> folder_;
  std::set<std::string> blobs_;  // that a descriptor leads to
};

TEST_F(ImageArchiveTest, EveryDescriptorLeadsToItsBlob) {
  EXPECT_EQ(Json("oci-layout")["imageLayoutVersion"], "1.0.0");
  const nlohmann::json index = Json("index.json");
  EXPECT_EQ(index["schemaVersion"], 2);
  EXPECT_EQ(index["mediaType"], "application/vnd.oci.image.index.v1+json");
  ASSERT_EQ(index["manifests"].size(), 1U);
  const nlohmann::json& entry = index["manifests"][0];
  EXPECT_EQ(entry["mediaType"], "application/vnd.oci.image.manifest.v1+json");
  EXPECT_EQ(entry["digest"], Image::Shared().digest);  // what the chart is given
  EXPECT_EQ(entry["platform"]["os"], "linux");
  Check(entry);

  const nlohmann::json manifest = Json(BlobOf(entry));
  EXPECT_EQ(manifest["schemaVersion"], 2);
  EXPECT_EQ(manifest["mediaType"], entry["mediaType"]);
  EXPECT_EQ(manifest["config"]["mediaType"], "application/vnd.oci.image.config.v1+json");
  Check(manifest["config"]);
  const nlohmann::json config = Json(BlobOf(manifest["config"]));
  EXPECT_EQ(config["architecture"], entry["platform"]["architecture"]);
  EXPECT_EQ(config["os"], "linux");
  EXPECT_EQ(config["rootfs"]["type"], "layers");
  ASSERT_EQ(manifest["layers"].size(), config["rootfs"]["diff_ids"].size());
  EXPECT_EQ(manifest["layers"].size(), config["history"].size());
  for (std::size_t layer = 0; layer < manifest["layers"].size(); ++layer) {
    const nlohmann::json& descriptor = manifest["layers"][layer];
    EXPECT_EQ(descriptor["mediaType"], "application/vnd.oci.image.layer.v1.tar+gzip");
    Check(descriptor);
    EXPECT_EQ(Digest(fmt::format("gzip -dc '{}'", folder_->File(BlobOf(descriptor)))),
              config["rootfs"]["diff_ids"][layer]);
  }
  // And there is nothing else.
  std::istringstream files(Output({"sh", "-c", "cd \"$0\" && find . -type f", folder_->path()}));
  for (std::string file; std::getline(files, file);) {
    const std::string name = file.substr(2);
    if (name == "oci-layout" || name == "index.json") continue;
    EXPECT_TRUE(blobs_.contains(name)) << name;
  }
}

TEST_F(ImageArchiveTest, RunsTheProgramAsNobodySpecial) {
  const nlohmann::json manifest = Json(BlobOf(Json("index.json")["manifests"][0]));
  const nlohmann::json config = Json(BlobOf(manifest["config"]))["config"];
  EXPECT_EQ(config["Entrypoint"], nlohmann::json({"/usr/bin/trimtab"}));
  EXPECT_EQ(config["User"], "65532:65532");  // by number: runAsNonRoot cannot look names up
  for (const auto& layer : manifest["layers"]) {
    std::istringstream entries(Output({"tar", "--list", "--verbose", "--numeric-owner", "--gzip",
                                       "--file", folder_->File(BlobOf(layer))}));
    for (std::string entry; std::getline(entries, entry);) {
      // Root's, writable for root alone but for links and /tmp, no program with rights of its own.
      EXPECT_THAT(entry, ContainsRegex("^([dl-]rwxr-xr-x|-rw-r--r--|lrwxrwxrwx|drwxrwxrwt) 0/0 "));
      if (!entry.starts_with("drwxrwxrwt")) continue;
      EXPECT_THAT(entry, HasSubstr(" ./tmp/"));
    }
  }
}

TEST_F(ImageArchiveTest, TheSameProgramGivesTheSameImage) {
  const Image again = Image::Build();
  EXPECT_EQ(again.digest, Image::Shared().digest);
  EXPECT_EQ(Output({"cmp", again.archive, Image::Shared().archive}), "");
}

TEST_F(ImageArchiveTest, SkopeoCopiesItWithItsDigest) {
  RequireInstalled({"skopeo"});
  if (IsSkipped() || HasFatalFailure()) return;
  const std::string archive = "oci-archive:" + Image::Shared().archive;
  const nlohmann::json seen =
      nlohmann::json::parse(Output({"skopeo", "inspect", archive}), nullptr, false);
  EXPECT_EQ(seen["Digest"], Image::Shared().digest);
  EXPECT_EQ(seen["Os"], "linux");
  const std::string copy = folder_->File("copy");
  Output({"skopeo", "--insecure-policy", "copy", "--preserve-digests", archive, "dir:" + copy});
  EXPECT_EQ(Digest(fmt::format("cat '{}/manifest.json'", copy)), Image::Shared().digest);
}

}  // namespace
}  // namespace trimtab::servers
