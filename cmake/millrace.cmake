# Compiler settings and the one rule for how a folder under src/ becomes a library.

add_library(millrace_flags INTERFACE)
target_compile_options(millrace_flags INTERFACE -Wall -Wextra -Werror -Wno-psabi)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND MILLRACE_MARCH)
  target_compile_options(millrace_flags INTERFACE -march=${MILLRACE_MARCH})
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # libstdc++'s stable_sort calls what it has marked as deprecated, which clang says where it is instantiated.
  target_compile_options(millrace_flags INTERFACE -Wthread-safety -Wno-deprecated-declarations)
else()
  # GCC 12 reports these falsely on inlined standard containers under optimisation.
  target_compile_options(millrace_flags INTERFACE
    -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds -Wno-restrict -Wno-stringop-overread
    # At -O2 GCC vectorises only loops of a known length; the kernels' are as long as their batch.
    $<$<CONFIG:Release>:-ftree-vectorize> $<$<CONFIG:Release>:-fvect-cost-model=dynamic>)
endif()
if(MILLRACE_SANITIZE)
  target_compile_options(millrace_flags INTERFACE -fsanitize=${MILLRACE_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(millrace_flags INTERFACE -fsanitize=${MILLRACE_SANITIZE})
  if(MILLRACE_SANITIZE MATCHES "undefined")
    target_compile_options(millrace_flags INTERFACE -fno-sanitize-recover=undefined)
  endif()
  if(MILLRACE_SANITIZE MATCHES "thread")
    # ThreadSanitizer does not know fences, and GCC says so; Asio's are beside its mutexes, which it does know.
    target_compile_definitions(millrace_flags INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()
if(MILLRACE_FUZZ)
  # Coverage feedback from the libraries; the targets under fuzz/ bring libFuzzer's main.
  target_compile_options(millrace_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(MILLRACE_COVERAGE)
  target_compile_options(millrace_flags INTERFACE --coverage)
  target_link_options(millrace_flags INTERFACE --coverage)
endif()
if(MILLRACE_FUZZ)
  # Coverage feedback from the code under test; the fuzz targets link libFuzzer itself.
  target_compile_options(millrace_flags INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(millrace_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_include_directories(millrace_flags INTERFACE "${PROJECT_SOURCE_DIR}/src")

# mr_library(<folder> [DEPS <folder>...] [LIBS <target>...])
#
# Makes the static library mr_<folder> from src/<folder>/**/*.cc (tests, benches and fuzz targets
# apart) and, with MILLRACE_TESTS, the unit test mr_<folder>_test from its *_test.cc.
function(mr_library folder)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cc")
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_(test|bench|fuzz)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(NOT sources)
    add_library(mr_${folder} INTERFACE)
    set(scope INTERFACE)
  else()
    add_library(mr_${folder} STATIC ${sources})
    set(scope PUBLIC)
  endif()
  target_link_libraries(mr_${folder} ${scope} millrace_flags ${ARG_LIBS})
  foreach(dep ${ARG_DEPS})
    target_link_libraries(mr_${folder} ${scope} mr_${dep})
  endforeach()
  if(MILLRACE_TESTS AND tests)
    add_executable(mr_${folder}_test ${tests})
    target_link_libraries(mr_${folder}_test PRIVATE mr_${folder} GTest::gtest GTest::gmock GTest::gtest_main)
    add_test(NAME unit_${folder} COMMAND mr_${folder}_test WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  endif()
endfunction()
