# Rooms as libraries. What a room links follows from src/LAYERS, so the picture in ARCHITECTURE.md,
# the include test and the build cannot disagree.

file(STRINGS ${CMAKE_SOURCE_DIR}/src/LAYERS OXBOW_LAYERS REGEX "^[a-z]")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/LAYERS)

# Preset dev builds the fuzz targets with everything else; preset fuzz builds them alone, and of the rooms what they need.
set(OXBOW_FUZZ "OFF" CACHE STRING "Build the fuzz targets: OFF, ON, or ONLY those")
# What the targets link: libFuzzer is to see which way an input takes through it.
set(OXBOW_FUZZED_ROOMS base media ivs packager net ingest)

if(NOT OXBOW_FUZZ STREQUAL "ONLY")
  add_library(doctest_main OBJECT ${CMAKE_SOURCE_DIR}/tests/doctest_main.cc)
endif()

# Reading headers is half of a build from nothing. A file that forgets an include builds all the same then, so whoever
# works on the code builds without; CI and a release build with it, so that what users build is what was tested.
option(OXBOW_PRECOMPILE "Precompile headers that many files include" OFF)
# precompiled(NAME FLAGS HEADERS ...): a target whose precompiled headers others of the same FLAGS take over by
# precompile(TARGET NAME).
function(precompiled name flags)
  file(TOUCH ${CMAKE_BINARY_DIR}/${name}.cc)
  add_library(${name} OBJECT EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/${name}.cc)
  target_compile_options(${name} PRIVATE ${flags})
  target_precompile_headers(${name} PRIVATE
    <algorithm> <array> <chrono> <deque> <expected> <filesystem> <fstream> <functional> <future> <map> <memory> <mutex>
    <optional> <span> <string> <thread> <unordered_map> <utility> <variant> <vector>
    <boost/asio/as_tuple.hpp> <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp> <boost/asio/detached.hpp>
    <boost/asio/experimental/awaitable_operators.hpp> <boost/asio/io_context.hpp> <boost/asio/ip/tcp.hpp>
    <boost/asio/post.hpp> <boost/asio/steady_timer.hpp> <boost/asio/use_awaitable.hpp> <boost/json.hpp>
    <fmt/format.h> ${ARGN})
endfunction()

if(OXBOW_PRECOMPILE)
  precompiled(room_headers $<$<CONFIG:Debug>:-O0>)
  precompiled(fuzzed_room_headers -fsanitize=fuzzer-no-link)
  precompiled(test_headers $<$<CONFIG:Debug>:-O0> <doctest/doctest.h>)
endif()

# The rooms whose files read the most headers are compiled a few files at a time, too: names in one's unnamed namespace
# have to differ from those in another's.
set(OXBOW_JOINED_ROOMS app control edge notify packager record)
set(OXBOW_FILES_JOINED 8)

function(precompile target headers)
  target_precompile_headers(${target} REUSE_FROM ${headers})
  target_link_libraries(${target} PRIVATE asio_inside)  # Asio's headers refer to it
endfunction()

# `./dev test` runs the tests of several presets in one run, where each needs a name of its own.
set(OXBOW_TEST_PREFIX "" CACHE STRING "What the names of this preset's tests begin with")
# Tests labelled long run with `./dev test --long` alone; target quick_tests builds what the others need.
set(OXBOW_QUICK_TESTS ".*" CACHE STRING "Tests, without prefix, that are not labelled long; a regular expression")
add_custom_target(quick_tests)

# oxbow_test(NAME COMMAND ... [PROPERTIES ...]): a test of C++ that the sanitizers of every preset watch.
function(oxbow_test name)
  cmake_parse_arguments(PARSE_ARGV 1 TEST "" "" "COMMAND;PROPERTIES")
  set(full_name ${OXBOW_TEST_PREFIX}${name})
  add_test(NAME ${full_name} COMMAND ${TEST_COMMAND})
  if(TEST_PROPERTIES)
    set_tests_properties(${full_name} PROPERTIES ${TEST_PROPERTIES})
  endif()
  if(NOT name MATCHES "${OXBOW_QUICK_TESTS}" OR name MATCHES "^long_")
    set_tests_properties(${full_name} PROPERTIES LABELS long)
  elseif(TARGET ${name}_test)
    add_dependencies(quick_tests ${name}_test)
  endif()
endfunction()

function(room name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")

  set(below "")
  foreach(line IN LISTS OXBOW_LAYERS)
    if(line MATCHES "^${name}:(.*)$")
      string(REGEX MATCHALL "[a-z]+" rooms "${CMAKE_MATCH_1}")
      foreach(room IN LISTS rooms)
        list(APPEND below oxbow_${room})
      endforeach()
    endif()
  endforeach()

  if(sources)
    add_library(oxbow_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(oxbow_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(oxbow_${name} ${scope} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(oxbow_${name} ${scope} ${below} ${ARGN})
  if(OXBOW_FUZZ AND name IN_LIST OXBOW_FUZZED_ROOMS)
    # Every byte passes here, in fuzzing millions of times: as the preset optimizes.
    target_compile_options(oxbow_${name} PRIVATE -fsanitize=fuzzer-no-link)
    set(headers fuzzed_room_headers)
  else()
    # To optimize these under sanitizers takes a third of a build, and tests wait for other things.
    target_compile_options(oxbow_${name} PRIVATE $<$<CONFIG:Debug>:-O0>)
    set(headers room_headers)
  endif()
  if(sources AND OXBOW_PRECOMPILE)
    precompile(oxbow_${name} ${headers})
    if(name IN_LIST OXBOW_JOINED_ROOMS)
      set_target_properties(oxbow_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${OXBOW_FILES_JOINED})
    endif()
  endif()
  if(OXBOW_FUZZ STREQUAL "ONLY")
    set_target_properties(oxbow_${name} PROPERTIES EXCLUDE_FROM_ALL TRUE)
    return()
  endif()

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE oxbow_${name} doctest_main)
    # What tests say is run once: to optimize it takes longer than it saves.
    target_compile_options(${name}_test PRIVATE $<$<CONFIG:Debug>:-O0>)
    if(OXBOW_PRECOMPILE)
      precompile(${name}_test test_headers)
      if(name STREQUAL "app" OR name STREQUAL "edge")
        target_link_libraries(${name}_test PRIVATE oxbow_ui)  # a joined file brings the page's server with it
      endif()
    endif()
    oxbow_test(${name} COMMAND ${name}_test)
  endif()
endfunction()
