// Appends decisions until it is killed, and prints the number of each once it is acknowledged.
// Usage: trimtab_journal_endless_writer JOURNAL. Exit code 1 when an append fails.
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "trimtab/journal/sqlite_journal.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto journal = trimtab::SqliteJournal::Open(argv[1], {.application = "hotel", .policy = "grad"});
  if (!journal.ok()) {
    std::fprintf(stderr, "%s\n", journal.status().ToString().c_str());
    return 1;
  }
  const std::string filler(1000, 'x');
  while (true) {
    const auto id = (*journal)->Append({.at = trimtab::Instant(trimtab::Duration(7)),
                                        .observation = "{}",
                                        .plan = "\"" + filler + "\"",
                                        .commitment = "{}"});
    if (!id.ok()) {
      std::fprintf(stderr, "%s\n", id.status().ToString().c_str());
      return 1;
    }
    // Straight to the pipe: a number that was printed was acknowledged before.
    const std::int64_t number = *id;
    if (write(STDOUT_FILENO, &number, sizeof(number)) != sizeof(number)) return 1;
  }
}
