/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef XVS_CTL_OPTION_H
#define XVS_CTL_OPTION_H

#include "agent/ctl/ctl.h"

struct ctl_option {
	const char *name; /* --name, -name and, while unique, a beginning of it */
	const char *brief; /* -brief; NULL if it has none */
	const char *placeholder; /* of its value, NULL if it takes none */
	const char *summary;
	size_t flag; /* offset of the bool in struct ctl_options that it sets; or `set`, or `key` */
	int (*set)(struct ctl_request *request, const char *value);
	unsigned int bit; /* CTL_FILES etc.; 0 = every command takes it */
	const char *key; /* of the call's member that it is, NULL if it is none */
	bool value; /* of that member where `set` doesn't give it */
};

/* Ends with a name of NULL. */
extern const struct ctl_option ctl_option_list[];

/*
 * Takes the options out of `words` and obeys them. `ret_count` words are left at its beginning.
 * Complains and returns an exit code.
 */
int ctl_options_parse(struct ctl_request *request, char **words, size_t count, size_t *ret_count);

/* Whether the command takes what is given, and what it needs is given. Complains if not. */
int ctl_options_check(const struct ctl_request *request);

#endif
