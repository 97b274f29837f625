// The file tree of the image, run by itself: nothing of this machine is under its root.
#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/image/image_test.h"
#include "tests/servers/programs.h"
#include "tests/servers/server_test.h"

namespace trimtab::servers {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// The layers of the archive over each other, as a container sees them.
class Tree {
 public:
  Tree() : folder_(TemporaryFolder::Make("tree").value()) {
    Output({"sh", "-ec",
            R"(mkdir "$1/root" && cd "$1" && tar --extract --file "$0"
               manifest=$(grep -o 'sha256:[0-9a-f]*' index.json | cut -d: -f2)
               for layer in $(grep -o 'gzip","digest":"sha256:[0-9a-f]*' "blobs/sha256/$manifest"); do
                 tar --extract --gzip --directory root --file "blobs/sha256/${layer##*:}"
               done)",
            Image::Shared().archive, folder_.path()});
  }
  std::string root() const { return folder_.File("root"); }

  // A command that sees nothing but the tree and /proc, as the user of the image where this test
  // may choose, with an empty environment.
  std::vector<std::string> Inside(std::vector<std::string> command) const {
    std::vector<std::string> whole = {
        "env",     "-i",          "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
        "unshare", "--mount",     "--pid",
        "--fork",  "--kill-child"};
    const bool is_root = geteuid() == 0;
    if (!is_root) whole.push_back("--map-root-user");
    whole.push_back("--mount-proc=" + root() + "/proc");
    whole.push_back("chroot");
    if (is_root) whole.push_back("--userspec=65532:65532");
    whole.push_back(root());
    whole.insert(whole.end(), command.begin(), command.end());
    return whole;
  }

 private:
  TemporaryFolder folder_;
};

class ImageTreeTest : public ControlPlaneTest {
 protected:
  void SetUp() override {
    static const bool can_enter = RunCommand({"/usr/bin/unshare", "--map-root-user", "--mount",
                                              "--pid", "--fork", "--mount-proc", "true"})
                                      .ok();
    if (!can_enter) GTEST_SKIP() << "this user may not make a namespace with another root";
    static const Tree tree;
    tree_ = &tree;
  }

  std::string root() const { return tree_->root(); }
  // What the program says, whatever its code.
  std::string Trimtab(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "/usr/bin/trimtab");
    std::vector<std::string> shell = {"sh", "-c", R"("$@" 2>&1 || true)", "sh"};
    const std::vector<std::string> inside = tree_->Inside(std::move(arguments));
    shell.insert(shell.end(), inside.begin(), inside.end());
    return Output(std::move(shell));
  }
  // The lines of a command within the tree, by line.
  std::set<std::string> Lines(const std::string& command) const {
    std::istringstream text(Output({"sh", "-ec", "cd \"$0\" && " + command, root()}));
    std::set<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.insert(line);
    return lines;
  }

  const Tree* tree_ = nullptr;
};

TEST_F(ImageTreeTest, RunsAlone) {
  EXPECT_THAT(Trimtab({"version"}), HasSubstr("commit"));
  EXPECT_THAT(Trimtab({"doctor", "--help"}), HasSubstr("--prometheus-url"));
  EXPECT_THAT(Trimtab({"validate", "hotel-reservation"}), HasSubstr("yes"));
}

