// The one file that knows CLI11, which throws; every exception of it ends here.
#include "trimtab/cli/program.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "fmt/format.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/build_info.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"

namespace trimtab {
namespace {

constexpr std::string_view kDescription =
    "Trimtab keeps the tail latency of a microservice application at its SLA\n"
    "with the least CPU, memory and replicas.";

// One command as CLI11 sees it, with the texts it collected for each declared argument.
struct ParsedCommand {
  CLI::App* app = nullptr;
  Arguments arguments;
  CommandAction action;
  std::deque<std::vector<std::string>> texts;  // one for each of arguments.declared()
};

std::vector<std::string> Split(std::string_view text, char at) {
  return absl::StrSplit(absl::string_view(text.data(), text.size()), at);
}

void SetLayout(CLI::App& app) {
  app.set_help_flag("-h,--help", "print this help and leave");
  app.get_formatter()->column_width(34);
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app.group("Commands");
}

// The app of a group such as "experiment", made where it does not exist yet.
CLI::App* GroupApp(CLI::App* parent, const std::string& name) {
  for (CLI::App* existing : parent->get_subcommands({})) {
    if (existing->get_name() == name) return existing;
  }
  CLI::App* group = parent->add_subcommand(name, "");
  SetLayout(*group);
  group->require_subcommand(1);
  return group;
}

// Without its own line a group shows the names of its commands.
void DescribeGroups(CLI::App& app) {
  for (CLI::App* group : app.get_subcommands({})) {
    if (!group->get_description().empty()) continue;
    std::vector<std::string> names;
    for (const CLI::App* command : group->get_subcommands({})) names.push_back(command->get_name());
    group->description(fmt::format("Commands: {}", absl::StrJoin(names, ", ")));
  }
}

// "--seed", "-o,--output"
std::string NamesOf(const Arguments::Declared& argument) {
  if (argument.short_name.empty()) return fmt::format("--{}", argument.name);
  return fmt::format("-{},--{}", argument.short_name, argument.name);
}

void AddArgument(CLI::App& app, const Arguments::Declared& argument,
                 std::vector<std::string>* texts) {
  if (argument.kind == Arguments::Declared::Kind::kFlag) {
    app.add_flag_callback(
        NamesOf(argument), [texts] { texts->emplace_back(); }, argument.description);
    return;
  }
  const std::string names =
      argument.kind == Arguments::Declared::Kind::kOption ? NamesOf(argument) : argument.name;
  CLI::Option* option = app.add_option(names, *texts, argument.description);
  option->type_name(argument.type)->required(argument.required);
  if (!argument.default_text.empty()) option->default_str(argument.default_text);
  const bool positional_list =
      argument.list && argument.kind == Arguments::Declared::Kind::kPositional;
  // A list option takes one value each time that it is given.
  const int most = argument.list ? CLI::detail::expected_max_vector_size : 1;
  if (!positional_list) option->expected(1, most)->allow_extra_args(false);
  if (!argument.list) option->multi_option_policy(CLI::MultiOptionPolicy::Throw);
}

void AddCommand(CLI::App& app, const Command& command, ParsedCommand* parsed) {
  const std::vector<std::string> path = Split(command.name, ' ');
  CLI::App* parent = &app;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) parent = GroupApp(parent, path[i]);
  parsed->app = parent->add_subcommand(path.back(), std::string(command.description));
  SetLayout(*parsed->app);
  parsed->app->allow_extras();  // RunProgram refuses them, by name
  std::string examples = "Examples:";
  for (const std::string& line : Split(command.examples, '\n')) {
    examples += fmt::format("\n  {}", line);
  }
  parsed->app->footer(examples);
  parsed->action = command.declare(parsed->arguments);
  for (const Arguments::Declared& argument : parsed->arguments.declared()) {
    AddArgument(*parsed->app, argument, &parsed->texts.emplace_back());
  }
}

// Hands the texts to the arguments' own parsers; an error names the argument.
absl::Status SetArguments(const ParsedCommand& parsed) {
  for (std::size_t i = 0; i < parsed.texts.size(); ++i) {
    const Arguments::Declared& argument = parsed.arguments.declared()[i];
    for (const std::string& text : parsed.texts[i]) {
      const absl::Status status = argument.set(text);
      if (status.ok()) continue;
      const bool positional = argument.kind == Arguments::Declared::Kind::kPositional;
      return {status.code(), fmt::format("{}{}: {}", positional ? "" : "--", argument.name,
                                         std::string(status.message()))};
    }
  }
  return absl::OkStatus();
}

// The deepest app that was named on the line.
const CLI::App* NamedApp(const CLI::App* app) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return app;
}

