# One precompiled header for all targets that use LibTorch (built once, then a few seconds a file): model/libtorch.h.
if(BANYAN_WITH_TORCH)
  add_library(banyan_pch STATIC ${PROJECT_SOURCE_DIR}/cmake/pch.cpp)
  target_link_libraries(banyan_pch PUBLIC banyan_flags banyan_torch)
  target_precompile_headers(banyan_pch PRIVATE <torch/autograd.h> <torch/types.h> <torch/utils.h>)
endif()

# banyan_use_torch(target): LibTorch and its precompiled header.
function(banyan_use_torch target)
  target_link_libraries(${target} PUBLIC banyan_torch)
  target_precompile_headers(${target} REUSE_FROM banyan_pch)
endfunction()

# banyan_add_library(folder [TORCH] DEPENDS folders… LINK libraries…): static library banyan_<folder> of folder/*.cpp.
function(banyan_add_library folder)
  cmake_parse_arguments(arg "TORCH" "" "DEPENDS;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  add_library(banyan_${folder} STATIC ${sources})
  add_library(banyan::${folder} ALIAS banyan_${folder})
  list(TRANSFORM arg_DEPENDS PREPEND banyan_)
  target_link_libraries(banyan_${folder} PUBLIC banyan_flags ${arg_DEPENDS} ${arg_LINK})
  if(arg_TORCH)
    banyan_use_torch(banyan_${folder})
  endif()
endfunction()

# banyan_add_test(folder [TORCH] LINK libraries… LABELS labels…): executable <folder>_test of tests/<folder>/*_test.cpp.
function(banyan_add_test folder)
  cmake_parse_arguments(arg "TORCH" "" "LINK;LABELS" ${ARGN})
  if(arg_TORCH AND NOT BANYAN_WITH_TORCH)
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${folder}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(${folder}_test ${sources})
  target_link_libraries(${folder}_test PRIVATE banyan_flags ${arg_LINK} GTest::gmock GTest::gtest_main)
  target_include_directories(${folder}_test PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${folder}_test PRIVATE BANYAN_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                             BANYAN_BINARY_DIR="${CMAKE_BINARY_DIR}"
                             BANYAN_SHARED_DIR="${PROJECT_SOURCE_DIR}/../shared")
  if(arg_TORCH)
    banyan_use_torch(${folder}_test)
  endif()
  gtest_discover_tests(${folder}_test DISCOVERY_MODE PRE_TEST PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 900)
endfunction()
