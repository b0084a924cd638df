# Rooms as libraries. What a room links follows from src/LAYERS, so the picture in ARCHITECTURE.md,
# the include test and the build cannot disagree.

file(STRINGS ${CMAKE_SOURCE_DIR}/src/LAYERS OXBOW_LAYERS REGEX "^[a-z]")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/LAYERS)

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

  if(tests)
    add_executable(${name}_test ${tests} ${CMAKE_SOURCE_DIR}/tests/doctest_main.cc)
    target_link_libraries(${name}_test PRIVATE oxbow_${name})
    add_test(NAME ${name} COMMAND ${name}_test)
  endif()
endfunction()