TEST_F(ImageTreeTest, EveryLibraryThatIsSoughtIsThere) {
  RequireInstalled({"strace"});
  if (IsSkipped() || HasFatalFailure()) return;
  std::vector<std::string> command = {"sh", "-c", R"("$@" 2>&1 || true)", "sh", "strace",
                                      "-f", "-e", "trace=open,openat"};
  // A host that has a name, and TLS: all that libcurl may load late.
  for (const std::string& word : tree_->Inside({"/usr/bin/trimtab", "doctor", "--no-cluster",
                                                "--prometheus-url", "https://localhost:1"})) {
    command.push_back(word);
  }
  static const std::regex kLibrary(R"re(open(at)?\(.*"([^"]*/([^/"]*\.so[^/"]*))".* = (-?\d+))re");
  std::map<std::string, bool> found;
  std::istringstream calls(Output(std::move(command)));
  bool is_inside = false;
  for (std::string call; std::getline(calls, call);) {
    if (call.find(R"("/lib/x86_64-linux-gnu/libsimdjson)") != std::string::npos ||
        call.find(R"("/usr/lib/x86_64-linux-gnu/libsimdjson)") != std::string::npos) {
      is_inside = true;  // the shell's and chroot's own libraries are not the image's
    }
    std::smatch parts;
    if (is_inside && std::regex_search(call, parts, kLibrary)) {
      found[parts.str(3)] |= parts.str(4)[0] != '-';
    }
  }
  EXPECT_GT(found.size(), 20U);
  EXPECT_TRUE(found["libcurl.so.4"]);
  for (const auto& [library, is_there] : found) EXPECT_TRUE(is_there) << library;
}

TEST_F(ImageTreeTest, EveryLibraryThatTheSourcesNameIsThere) {
  std::istringstream names(
      Output({"grep", "-rhoE", R"re("lib[a-z0-9_-]+\.so\.[0-9]+")re", TRIMTAB_SOURCE_DIR "/src"}));
  int found = 0;
  for (std::string name; std::getline(names, name);) {
    name = name.substr(1, name.size() - 2);
    if (name.starts_with("libxgboost"))
      continue;  // an experiment compares with it, no cluster does
    EXPECT_THAT(Lines("find usr/lib -name " + name), testing::SizeIs(1)) << name;
    ++found;
  }
  EXPECT_GE(found, 2);
}

TEST_F(ImageTreeTest, SpeaksTlsToTheApiServer) {
  ControlPlaneTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  const auto kubeconfig =
      control_plane().Kubectl({"config", "view", "--raw", "--flatten", "-o", "json"});
  ASSERT_TRUE(kubeconfig.ok()) << kubeconfig.status();
  std::ofstream(root() + "/tmp/kubeconfig") << *kubeconfig;
  EXPECT_THAT(Trimtab({"doctor", "--kubeconfig", "/tmp/kubeconfig", "--namespace", "default"}),
              HasSubstr("ok       API server: v1."));

  // Without an authority of its own, a server is believed that one of the image's bundle vouches
  // for, and no other.
  const std::vector<std::string> ask = {"doctor", "--no-cluster", "--prometheus-url",
                                        control_plane().url()};
  EXPECT_THAT(Trimtab(ask), HasSubstr("certificate"));
  const std::string bundle = root() + "/etc/ssl/certs/ca-certificates.crt";
  const auto before = ReadWholeFile(bundle);
  ASSERT_TRUE(before.ok());
  std::ofstream(bundle, std::ios::app) << control_plane().authority().certificate();
  EXPECT_THAT(Trimtab(ask), Not(HasSubstr("certificate")));
  EXPECT_THAT(Trimtab(ask), HasSubstr("403"));
  std::ofstream(bundle, std::ios::trunc) << *before;
}

TEST_F(ImageTreeTest, HoldsNothingBeside) {
  // One program; no shell, no package manager.
  EXPECT_EQ(Lines("find . -type f -perm /111 ! -name '*.so*' -printf '%p\n'"),
            std::set<std::string>{"./usr/bin/trimtab"});
  EXPECT_THAT(Lines("find . -perm /6000"), IsEmpty());
  EXPECT_THAT(Lines("find . -name '*xgboost*'"), IsEmpty());
}

TEST_F(ImageTreeTest, CarriesLicencesAndTheListOfPackages) {
  for (const char* file : {"LICENSE", "THIRD_PARTY_NOTICES.md"}) {
    EXPECT_EQ(access((root() + "/usr/share/doc/trimtab/" + file).c_str(), R_OK), 0) << file;
  }
  const std::set<std::string> packages = Lines("ls var/lib/dpkg/status.d");
  const std::set<std::string> papers = Lines("ls usr/share/doc/*/copyright | cut -d/ -f4");
  EXPECT_GT(packages.size(), 20U);
  for (const std::string& package : packages) EXPECT_TRUE(papers.contains(package)) << package;
  // What is compiled in, too.
  for (const char* linked : {"libabsl-dev", "libeigen3-dev", "nlohmann-json3-dev", "zlib1g-dev"}) {
    EXPECT_TRUE(papers.contains(linked)) << linked;
  }
  EXPECT_THAT(Lines("cat etc/os-release"), testing::Contains("ID=debian"));
}

TEST_F(ImageTreeTest, TrustsWhomDebianTrusts) {
  const std::string ours = Output({"cat", root() + "/etc/ssl/certs/ca-certificates.crt"});
  EXPECT_EQ(ours, Output({"sh", "-c", "LC_ALL=C; cat /usr/share/ca-certificates/mozilla/*.crt"}));
}

}  // namespace
}  // namespace trimtab::servers