std::string FullName(const CLI::App* app) {
  std::string name = app->get_name();
  for (app = app->get_parent(); app != nullptr; app = app->get_parent()) {
    name = fmt::format("{} {}", app->get_name(), name);
  }
  return name;
}

// What is wrong with the word that should name a command; empty when nothing is.
std::string UnknownCommand(CLI::App* app, std::span<const std::string> words) {
  for (const std::string& word : words) {
    const std::vector<CLI::App*> commands = app->get_subcommands({});
    if (commands.empty() || word == "-h" || word == "--help" || word == "--version") return "";
    if (word.starts_with('-')) return fmt::format("unknown option '{}'", word);
    const auto found = std::ranges::find_if(
        commands, [&](const CLI::App* command) { return command->get_name() == word; });
    if (found != commands.end()) {
      app = *found;
      continue;
    }
    std::vector<std::string> names;
    for (const CLI::App* command : commands) names.push_back(command->get_name());
    return fmt::format("unknown command '{}'; there are: {}", word, absl::StrJoin(names, ", "));
  }
  return "";
}

ExitCode RefuseLine(const CLI::App* app, std::string_view message, Context& context) {
  const std::string name = FullName(app);
  context.err << fmt::format("{}: {}\nRun '{} --help' for what it takes.\n", name, message, name);
  return ExitCode::kUsage;
}

ExitCode RunCommand(const ParsedCommand& parsed, Context& context) {
  if (const absl::Status status = SetArguments(parsed); !status.ok()) {
    return RefuseLine(parsed.app, std::string(status.message()), context);
  }
  const absl::StatusOr<ExitCode> code = parsed.action(context);
  context.out.flush();
  if (!code.ok()) {
    context.err << fmt::format("{}: {}\n", FullName(parsed.app),
                               std::string(code.status().message()));
    return ExitCodeOf(code.status());
  }
  if (!context.out.good()) {
    context.err << fmt::format("{}: the result could not be written to standard output\n",
                               FullName(parsed.app));
    return ExitCode::kFailure;
  }
  return *code;
}

}  // namespace

ExitCode RunProgram(std::span<const Command> commands, std::span<const std::string> words,
                    Context& context) {
  CLI::App app(std::string(kDescription), "trimtab");
  SetLayout(app);
  app.set_version_flag("--version", fmt::format("trimtab {}", GetBuildInfo().version),
                       "print the version and leave");
  app.require_subcommand(1);
  app.footer("Run 'trimtab COMMAND --help' for the options and examples of a command.");
  std::deque<ParsedCommand> parsed;  // CLI11 keeps pointers into it
  for (const Command& command : commands) AddCommand(app, command, &parsed.emplace_back());
  DescribeGroups(app);
  if (const std::string unknown = UnknownCommand(&app, words); !unknown.empty()) {
    return RefuseLine(&app, unknown, context);
  }
  try {
    // CLI11 takes the words from the back.
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::CallForHelp&) {
    const CLI::App* named = NamedApp(&app);
    const CLI::App* parent = named->get_parent();
    context.out << named->help(parent == nullptr ? "" : FullName(parent));
    return ExitCode::kSuccess;
  } catch (const CLI::CallForVersion& version) {
    context.out << version.what() << '\n';
    return ExitCode::kSuccess;
  } catch (const CLI::RequiredError& error) {
    if (NamedApp(&app)->get_subcommands({}).empty()) {
      return RefuseLine(NamedApp(&app), error.what(), context);
    }
    return RefuseLine(NamedApp(&app), "a command is required", context);
  } catch (const CLI::Error& error) {
    return RefuseLine(NamedApp(&app), error.what(), context);
  }
  const auto command = std::ranges::find(parsed, NamedApp(&app), &ParsedCommand::app);
  if (const std::vector<std::string> extra = command->app->remaining(); !extra.empty()) {
    const bool option = extra.front().starts_with('-');
    return RefuseLine(command->app,
                      fmt::format("unknown {} '{}'", option ? "option" : "argument", extra.front()),
                      context);
  }
  return RunCommand(*command, context);
}

}  // namespace trimtab
