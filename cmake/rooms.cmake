# Rooms as libraries. What a room links follows from src/LAYERS, so the picture in ARCHITECTURE.md,
# the include test and the build cannot disagree.

file(STRINGS ${CMAKE_SOURCE_DIR}/src/LAYERS OXBOW_LAYERS REGEX "^[a-z]")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/LAYERS)

# Preset fuzz builds the fuzz targets, and of the rooms what those need.
option(OXBOW_FUZZ "Build the fuzz targets and nothing else" OFF)

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
  if(OXBOW_FUZZ)
    set_target_properties(oxbow_${name} PROPERTIES EXCLUDE_FROM_ALL TRUE)
    return()
  endif()

  if(tests)
    add_executable(${name}_test ${tests} ${CMAKE_SOURCE_DIR}/tests/doctest_main.cc)
    target_link_libraries(${name}_test PRIVATE oxbow_${name})
    oxbow_test(${name} COMMAND ${name}_test)
  endif()
endfunction()
