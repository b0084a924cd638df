# The web page: npm packages, then the page, then C++ that holds it (src/edge/ui_files.h).
# Nothing of it runs again until a file of ui/ changes.

find_program(NODE NAMES node nodejs REQUIRED)
find_program(NPM npm REQUIRED)

set(OXBOW_UI_SOURCE ${CMAKE_SOURCE_DIR}/ui)
set(OXBOW_UI_OUT ${CMAKE_BINARY_DIR}/ui)
# npm writes this file last.
set(OXBOW_UI_INSTALLED ${OXBOW_UI_SOURCE}/node_modules/.package-lock.json)

file(MAKE_DIRECTORY ${OXBOW_UI_OUT})
file(GLOB_RECURSE OXBOW_UI_FILES CONFIGURE_DEPENDS ${OXBOW_UI_SOURCE}/src/*)

add_custom_command(
  OUTPUT ${OXBOW_UI_INSTALLED}
  COMMAND ${CMAKE_COMMAND} -DNPM=${NPM} -DFOLDER=${OXBOW_UI_SOURCE} -P ${CMAKE_SOURCE_DIR}/cmake/npm_ci.cmake
  DEPENDS ${OXBOW_UI_SOURCE}/package.json ${OXBOW_UI_SOURCE}/package-lock.json
          ${CMAKE_SOURCE_DIR}/cmake/npm_ci.cmake
  COMMENT "Installing the npm packages of ui/"
  VERBATIM)

add_custom_command(
  OUTPUT ${OXBOW_UI_OUT}/ui_files.cc
  BYPRODUCTS ${OXBOW_UI_OUT}/ui_files.bin
  COMMAND ${NODE} ${OXBOW_UI_SOURCE}/build.mjs ${OXBOW_UI_OUT}/dist
  COMMAND ${NODE} ${OXBOW_UI_SOURCE}/embed.mjs
          ${OXBOW_UI_OUT}/dist ${OXBOW_UI_OUT}/ui_files.bin ${OXBOW_UI_OUT}/ui_files.cc
  DEPENDS ${OXBOW_UI_INSTALLED} ${OXBOW_UI_FILES} ${OXBOW_UI_SOURCE}/build.mjs ${OXBOW_UI_SOURCE}/embed.mjs
          ${OXBOW_UI_SOURCE}/licenses/apache-2.0.txt
  COMMENT "Building the web page"
  VERBATIM)

add_library(oxbow_ui OBJECT ${OXBOW_UI_OUT}/ui_files.cc)
target_include_directories(oxbow_ui PRIVATE ${CMAKE_SOURCE_DIR}/src)
set_source_files_properties(${OXBOW_UI_OUT}/ui_files.cc PROPERTIES OBJECT_DEPENDS ${OXBOW_UI_OUT}/ui_files.bin)
set(OXBOW_UI_OBJECT $<TARGET_OBJECTS:oxbow_ui>)

# What the page does is the same whatever watches the server.
if(OXBOW_TEST_PREFIX)
  return()
endif()

add_test(NAME ui_types COMMAND ${NODE} ${OXBOW_UI_SOURCE}/node_modules/typescript/bin/tsc --noEmit -p ${OXBOW_UI_SOURCE})
add_test(NAME ui COMMAND ${NODE} ${OXBOW_UI_SOURCE}/test.mjs)

# The page in a real browser, against the real server.
set(OXBOW_BROWSER_TESTS ${CMAKE_SOURCE_DIR}/tests/browser)
add_custom_command(
  OUTPUT ${OXBOW_BROWSER_TESTS}/node_modules/.package-lock.json
  COMMAND ${CMAKE_COMMAND} -DNPM=${NPM} -DFOLDER=${OXBOW_BROWSER_TESTS} -P ${CMAKE_SOURCE_DIR}/cmake/npm_ci.cmake
  DEPENDS ${OXBOW_BROWSER_TESTS}/package.json ${OXBOW_BROWSER_TESTS}/package-lock.json
          ${CMAKE_SOURCE_DIR}/cmake/npm_ci.cmake
  COMMENT "Installing the npm packages of tests/browser/"
  VERBATIM)
add_custom_target(browser_packages ALL DEPENDS ${OXBOW_BROWSER_TESTS}/node_modules/.package-lock.json)
add_test(NAME browser COMMAND ${NODE} --test ${OXBOW_BROWSER_TESTS}/watch.test.mjs)
add_test(NAME long_browser COMMAND ${NODE} --test ${OXBOW_BROWSER_TESTS}/watch.test.mjs)
set_tests_properties(long_browser PROPERTIES LABELS long RUN_SERIAL TRUE TIMEOUT 900
  ENVIRONMENT "OXBOW=$<TARGET_FILE:oxbow>;OXBOW_LONG=1")
add_test(NAME long_browser_watch COMMAND ${NODE} --test ${OXBOW_BROWSER_TESTS}/long_watch.test.mjs)
set_tests_properties(long_browser_watch PROPERTIES LABELS long RUN_SERIAL TRUE TIMEOUT 5400 ENVIRONMENT "OXBOW=$<TARGET_FILE:oxbow>")
add_test(NAME browser_firefox COMMAND ${NODE} --test ${OXBOW_BROWSER_TESTS}/firefox.test.mjs)
add_test(NAME browser_renditions COMMAND ${NODE} --test ${OXBOW_BROWSER_TESTS}/renditions.test.mjs)
add_test(NAME browser_private COMMAND ${NODE} --test ${OXBOW_BROWSER_TESTS}/private.test.mjs)
add_test(NAME browser_operator COMMAND ${NODE} --test ${OXBOW_BROWSER_TESTS}/operator.test.mjs)
add_test(NAME browser_strict COMMAND ${NODE} --test ${OXBOW_BROWSER_TESTS}/strict.test.mjs)
set_tests_properties(browser browser_firefox browser_operator browser_private browser_renditions browser_strict PROPERTIES
  ENVIRONMENT "OXBOW=$<TARGET_FILE:oxbow>;OXBOW_SCREENSHOTS=${CMAKE_BINARY_DIR}/screenshots"
  RUN_SERIAL TRUE TIMEOUT 300)
# What these look at does not move, or waits for them.
set_tests_properties(browser_operator browser_strict PROPERTIES RUN_SERIAL FALSE)
