# cmake -DNPM=... -DFOLDER=... -P npm_ci.cmake: installs exactly what FOLDER/package-lock.json says.
# Several build folders share FOLDER/node_modules, so one at a time.

file(LOCK ${FOLDER}/.install.lock TIMEOUT 600)
set(installed ${FOLDER}/node_modules/.package-lock.json)
if(EXISTS ${installed} AND NOT ${FOLDER}/package-lock.json IS_NEWER_THAN ${installed})
  file(TOUCH ${installed})
  return()
endif()
# No package that we use needs its install script.
execute_process(
  COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
  WORKING_DIRECTORY ${FOLDER} RESULT_VARIABLE result)
if(result)
  message(FATAL_ERROR "npm ci in ${FOLDER} failed: the page needs the npm registry once, or a filled npm cache.")
endif()
file(TOUCH ${installed})
