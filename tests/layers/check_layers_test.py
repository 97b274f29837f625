#!/usr/bin/env python3
"""The layer checker against a small made-up tree: sound as it stands, then with one breach each."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check_layers  # noqa: E402

SOUND = {
    'CMakeLists.txt': 'foreach(room IN ITEMS quantity clock application simulation kubernetes'
                      ' controller cli)\nendforeach()\n',
    'quantity/CMakeLists.txt': 'trimtab_component(quantity SOURCES text.cc)\n',
    'quantity/text.h': '#pragma once\n',
    'quantity/text.cc': '#include "trimtab/quantity/text.h"\n',
    'clock/CMakeLists.txt': 'trimtab_component(clock DEPS quantity)\n',
    'clock/clock.h': 'auto now = std::chrono::steady_clock::now();\n',
    'application/CMakeLists.txt': 'trimtab_component(application SOURCES sla.cc DEPS quantity'
                                  ' TEST_DEPS clock EXTERNAL fmt::fmt)\n',
    'application/sla.h': '#include "trimtab/quantity/text.h"\n',
    'application/sla.cc': '// steady_clock and rand() are only spoken of here\n'
                          'const char* text = "system_clock";\nint operand(int);\n'
                          'double lifetime(double);\n',
    'application/sla_test.cc': '#include "trimtab/clock/clock.h"\n',
    'simulation/CMakeLists.txt': 'trimtab_component(simulation DEPS application)\n',
    'simulation/world.h': '#include "trimtab/application/sla.h"\n',
    'kubernetes/CMakeLists.txt': 'trimtab_component(kubernetes DEPS application)\n',
    'kubernetes/api.h': '#include "trimtab/application/sla.h"\n',
    'controller/CMakeLists.txt': 'trimtab_component(controller DEPS application)\n',
    'controller/loop.h': '#include "trimtab/application/sla.h"\n',
    'cli/CMakeLists.txt': 'trimtab_component(cli DEPS simulation kubernetes)\n',
    'cli/main.cc': '#include "trimtab/simulation/world.h"\n#include "trimtab/kubernetes/api.h"\n',
}
ROOMS = ['quantity', 'clock', 'application', 'simulation', 'kubernetes', 'controller', 'cli']


class CheckLayersTest(unittest.TestCase):

    def problems(self, changes, removed=()):
        """What the checker says about the sound tree with `changes` laid over it."""
        with tempfile.TemporaryDirectory() as folder:
            files = {**SOUND, **{f'{room}/README.md': 'A room.\n' for room in ROOMS}, **changes}
            for name, text in files.items():
                if name in removed:
                    continue
                path = pathlib.Path(folder, 'src', 'trimtab', name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return check_layers.check(folder)[0]

    def assert_one(self, problems, *words):
        self.assertEqual(len(problems), 1, problems)
        for word in words:
            self.assertIn(word, problems[0])

    def test_a_sound_tree_has_no_breach(self):
        self.assertEqual(self.problems({}), [])

    def test_an_undeclared_include_is_named_with_file_and_line(self):
        problems = self.problems(
            {'clock/clock.h': '#pragma once\n#include "trimtab/application/sla.h"\n'})
        self.assert_one(problems, 'src/trimtab/clock/clock.h:2', 'trimtab/application/sla.h',
                        "'application'", "'clock'")

    def test_a_removed_dependency_is_named(self):
        problems = self.problems({'controller/CMakeLists.txt': 'trimtab_component(controller)\n'})
        self.assert_one(problems, 'src/trimtab/controller/loop.h:1', 'trimtab/application/sla.h')

    def test_a_dependency_of_a_dependency_is_not_declared(self):
        problems = self.problems({'controller/loop.h': '#include "trimtab/quantity/text.h"\n'})
        self.assert_one(problems, 'src/trimtab/controller/loop.h:1', "'quantity'")

    def test_a_test_dependency_is_for_tests_only(self):
        problems = self.problems({'application/sla.cc': '#include "trimtab/clock/clock.h"\n'})
        self.assert_one(problems, 'src/trimtab/application/sla.cc:1', "'clock'")

    def test_a_room_below_is_named(self):
        problems = self.problems(
            {'clock/CMakeLists.txt': 'trimtab_component(clock DEPS quantity application)\n'})
        self.assert_one(problems, 'src/trimtab/clock/CMakeLists.txt', "'application'", 'below')

    def test_a_cycle_is_named(self):
        problems = self.problems(
            {'quantity/CMakeLists.txt': 'trimtab_component(quantity DEPS clock)\n'})
        self.assertEqual(len(problems), 2, problems)
        self.assertIn('below', problems[0])
        self.assertIn('cycle of rooms: quantity -> clock -> quantity', problems[1])

    def test_simulation_and_kubernetes_stay_apart(self):
        problems = self.problems({
            'kubernetes/CMakeLists.txt': 'trimtab_component(kubernetes DEPS application'
                                         ' simulation)\n',
            'kubernetes/api.h': '#include "trimtab/simulation/world.h"\n'})
        self.assertTrue(any("'kubernetes' reaches 'simulation'" in line for line in problems))

    def test_simulation_may_not_include_kubernetes(self):
        problems = self.problems({'simulation/world.h': '#include "trimtab/kubernetes/api.h"\n'})
        self.assert_one(problems, 'src/trimtab/simulation/world.h:1', "'kubernetes'")

    def test_a_controller_does_not_see_both_worlds(self):
        problems = self.problems({'controller/CMakeLists.txt':
                                  'trimtab_component(controller DEPS application simulation'
                                  ' kubernetes)\n'})
        self.assert_one(problems, "'controller' sees both")

    def test_an_unknown_room_is_named(self):
        problems = self.problems(
            {'clock/CMakeLists.txt': 'trimtab_component(clock DEPS quantity util)\n'})
        self.assert_one(problems, "'util', which is no room")

    def test_a_missing_header_is_named(self):
        problems = self.problems({'controller/loop.h': '#include "trimtab/application/gone.h"\n'})
        self.assert_one(problems, 'src/trimtab/controller/loop.h:1', 'does not exist')

    def test_real_time_and_randomness_are_named(self):
        for code in ('std::chrono::system_clock::now()', 'std::chrono::steady_clock::now()',
                     'std::this_thread::sleep_for(1s)', 'std::random_device{}()', 'rand()',
                     'std::rand()', 'time(nullptr)'):
            problems = self.problems({'application/sla.cc': f'int a;\nauto x = {code};\n'})
            self.assert_one(problems, 'src/trimtab/application/sla.cc:2', 'arguments')

    def test_a_benchmark_may_measure_time(self):
        self.assertEqual(self.problems({'application/sla_benchmark.cc':
                                        'auto x = std::chrono::steady_clock::now();\n'}), [])

    def test_a_type_of_two_rooms_is_named_with_both_places(self):
        for first, second in (('struct Sample {\n  int a;\n};\n', 'class Sample {};\n'),
                              ('enum class Sample : int {\n  kA\n};\n',
                               'template <class T>\nclass Sample final : public T {};\n')):
            problems = self.problems({
                'quantity/text.h': '#pragma once\nnamespace trimtab {\n' + first + '}\n',
                'simulation/world.cc': 'namespace trimtab {\nnamespace {\nint a;\n}\n\n'
                                       + second + '}\n'})
            self.assert_one(problems, 'src/trimtab/simulation/world.cc:', "'trimtab::Sample'",
                            "room 'quantity'", 'src/trimtab/quantity/text.h:3')

    def test_a_type_that_no_other_file_sees_may_bear_any_name(self):
        self.assertEqual(self.problems({
            'quantity/text.h': 'namespace trimtab {\nstruct Sample {};\n}\n',
            # Anonymous, in another namespace, inside a type or a function, declared only, a
            # specialisation, in a literal, and in a test.
            'simulation/world.cc': 'namespace trimtab {\nnamespace {\nstruct Sample {};\n}\n}\n'
                                   'namespace trimtab::deep {\nstruct Sample {};\n}\n'
                                   'namespace trimtab {\nclass World {\n  struct Sample {};\n};\n'
                                   'void F(char c = \'{\') {\n  struct Sample {};\n}\n'
                                   'struct Sample;\ntemplate <>\nstruct Sample<int> {};\n'
                                   'const char* a = R"(" {\nstruct Sample {};)";\n}\n',
            'controller/loop_test.cc': 'namespace trimtab {\nstruct Sample {};\n}\n'}), [])

    def test_a_file_of_no_room_is_named(self):
        self.assert_one(self.problems({'util/strings.h': '\n'}), 'util/strings.h', 'no room')

    def test_a_room_without_a_sentence_is_named(self):
        self.assert_one(self.problems({}, removed=['clock/README.md']), "'clock' has no README.md")


if __name__ == '__main__':
    unittest.main()
