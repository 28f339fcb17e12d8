// SPDX-License-Identifier: GPL-2.0-only
#include "agent/extension/entries.h"

/* XVS_ENTRY_FOLDER: of the built objects, from CMake. */
#define ENTRY(kind)                                                                                \
	__asm__(".section .rodata\n"                                                               \
		".balign 8\n"                                                                      \
		"xvs_entry_" #kind ":\n"                                                           \
		".incbin \"" XVS_ENTRY_FOLDER "/entry_" #kind ".bpf.o\"\n"                         \
		"xvs_entry_" #kind "_end:\n"                                                       \
		".previous\n");                                                                    \
	extern const char xvs_entry_##kind[], xvs_entry_##kind##_end[]

ENTRY(capture);
ENTRY(filter);
ENTRY(firewall);
ENTRY(forwarding);

const void *xvs_entry_bytes(enum xvs_kind kind, size_t *ret_size)
{
	static const struct {
		const char *begin, *end;
	} all[] = {
		[XVS_KIND_CAPTURE] = {xvs_entry_capture, xvs_entry_capture_end},
		[XVS_KIND_FILTER] = {xvs_entry_filter, xvs_entry_filter_end},
		[XVS_KIND_FIREWALL] = {xvs_entry_firewall, xvs_entry_firewall_end},
		[XVS_KIND_FORWARDING] = {xvs_entry_forwarding, xvs_entry_forwarding_end},
	};

	*ret_size = all[kind].end - all[kind].begin;
	return all[kind].begin;
}
