# trimtab_component(NAME
#   SOURCES a.cc ...        the room's library (no SOURCES: a header-only room)
#   TESTS a_test.cc ...     one test binary, trimtab_NAME_test, labelled NAME
#   BENCHMARKS a_benchmark.cc ...  one benchmark binary, trimtab_NAME_benchmark
#   COMPARISONS a_comparison.cc ...  one program each, measured against a peer by bench/run.py
#   FUZZERS a_fuzz.cc ...   one libFuzzer binary each, a_fuzz, corpus in tests/corpus/a_fuzz/
#   DEPS quantity ...       rooms this room may include; must already be declared, which forbids cycles
#   TEST_DEPS ...           further rooms that only the tests and benchmarks may include
#   EXTERNAL fmt::fmt ...   third-party targets)
# Targets over all rooms: trimtab_tests, trimtab_benchmarks, trimtab_fuzzers.

# The rooms whose tests run under each sanitizer: what reads files or computes indices, and what has
# threads. A preset with TRIMTAB_SANITIZER declares no other room's tests. `experiment` and `cli`
# would be a quarter of the build: what they read is fuzzed under the same sanitizers, and what they
# run is tested room by room.
set(TRIMTAB_SANITIZED_address quantity telemetry http yaml probability application callgraph tracing
                              monitoring workload neural graphdynamics profile deployment interference scaling simulation
                              scenario calibration kubernetes appscaler journal controller server cluster
                              operator kubelet)
set(TRIMTAB_SANITIZED_thread clock telemetry http kubernetes neural profiling endtoend graphdynamics
                             journal server cluster operator kubelet)

add_custom_target(trimtab_tests)
add_custom_target(trimtab_benchmarks)
add_custom_target(trimtab_fuzzers)
file(WRITE "${CMAKE_BINARY_DIR}/fuzzers.txt" "")
file(WRITE "${CMAKE_BINARY_DIR}/benchmarks.txt" "")
file(WRITE "${CMAKE_BINARY_DIR}/comparisons.txt" "")

add_library(trimtab_flags INTERFACE)
target_compile_features(trimtab_flags INTERFACE cxx_std_20)
target_compile_options(trimtab_flags INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wconversion
                                               -Wno-sign-conversion -ffp-contract=off)
target_include_directories(trimtab_flags INTERFACE "${CMAKE_SOURCE_DIR}/src")

# What nearly every source includes is parsed once, for the rooms and for their tests.
set(trimtab_precompiled_headers
    <algorithm> <array> <cmath> <cstdint> <functional> <limits> <map> <memory> <optional> <span> <string>
    <string_view> <utility> <vector> <absl/status/statusor.h> <fmt/format.h> <fmt/ranges.h>)
if(TRIMTAB_PRECOMPILED_HEADERS)
  add_library(trimtab_precompiled OBJECT "${CMAKE_SOURCE_DIR}/cmake/precompiled.cc")
  target_link_libraries(trimtab_precompiled PRIVATE trimtab_flags absl::statusor fmt::fmt)
  target_precompile_headers(trimtab_precompiled PRIVATE ${trimtab_precompiled_headers})
endif()

if(TRIMTAB_TESTS)
  add_library(trimtab_test_main STATIC "${CMAKE_SOURCE_DIR}/tests/test_main.cc")
  target_link_libraries(trimtab_test_main PUBLIC trimtab_flags GTest::gmock GTest::gtest)
  if(TRIMTAB_PRECOMPILED_HEADERS)
    target_link_libraries(trimtab_test_main PRIVATE absl::statusor fmt::fmt)
    target_precompile_headers(trimtab_test_main PRIVATE ${trimtab_precompiled_headers} <gmock/gmock.h>
                                                        <gtest/gtest.h>)
  endif()
endif()

