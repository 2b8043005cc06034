# Compiler flags of all our targets, in one interface target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
# Executables must not get -fPIE: they would refuse the precompiled header made without it.
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)

add_library(banyan_flags INTERFACE)
target_compile_options(banyan_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror=invalid-pch -ffp-contract=off
                       -fpch-preprocess)
# What GCC 12 tells of inlined strings and JSON values (array bounds, overlaps) is often wrong: shown, but no error.
if(BANYAN_WERROR)
  target_compile_options(banyan_flags INTERFACE -Werror -Wno-error=array-bounds -Wno-error=restrict
                         -Wno-error=stringop-overflow -Wno-error=stringop-overread)
endif()
target_compile_definitions(banyan_flags INTERFACE $<$<BOOL:${BANYAN_ASSERTS}>:BANYAN_ASSERTS>
                           JSON_DIAGNOSTICS=1)
target_include_directories(banyan_flags INTERFACE ${PROJECT_SOURCE_DIR})

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
endif()
