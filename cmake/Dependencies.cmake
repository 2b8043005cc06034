# The only place that looks for libraries. Nothing is downloaded here: scripts/setup.sh installs what is missing.
find_package(Threads REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS program_options)
find_package(spdlog REQUIRED)
find_package(pugixml REQUIRED)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(OpenCVParts REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)

find_package(OpenMP REQUIRED)

# oneDNN with OpenMP: a build named by dnnl_DIR or CMAKE_PREFIX_PATH, else the wheel that scripts/setup.sh has put into .deps/.
find_package(dnnl 3.2 REQUIRED HINTS ${PROJECT_SOURCE_DIR}/.deps/venv/lib/cmake/dnnl)

if(BANYAN_WITH_TORCH)
  # LibTorch: a build named by Torch_DIR or CMAKE_PREFIX_PATH (also as environment variables), else the wheel that
  # scripts/setup.sh has put into .deps/.
  file(GLOB banyan_wheel ${PROJECT_SOURCE_DIR}/.deps/venv/lib/python3*/site-packages/torch)
  find_package(Torch 2.11 REQUIRED HINTS ${banyan_wheel})
  add_library(banyan_torch INTERFACE)
  target_link_libraries(banyan_torch INTERFACE ${TORCH_LIBRARIES})
  separate_arguments(banyan_torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
  target_compile_options(banyan_torch INTERFACE ${banyan_torch_flags})
endif()
message(STATUS "LibTorch ${Torch_VERSION} (${TORCH_INSTALL_PREFIX}), OpenCV ${OpenCVParts_VERSION}, "
               "nlohmann_json ${nlohmann_json_VERSION}, Boost ${Boost_VERSION}, spdlog ${spdlog_VERSION}, "
               "SQLite ${SQLite3_VERSION}, oneDNN ${dnnl_VERSION}")

if(BANYAN_TESTS)
  find_package(GTest 1.12 REQUIRED)
endif()
