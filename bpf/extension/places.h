/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Places in the programs of chain.bpf.c that the agent fills (agent/extension/weave.c): numbers,
 * which become constants of the code, and functions, for which authors' are called.
 */
#ifndef XVS_BPF_EXTENSION_PLACES_H
#define XVS_BPF_EXTENSION_PLACES_H

/* Upper half of a 64-bit constant; the lower one tells which number is to stand there. */
#define XVS_NUMBER_MARK 0x78767330u

enum xvs_chain_number {
	XVS_CHAIN_NEXT, /* slot behind the program */
	XVS_CHAIN_COMMITTED, /* port that the route has already: for certification, 0 = none */
	XVS_CHAIN_LINKS, /* from here on those of links */
};

enum xvs_link_number {
	XVS_LINK_KIND, /* enum xvs_kind; 0: the chain has ended */
	XVS_LINK_INSTANCE, /* id */
	XVS_LINK_RESTORES, /* 1: what may be written to struct __sk_buff is put back */
	XVS_LINK_NUMBERS,
};

#define XVS_LINK_NUMBER(link, what) (XVS_CHAIN_LINKS + (link)*XVS_LINK_NUMBERS + (what))

/* What the function returns, plus the link's number, in place of which an author's is called. */
#define XVS_STAND_IN_MARK 0x78767340

#define XVS_PROGRAM_LINKS 16 /* of a program; all that a switch may have */
#define XVS_FORWARD_LINK XVS_PROGRAM_LINKS /* the only one of xvs_chain_forward() */

#endif