# trimtab_server_test(NAME
#   SOURCES a_test.cc ...   one test binary, trimtab_NAME_server_test, of tests that start real servers
#                           with what is in tests/servers
#   LIBRARIES ...           further targets that it links)
# One test of ctest, so that its tests share what they start; skipped when each of them is. Not under
# the sanitizers.
function(trimtab_server_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES" ${ARGN})
  if(NOT TRIMTAB_TESTS OR TRIMTAB_SANITIZER)
    return()
  endif()
  set(target trimtab_${name}_server_test)
  add_executable(${target} ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE ${ARG_LIBRARIES} trimtab_test_servers trimtab_test_main)
  if(TRIMTAB_PRECOMPILED_HEADERS)
    target_precompile_headers(${target} REUSE_FROM trimtab_test_main)
  endif()
  add_dependencies(trimtab_tests ${target})
  add_test(NAME servers.${name} COMMAND ${target})
  # Two at a time share the smallest machine: each waits for a third of its time. They are the
  # longest, so they begin first.
  set_tests_properties(servers.${name} PROPERTIES LABELS servers COST 100 TIMEOUT 900 SKIP_RETURN_CODE 77)
endfunction()

function(trimtab_component name)
  cmake_parse_arguments(ARG "" "" "SOURCES;TESTS;BENCHMARKS;COMPARISONS;FUZZERS;DEPS;TEST_DEPS;EXTERNAL" ${ARGN})
  set(dep_targets "")
  foreach(dep IN LISTS ARG_DEPS)
    if(NOT TARGET trimtab_${dep})
      message(FATAL_ERROR "room '${name}' depends on '${dep}', which is not declared above it")
    endif()
    list(APPEND dep_targets trimtab_${dep})
  endforeach()

  if(ARG_SOURCES)
    add_library(trimtab_${name} STATIC ${ARG_SOURCES})
    target_link_libraries(trimtab_${name} PUBLIC trimtab_flags ${dep_targets} ${ARG_EXTERNAL})
    if(TRIMTAB_PRECOMPILED_HEADERS)
      target_precompile_headers(trimtab_${name} REUSE_FROM trimtab_precompiled)
    endif()
  else()
    add_library(trimtab_${name} INTERFACE)
    target_link_libraries(trimtab_${name} INTERFACE trimtab_flags ${dep_targets} ${ARG_EXTERNAL})
  endif()
  add_library(trimtab::${name} ALIAS trimtab_${name})
  set_property(GLOBAL APPEND PROPERTY TRIMTAB_ROOMS ${name})

  set(test_targets "")
  foreach(dep IN LISTS ARG_TEST_DEPS)
    list(APPEND test_targets trimtab_${dep})
  endforeach()
  set(tests ${TRIMTAB_TESTS})
  if(TRIMTAB_SANITIZER AND NOT name IN_LIST TRIMTAB_SANITIZED_${TRIMTAB_SANITIZER})
    set(tests OFF)
  endif()
  if(tests AND ARG_TESTS)
    add_executable(trimtab_${name}_test ${ARG_TESTS})
    target_link_libraries(trimtab_${name}_test PRIVATE trimtab_${name} ${test_targets} trimtab_test_main)
    target_compile_definitions(trimtab_${name}_test PRIVATE TRIMTAB_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    if(TRIMTAB_PRECOMPILED_HEADERS)
      target_precompile_headers(trimtab_${name}_test REUSE_FROM trimtab_test_main)
    endif()
    add_dependencies(trimtab_tests trimtab_${name}_test)
    gtest_discover_tests(trimtab_${name}_test PROPERTIES LABELS ${name} DISCOVERY_TIMEOUT 120)
  endif()
  if(TRIMTAB_BENCHMARKS AND ARG_BENCHMARKS)
    add_executable(trimtab_${name}_benchmark ${ARG_BENCHMARKS})
    target_link_libraries(trimtab_${name}_benchmark PRIVATE trimtab_${name} ${test_targets} benchmark::benchmark
                                                            benchmark::benchmark_main)
    add_dependencies(trimtab_benchmarks trimtab_${name}_benchmark)
    file(APPEND "${CMAKE_BINARY_DIR}/benchmarks.txt" "${CMAKE_CURRENT_BINARY_DIR}/trimtab_${name}_benchmark\n")
  endif()
  if(TRIMTAB_BENCHMARKS)
    foreach(source IN LISTS ARG_COMPARISONS)
      get_filename_component(stem ${source} NAME_WE)
      add_executable(${stem} ${source})
      target_include_directories(${stem} PRIVATE "${CMAKE_SOURCE_DIR}")
      target_link_libraries(${stem} PRIVATE trimtab_${name} ${test_targets})
      add_dependencies(trimtab_benchmarks ${stem})
      file(APPEND "${CMAKE_BINARY_DIR}/comparisons.txt" "${CMAKE_CURRENT_BINARY_DIR}/${stem}\n")
    endforeach()
  endif()
  if(TRIMTAB_FUZZ)
    foreach(source IN LISTS ARG_FUZZERS)
      get_filename_component(stem ${source} NAME_WE)
      add_executable(${stem} ${source})
      target_link_libraries(${stem} PRIVATE trimtab_${name} ${test_targets})
      target_link_options(${stem} PRIVATE -fsanitize=fuzzer)
      add_dependencies(trimtab_fuzzers ${stem})
      file(APPEND "${CMAKE_BINARY_DIR}/fuzzers.txt" "${stem}\n")
    endforeach()
  endif()
endfunction()
