# RTNeural under `chromasonic`: header-only, as RTNeural's own "Building without CMake" has it. What
# a plugin links already (a target RTNeural) is used as it is, so that both see one configuration.
include(CheckCXXSourceCompiles)

set(CHROMASONIC_RTNEURAL_BACKEND "eigen" CACHE STRING "Of RTNeural: eigen, stl or xsimd")
set_property(CACHE CHROMASONIC_RTNEURAL_BACKEND PROPERTY STRINGS eigen stl xsimd)

get_filename_component(rtneural_dir "${CHROMASONIC_RTNEURAL_DIR}" ABSOLUTE
                       BASE_DIR "${CMAKE_BINARY_DIR}")
foreach(needed RTNeural/RTNeural.h RTNeural/Model.h RTNeural/ModelT.h modules/json/json.hpp)
  if(NOT EXISTS "${rtneural_dir}/${needed}")
    message(FATAL_ERROR
            "CHROMASONIC_RTNEURAL_DIR is '${CHROMASONIC_RTNEURAL_DIR}', which is no RTNeural "
            "checkout: it has no ${needed}. Give the folder that "
            "'git clone https://github.com/jatinchowdhury18/RTNeural' made, or leave the variable "
            "empty to run the models on this project's own loops.")
  endif()
endforeach()
if(NOT CHROMASONIC_RTNEURAL_BACKEND MATCHES "^(eigen|stl|xsimd)$")
  message(FATAL_ERROR "CHROMASONIC_RTNEURAL_BACKEND is '${CHROMASONIC_RTNEURAL_BACKEND}'; allowed: "
          "eigen (the default), stl, xsimd.")
endif()

target_compile_definitions(chromasonic INTERFACE CHROMASONIC_USE_RTNEURAL=1)

if(TARGET RTNeural)
  message(STATUS "Chromasonic: models on the target RTNeural of this project")
  target_link_libraries(chromasonic INTERFACE RTNeural)
  # SYSTEM here and below: its warnings are not ours to mend.
  target_include_directories(chromasonic SYSTEM INTERFACE "${rtneural_dir}")
  return()
endif()

message(STATUS "Chromasonic: models on RTNeural in ${rtneural_dir}, ${CHROMASONIC_RTNEURAL_BACKEND}")
target_include_directories(chromasonic SYSTEM INTERFACE "${rtneural_dir}")

# What Model and ModelT lay out in memory must suit the widest registers that they are compiled for.
check_cxx_source_compiles("
#if !defined(__AVX__)
#error narrower
#endif
int main() { return 0; }" CHROMASONIC_RTNEURAL_IS_WIDE)
if(CHROMASONIC_RTNEURAL_IS_WIDE)
  set(rtneural_alignment 32)
else()
  set(rtneural_alignment 16)
endif()
target_compile_definitions(chromasonic INTERFACE RTNEURAL_DEFAULT_ALIGNMENT=${rtneural_alignment}
                           RTNEURAL_NAMESPACE=RTNeural RTNEURAL_NO_DEBUG=1)

if(CHROMASONIC_RTNEURAL_BACKEND STREQUAL "eigen")
  target_compile_definitions(chromasonic INTERFACE RTNEURAL_USE_EIGEN=1
    # ModelT holds its weights by value: 2.1 MB for the largest. Eigen's own limit is 128 KiB.
    EIGEN_STACK_ALLOCATION_LIMIT=4194304)
  if(EXISTS "${rtneural_dir}/modules/Eigen/Eigen/Dense")
    target_include_directories(chromasonic SYSTEM INTERFACE "${rtneural_dir}/modules/Eigen")
  else()
    find_package(Eigen3 3.3 REQUIRED NO_MODULE)
    target_link_libraries(chromasonic INTERFACE Eigen3::Eigen)
  endif()
elseif(CHROMASONIC_RTNEURAL_BACKEND STREQUAL "xsimd")
  if(NOT EXISTS "${rtneural_dir}/modules/xsimd/include/xsimd")
    message(FATAL_ERROR "RTNeural's backend xsimd needs its submodule: run 'git submodule update "
            "--init' in ${rtneural_dir}, or take another CHROMASONIC_RTNEURAL_BACKEND.")
  endif()
  target_compile_definitions(chromasonic INTERFACE RTNEURAL_USE_XSIMD=1)
  target_include_directories(chromasonic SYSTEM INTERFACE "${rtneural_dir}/modules/xsimd/include")
else()
  target_compile_definitions(chromasonic INTERFACE RTNEURAL_USE_STL=1)
endif()
