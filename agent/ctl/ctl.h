/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xvsctl: one command line becomes one request, one request becomes one call of the control
 * protocol (docs/control.md), its replies are printed.
 */
#ifndef XVS_CTL_H
#define XVS_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include "agent/ctl/files.h"
#include "agent/ctl/table.h"

#define CTL_SOCKET "/run/xvswitch/control.sock"

/* Exit codes, part of the interface. */
enum ctl_status {
	CTL_OK,
	CTL_WRONG, /* usage or configuration */
	CTL_REFUSED, /* by the daemon or the kernel */
	CTL_UNREACHABLE, /* no daemon, or it went away midway */
};

struct ctl_options {
	bool json, pretty, stats, details, brief;
	bool color; /* decided: `auto` is resolved when the options are read */
	bool help, version;
	const char *socket;
};

struct ctl_request;

enum {
	CTL_POSITIONAL = 1, /* may be given without its keyword */
	CTL_REQUIRED = 2,
	CTL_VLAN = 4, /* a VLAN id; without it, a string that the daemon judges */
};

struct ctl_parameter {
	const char *key; /* keyword on the command line and key in the protocol; NULL ends a list */
	const char *placeholder; /* in usage texts */
	unsigned int flags;
};

struct ctl_command {
	const char *object; /* or the command itself */
	const char *verb; /* NULL for a command without verbs */
	const char *method;
	const struct ctl_parameter *parameters;
	/* Prints one reply; `last` is false while a stream goes on. Returns an exit code. */
	int (*print)(struct ctl_request *request, const json_t *reply, bool last);
	const char *summary;
	bool files; /* takes -f */
	bool stream; /* the reply is a stream, `print` does JSON too */
	bool gather; /* the reply is a stream too, its parts are put together before `print` */
	bool page; /* a named object gets a page, not a row */
};

struct ctl_request {
	struct ctl_options options;
	const struct ctl_command *command;
	json_t *parameters; /* of the call */
	struct ctl_files files; /* what `apply` sends */
	struct ctl_table table; /* of a stream: rows so far are printed, widths are kept */
	size_t printed; /* replies' objects printed so far, in a stream */
};

/* Makes the call of `request` and prints what comes back. Returns an exit code. */
int ctl_call(struct ctl_request *request);

/* Whether objects are to be printed as pages. */
bool ctl_wants_pages(const struct ctl_request *request);

/* Says on stderr that a table is empty. */
void ctl_say_empty(const char *what);

/* One for each form of reply. */
int ctl_print_nothing(struct ctl_request *request, const json_t *reply, bool last);
int ctl_print_steps(struct ctl_request *request, const json_t *reply, bool last);
int ctl_print_show(struct ctl_request *request, const json_t *reply, bool last);
int ctl_print_switches(struct ctl_request *request, const json_t *reply, bool last);
int ctl_print_ports(struct ctl_request *request, const json_t *reply, bool last);
int ctl_print_entries(struct ctl_request *request, const json_t *reply, bool last);
int ctl_print_flushed(struct ctl_request *request, const json_t *reply, bool last);

/* Parts of `show`, in the form that the options ask for. */
void ctl_list_switches(const struct ctl_request *request, const json_t *switches);
void ctl_list_ports(const struct ctl_request *request, const json_t *ports);

#endif
