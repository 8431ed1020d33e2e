# The few functions that our CMake files share.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# The flags of all our code: no RTTI, no exceptions, our warnings.
function(tk_set_flags target)
  llvm_update_compile_flags(${target})
  if(TK_ENABLE_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(TK_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${TK_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${TK_SANITIZE})
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "EXECUTABLE")
      target_sources(${target} PRIVATE ${CMAKE_SOURCE_DIR}/lib/SanitizerOptions.cpp)
    endif()
  endif()
endfunction()

# Parsing MLIR headers is most of a compilation: 2.8 s instead of 14.7 s a pass.
add_library(tk_pch OBJECT ${CMAKE_SOURCE_DIR}/lib/PrecompiledHeader.cpp)
tk_set_flags(tk_pch)
# ccache may bring the header back into another build of the same path, where
# the files that it was made from are younger.
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(tk_pch PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
endif()
target_precompile_headers(tk_pch PRIVATE ${CMAKE_SOURCE_DIR}/lib/PrecompiledHeader.h)

# add_tk_library(<name> <source>... [NO_MLIR] [DEPENDS <target>...] [LINK_LIBS <lib>...])
#
# NO_MLIR: the library uses LLVM ADT and Support at most, so it is compiled
# without the precompiled MLIR headers: including one by mistake shows up.
function(add_tk_library name)
  cmake_parse_arguments(ARG "NO_MLIR" "" "DEPENDS;LINK_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  tk_set_flags(${name})
  target_link_libraries(${name} ${ARG_LINK_LIBS} tk_llvm_core)
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  if(NOT ARG_NO_MLIR)
    target_precompile_headers(${name} REUSE_FROM tk_pch)
  endif()
endfunction()

# add_tk_unittest(<name> <source>... [NO_MLIR] [LINK_LIBS <lib>...])
function(add_tk_unittest name)
  cmake_parse_arguments(ARG "NO_MLIR" "" "LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  tk_set_flags(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} tk_llvm_core GTest::gtest GTest::gtest_main)
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/unittests)
  if(NOT ARG_NO_MLIR)
    target_precompile_headers(${name} REUSE_FROM tk_pch)
  endif()
  set_property(GLOBAL APPEND PROPERTY TK_UNITTESTS ${name})
endfunction()
