# OpenCV's core and imgproc alone: Debian ships OpenCVConfig.cmake only in libopencv-dev, which needs hundreds of packages.
find_path(OpenCVParts_INCLUDE_DIR opencv2/imgproc.hpp PATH_SUFFIXES opencv4)
find_library(OpenCVParts_CORE opencv_core)
find_library(OpenCVParts_IMGPROC opencv_imgproc)
if(OpenCVParts_INCLUDE_DIR)
  file(STRINGS ${OpenCVParts_INCLUDE_DIR}/opencv2/core/version.hpp version_lines REGEX "#define CV_VERSION_(MAJOR|MINOR) ")
  string(REGEX REPLACE ".*MAJOR +([0-9]+).*MINOR +([0-9]+).*" "\\1.\\2" OpenCVParts_VERSION "${version_lines}")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenCVParts REQUIRED_VARS OpenCVParts_CORE OpenCVParts_IMGPROC OpenCVParts_INCLUDE_DIR
                                  VERSION_VAR OpenCVParts_VERSION)
if(OpenCVParts_FOUND AND NOT TARGET OpenCV::imgproc)
  add_library(OpenCV::core UNKNOWN IMPORTED)
  set_target_properties(OpenCV::core PROPERTIES IMPORTED_LOCATION ${OpenCVParts_CORE}
                        INTERFACE_INCLUDE_DIRECTORIES ${OpenCVParts_INCLUDE_DIR})
  add_library(OpenCV::imgproc UNKNOWN IMPORTED)
  set_target_properties(OpenCV::imgproc PROPERTIES IMPORTED_LOCATION ${OpenCVParts_IMGPROC}
                        INTERFACE_LINK_LIBRARIES OpenCV::core)
endif()
