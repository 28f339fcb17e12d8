/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Code of programs, as libbpf leaves it: functions one behind the other, maps as file descriptors.
 * Of a program of bpf/extension/chain.bpf.c and of authors' functions one program is made.
 */
#ifndef XVS_AGENT_EXTENSION_WEAVE_H
#define XVS_AGENT_EXTENSION_WEAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <bpf/libbpf.h>
#include "bpf/extension/places.h"

/* The kernel's bounds of a program, less what the switch's part of it takes. */
#define XVS_WOVEN_MAPS 52 /* of 64 */
#define XVS_WOVEN_FUNCTIONS 224 /* of 256 */

struct xvs_code {
	struct bpf_insn *instructions; /* owned */
	uint32_t count;
};

/* Copies that of a program that is loaded. 0 or -ENOMEM. */
int xvs_code_take(const struct bpf_program *program, struct xvs_code *ret);
void xvs_code_free(struct xvs_code *code);
uint32_t xvs_code_functions(const struct xvs_code *code);
uint32_t xvs_code_maps(const struct xvs_code *code); /* different ones, 64 at most */
/*
 * The file descriptor of a map in the instruction at *at or the next one that has one, NULL: none
 * is left. *at is moved behind it.
 */
int32_t *xvs_code_map(struct xvs_code *code, uint32_t *at);

/* What BTF says of functions: ids of types. */
struct xvs_code_types {
	uint32_t main, other; /* of the program; of functions that are called within it alone */
	uint32_t links[XVS_PROGRAM_LINKS + 1]; /* of authors', by the number of the link */
};

struct xvs_pattern {
	const struct xvs_code *chain; /* of a program of chain.bpf.c */
	struct xvs_code_types types;
	uint32_t first; /* number of its first link */
	const struct xvs_code *links[XVS_PROGRAM_LINKS]; /* of entry.bpf.c, each before an author's
							    functions */
	uint32_t link_count;
	uint64_t numbers[XVS_LINK_NUMBER(XVS_PROGRAM_LINKS, 0)];
};

struct xvs_woven {
	struct xvs_code code;
	struct bpf_func_info *functions; /* owned */
	uint32_t function_count;
};

/* 0, -ENOMEM, or -EPROTO: the code is not as it is to be. */
int xvs_weave(const struct xvs_pattern *pattern, struct xvs_woven *ret);
void xvs_woven_free(struct xvs_woven *woven);

#endif
