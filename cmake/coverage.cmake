# SPDX-License-Identifier: GPL-2.0-only
# Coverage, off by default: which lines run, of the daemon, the command and the BPF programs.
# docs/testing.md explains it, scripts/coverage uses it.
option(XVS_COVERAGE "count which lines run; needs clang, see CMakePresets.json" OFF)

# Where the counters gather: files of those in user space, pins of those in the programs.
set(COVERAGE_PROFILES ${CMAKE_BINARY_DIR}/profiles)
set(COVERAGE_PINS ${CMAKE_BINARY_DIR}/counters)

if(XVS_COVERAGE)
  # %c: counters live in the mapped file, so a kill loses none. %m: all runs of a program share it.
  set(instrument -fprofile-instr-generate=${COVERAGE_PROFILES}/%c%m.profraw)
  # -w: clang warns of other things than gcc, whose warnings the other presets heed.
  add_compile_options(${instrument} -fcoverage-mapping -w
    "SHELL:-mllvm -runtime-counter-relocation")
  add_link_options(${instrument})
endif()

# count_bpf_object(OBJECT SOURCE FLAG...): a BPF object that counts. Beside it: OBJECT.counters,
# which functions its counters belong to, and OBJECT.mapped, which tells llvm-cov their lines.
function(count_bpf_object object source)
  set(instrument ${CMAKE_SOURCE_DIR}/test/coverage/instrument.py)
  find_program(BPF_OBJCOPY NAMES llvm-objcopy-14 llvm-objcopy REQUIRED)
  # As if for Linux: else clang 14 adds a constructor, which BPF has not, and fails.
  set(target -target bpf-unknown-linux -mcpu=v3 -O2 -g)
  add_custom_command(OUTPUT ${object} ${object}.counters ${object}.mapped
    COMMAND ${BPF_CLANG} ${target} ${ARGN} -fprofile-instr-generate -fcoverage-mapping
      -MD -MF ${object}.d -MT ${object} -S -emit-llvm ${source} -o ${object}.ll
    COMMAND python3 ${instrument} ${object}.ll ${object}.counters
    COMMAND ${BPF_CLANG} ${target} -c -x ir ${object}.ll -o ${object}.mapped
    COMMAND ${BPF_OBJCOPY} -g -R __llvm_prf_data -R __llvm_prf_names -R __llvm_covfun
      -R __llvm_covmap ${object}.mapped ${object}
    DEPENDS ${source} ${instrument} DEPFILE ${object}.d VERBATIM)
endfunction()
