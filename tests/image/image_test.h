// The image that scripts/build_image.sh packs, once for all tests of a binary.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/servers/child_process.h"
#include "tests/servers/temporary_folder.h"

namespace trimtab::servers {

// What a command that is found by $PATH prints; a failure is one of the test.
inline std::string Output(std::vector<std::string> command, RunLimits limits = {}) {
  command.insert(command.begin(), "/usr/bin/env");
  const auto output = RunCommand(std::move(command), limits);
  if (!output.ok()) ADD_FAILURE() << output.status();
  return output.value_or("");
}

struct Image {
  TemporaryFolder folder;
  std::string digest{};  // as the script prints it
  std::string archive{};

  // Packs it, into a folder of its own.
  static Image Build() {
    auto folder = TemporaryFolder::Make("image");
    if (!folder.ok()) ADD_FAILURE() << folder.status();
    Image image{*std::move(folder)};
    const std::string out = image.folder.File("out");
    image.digest = Output({TRIMTAB_SOURCE_DIR "/scripts/build_image.sh", TRIMTAB_BINARY_DIR, out},
                          {.time = std::chrono::minutes(5)});
    while (image.digest.ends_with('\n')) image.digest.pop_back();
    image.archive = Output({"sh", "-c", "ls \"$0\"/*.tar", out});
    while (image.archive.ends_with('\n')) image.archive.pop_back();
    return image;
  }
  static const Image& Shared() {
    static const Image image = Build();
    return image;
  }
};

}  // namespace trimtab::servers
