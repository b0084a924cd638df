# Tests of the source text. One preset is enough for them.

if(OXBOW_TEST_PREFIX)
  return()
endif()

foreach(check layers coroutines fuzz_targets)
  add_test(NAME ${check} COMMAND python3 ${CMAKE_SOURCE_DIR}/tools/check_${check}.py)
  add_test(NAME ${check}_test COMMAND python3 ${CMAKE_SOURCE_DIR}/tools/check_${check}_test.py)
endforeach()
