# BPF objects: each NAME.bpf.c becomes an object with BTF and a header that embeds it.
find_program(BPF_CLANG NAMES clang-14 clang REQUIRED)
find_program(BPF_STRIP NAMES llvm-strip-14 llvm-strip REQUIRED)
find_program(BPFTOOL bpftool PATHS /usr/sbin /sbin REQUIRED)

# add_bpf_objects(TARGET NAME...): NAME.skel.h in this folder's place below the build folder
function(add_bpf_objects target)
  set(skeletons)
  foreach(name ${ARGN})
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
    set(skeleton ${CMAKE_CURRENT_BINARY_DIR}/${name}.skel.h)
    add_custom_command(OUTPUT ${object}
      COMMAND ${BPF_CLANG} -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter
        -I${CMAKE_SOURCE_DIR} -I/usr/include/${CMAKE_LIBRARY_ARCHITECTURE}
        -MD -MF ${object}.d -c ${CMAKE_CURRENT_SOURCE_DIR}/${name}.bpf.c -o ${object}
      COMMAND ${BPF_STRIP} -g ${object}
      DEPENDS ${name}.bpf.c DEPFILE ${object}.d VERBATIM)
    add_custom_command(OUTPUT ${skeleton}
      COMMAND ${BPFTOOL} gen skeleton ${object} name ${name}_bpf > ${skeleton}
      DEPENDS ${object} VERBATIM)
    list(APPEND skeletons ${skeleton})
  endforeach()
  add_custom_target(${target} DEPENDS ${skeletons})
endfunction()
