# Which compilers may build Oxbow, and with which flags.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "g++ ${CMAKE_CXX_COMPILER_VERSION} miscompiles coroutines: 'if (co_await f() > 0)' never completes and "
    "temporaries beside a co_await are destroyed twice, at -O0 and -O2 alike. "
    "Use clang 19 (Debian: clang-19; './dev setup' installs it) or GCC 13 and later.")
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "clang ${CMAKE_CXX_COMPILER_VERSION} lacks std::expected with libstdc++: use clang 19.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast
                    -Wimplicit-fallthrough -Werror=return-type
                    # Members that are left out have their defaults; that is the point of naming the others.
                    -Wno-missing-designated-field-initializers)
if(OXBOW_WERROR)
  add_compile_options(-Werror)
endif()
add_compile_definitions(TOML_HEADER_ONLY=0 BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)

# The sanitizers of preset dev. Undefined behaviour ends the program: a test that goes on has not passed.
set(OXBOW_SANITIZE "" CACHE STRING "Sanitizers to build with, as for -fsanitize=")
if(OXBOW_SANITIZE)
  # Asio's inside is compiled once, in cmake/asio_inside.cc, not in every file: a fifth of the time under sanitizers.
  # Release leaves it to the inliner.
  add_compile_definitions(BOOST_ASIO_SEPARATE_COMPILATION)
  add_compile_options(-fsanitize=${OXBOW_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${OXBOW_SANITIZE})
endif()
