# BPF objects: each NAME.bpf.c becomes an object with BTF and a header that embeds it.
find_program(BPF_CLANG NAMES clang-14 clang REQUIRED)
find_program(BPF_STRIP NAMES llvm-strip-14 llvm-strip REQUIRED)
find_program(BPFTOOL bpftool PATHS /usr/sbin /sbin REQUIRED)

# add_bpf_objects(TARGET NAME... [COUNTED] [SOURCE folder] [OUTPUT folder] [TAG instruction]):
# NAME.skel.h in OUTPUT, by default this folder's place below the build folder. COUNTED: with
# XVS_COVERAGE they count which lines run. TAG: an instruction more in each program, so that it is
# of another build.
function(add_bpf_objects target)
  cmake_parse_arguments(BPF "COUNTED" "SOURCE;OUTPUT;TAG" "" ${ARGN})
  set(source ${CMAKE_CURRENT_SOURCE_DIR})
  set(output ${CMAKE_CURRENT_BINARY_DIR})
  set(tag)
  if(BPF_SOURCE)
    set(source ${BPF_SOURCE})
  endif()
  if(BPF_OUTPUT)
    set(output ${BPF_OUTPUT})
    file(MAKE_DIRECTORY ${output})
  endif()
  if(BPF_TAG)
    set(tag "-DXVS_BUILD_TAG=\"${BPF_TAG}\"")
  endif()
  set(flags -Wall -Wextra -Werror -Wno-unused-parameter ${tag} -I${CMAKE_SOURCE_DIR}
    -I/usr/include/${CMAKE_LIBRARY_ARCHITECTURE})
  set(skeletons)
  foreach(name ${BPF_UNPARSED_ARGUMENTS})
    set(object ${output}/${name}.bpf.o)
    set(skeleton ${output}/${name}.skel.h)
    if(BPF_COUNTED AND XVS_COVERAGE)
      count_bpf_object(${object} ${source}/${name}.bpf.c ${flags})
    else()
      add_custom_command(OUTPUT ${object}
        COMMAND ${BPF_CLANG} -target bpf -mcpu=v3 -O2 -g ${flags}
          -MD -MF ${object}.d -c ${source}/${name}.bpf.c -o ${object}
        COMMAND ${BPF_STRIP} -g ${object}
        DEPENDS ${source}/${name}.bpf.c DEPFILE ${object}.d VERBATIM)
    endif()
    add_custom_command(OUTPUT ${skeleton}
      COMMAND ${BPFTOOL} gen skeleton ${object} name ${name}_bpf > ${skeleton}
      DEPENDS ${object} VERBATIM)
    list(APPEND skeletons ${skeleton})
  endforeach()
  add_custom_target(${target} DEPENDS ${skeletons})
endfunction()

# add_bpf_variants(TARGET NAME MACRO VARIANT...): NAME.bpf.c as NAME_VARIANT.bpf.o below this
# folder's place in the build folder, with MACRO as 1, 2, …; no header, as they are not whole.
function(add_bpf_variants target name macro)
  set(flags -Wall -Wextra -Werror -Wno-unused-parameter -I${CMAKE_SOURCE_DIR}
    -I/usr/include/${CMAKE_LIBRARY_ARCHITECTURE})
  set(source ${CMAKE_CURRENT_SOURCE_DIR}/${name}.bpf.c)
  set(objects)
  set(number 0)
  foreach(variant ${ARGN})
    math(EXPR number "${number} + 1")
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}_${variant}.bpf.o)
    add_custom_command(OUTPUT ${object}
      COMMAND ${BPF_CLANG} -target bpf -mcpu=v3 -O2 -g ${flags} -D${macro}=${number}
        -MD -MF ${object}.d -c ${source} -o ${object}
      COMMAND ${BPF_STRIP} -g ${object}
      DEPENDS ${source} DEPFILE ${object}.d VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  add_custom_target(${target} DEPENDS ${objects})
endfunction()

# add_extension_object(OBJECT SOURCE FLAG...): what an author would compile, with nothing but the
# public header.
function(add_extension_object object source)
  add_custom_command(OUTPUT ${object}
    COMMAND ${BPF_CLANG} -target bpf -mcpu=v3 -O2 -g ${ARGN}
      -I${CMAKE_SOURCE_DIR}/extensions/include -I/usr/include/${CMAKE_LIBRARY_ARCHITECTURE}
      -MD -MF ${object}.d -c ${source} -o ${object}
    DEPENDS ${source} DEPFILE ${object}.d VERBATIM)
endfunction()
