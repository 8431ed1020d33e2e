# FindLLVM22.cmake - finds LLVM, MLIR and lld 22 and makes their archives link statically.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Distribution packages export MLIR archives that name the shared libLLVM in
# their link interface. One executable must not hold two copies of LLVM, so the
# interfaces are rewritten here to name the static archives instead.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

set(TK_LLVM_HINT "\
Install LLVM 22 with 'utils/install-dependencies.sh', or pass \
-DCMAKE_PREFIX_PATH=<prefix of LLVM 22>.")

list(APPEND CMAKE_PREFIX_PATH /usr/lib/llvm-22)
set(ZLIB_USE_STATIC_LIBS ON)

find_package(MLIR CONFIG QUIET)
if(NOT MLIR_FOUND)
  message(FATAL_ERROR "tk needs MLIR 22, but found no MLIR. ${TK_LLVM_HINT}")
endif()
if(NOT LLVM_VERSION_MAJOR EQUAL 22)
  message(FATAL_ERROR "tk needs LLVM/MLIR 22, but found ${LLVM_PACKAGE_VERSION} "
                      "in ${LLVM_DIR}. ${TK_LLVM_HINT}")
endif()
find_package(LLD CONFIG QUIET)
if(NOT LLD_FOUND)
  message(FATAL_ERROR "tk needs the lld 22 libraries (liblld-22-dev). ${TK_LLVM_HINT}")
endif()
message(STATUS "LLVM ${LLVM_PACKAGE_VERSION} in ${LLVM_DIR}")

set(LLVM_RUNTIME_OUTPUT_INTDIR ${CMAKE_BINARY_DIR}/bin)
set(LLVM_LIBRARY_OUTPUT_INTDIR ${CMAKE_BINARY_DIR}/lib)
set(MLIR_BINARY_DIR ${CMAKE_BINARY_DIR})
# For the tables of command line options; packages do not export it.
set(LLVM_TABLEGEN_EXE ${LLVM_TOOLS_BINARY_DIR}/llvm-tblgen)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)

# After find_package(LLD), which reads LLVMConfig.cmake again.
set(LLVM_ENABLE_RTTI OFF)
set(LLVM_ENABLE_ASSERTIONS ${TK_ENABLE_ASSERTIONS})
set(LLVM_ENABLE_WARNINGS ON)
include(HandleLLVMOptions)

include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
separate_arguments(TK_LLVM_DEFINITIONS NATIVE_COMMAND ${LLVM_DEFINITIONS})
add_definitions(${TK_LLVM_DEFINITIONS})
add_link_options(-Wl,--gc-sections -Wl,--as-needed -static-libstdc++ -static-libgcc)

llvm_map_components_to_libnames(TK_LLVM_CORE_LIBS
  core support asmparser bitreader bitwriter object remarks)
llvm_map_components_to_libnames(TK_LLVM_CODEGEN_LIBS
  nvptxcodegen nvptxdesc nvptxinfo amdgpucodegen amdgpudesc amdgpuinfo
  amdgpuasmparser amdgpudisassembler
  passes linker irreader target lto dtlto option object)

foreach(target ${MLIR_EXPORTED_TARGETS} lldELF lldCommon)
  get_target_property(type ${target} TYPE)
  get_target_property(interface ${target} INTERFACE_LINK_LIBRARIES)
  if(type STREQUAL "STATIC_LIBRARY" AND interface)
    list(TRANSFORM interface REPLACE "^LLVM$" "tk_llvm_core")
    list(TRANSFORM interface REPLACE "^zstd::libzstd_shared$" "zstd::libzstd_static")
    list(REMOVE_ITEM interface MLIR)
    set_target_properties(${target} PROPERTIES INTERFACE_LINK_LIBRARIES "${interface}")
  endif()
endforeach()
foreach(target ${LLVM_AVAILABLE_LIBS})
  if(TARGET ${target})
    get_target_property(interface ${target} INTERFACE_LINK_LIBRARIES)
    if(interface)
      list(REMOVE_ITEM interface Polly PollyISL)
      list(TRANSFORM interface REPLACE "^zstd::libzstd_shared$" "zstd::libzstd_static")
      set_target_properties(${target} PROPERTIES INTERFACE_LINK_LIBRARIES "${interface}")
    endif()
  endif()
endforeach()

# IR only: everything needs it.
add_library(tk_llvm_core INTERFACE)
target_link_libraries(tk_llvm_core INTERFACE ${TK_LLVM_CORE_LIBS})
# Back ends: lib/Target needs them.
add_library(tk_llvm_codegen INTERFACE)
target_link_libraries(tk_llvm_codegen INTERFACE ${TK_LLVM_CODEGEN_LIBS} lldELF lldCommon)
set(LLVM_LINK_LLVM_DYLIB OFF)
