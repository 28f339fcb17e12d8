# SPDX-License-Identifier: GPL-2.0-only
# Criterion, to be linked as xvs_criterion. Each test is a process that starts anew, and most of its
# start went to libgit2 and what that brings: 14 libraries, for TLS, SSH and Kerberos. Criterion needs
# it to show how two long texts differ, in assertions that no test here has. So a stand-in takes its
# place, under the name by which this Criterion asks for it: 5 ms instead of 24, and in an emulated
# machine 0.2 s instead of a second.
pkg_check_modules(CRITERION REQUIRED IMPORTED_TARGET criterion)
add_library(xvs_criterion INTERFACE)
target_link_libraries(xvs_criterion INTERFACE PkgConfig::CRITERION)

execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${CRITERION_LINK_LIBRARIES}
  OUTPUT_VARIABLE criterion_headers ERROR_QUIET)
if(criterion_headers MATCHES "NEEDED +(libgit2\\.so\\.[0-9.]+)")
  add_library(xvs_no_git SHARED ${CMAKE_SOURCE_DIR}/test/no_git.c)
  set_target_properties(xvs_no_git PROPERTIES PREFIX "" SUFFIX "" OUTPUT_NAME ${CMAKE_MATCH_1}
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test/no_git)
  # named by the program itself, for it to be there before Criterion asks
  target_link_libraries(xvs_criterion INTERFACE
    -Wl,--push-state,--no-as-needed xvs_no_git -Wl,--pop-state)
endif()
