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
	CTL_REFUSED, /* by the daemon or the kernel; a try that was taken back */
	CTL_UNREACHABLE, /* no daemon, or it went away midway */
	CTL_DIFFERENT, /* `diff` has found something; something of state was left out */
};

/* Options that only some commands take. */
enum {
	CTL_FILES = 1,
	CTL_SAVE = 2,
	CTL_DRY_RUN = 4,
	CTL_TIMEOUT = 8,
	CTL_NO_WAIT = 16,
	CTL_YAML = 32,
	CTL_FRAMES = 64,
	CTL_SEED = 128,
	CTL_NO_CERTIFICATE = 256,
	CTL_STATE_DIR = 512,
	CTL_OUTPUT = 1024,
	CTL_STRICT = 2048,
};

struct ctl_options {
	bool json, pretty, stats, details, brief;
	bool color; /* decided: `auto` is resolved when the options are read */
	bool save, dry_run, no_wait, yaml, strict;
	bool help, version;
	const char *frames, *seed, *state_dir; /* of `extension verify`; NULL = as it likes */
	bool no_certificate;
	const char *socket;
	const char *output; /* a file; NULL: standard output */
	unsigned int timeout; /* seconds that the daemon may be silent */
};

struct ctl_request;

enum {
	CTL_POSITIONAL = 1, /* may be given without its keyword */
	CTL_REQUIRED = 2,
	CTL_VLAN = 4, /* a VLAN id; without it, a string that the daemon judges */
	CTL_EITHER = 8, /* this one or the next one must be given */
	CTL_VSID = 16, /* a virtual subnet's number */
};

struct ctl_parameter {
	const char *key; /* keyword on the command line and key in the protocol; NULL ends a list */
	const char *placeholder; /* in usage texts */
	unsigned int flags;
};

enum {
	CTL_NAMED = 1, /* the first word is the object's name */
	CTL_PAIRS = 2, /* KEY VALUE... */
	CTL_KEYS = 4, /* KEY..., to be taken out */
	CTL_SOME = 8, /* at least one of those */
};

/* What a command changes in the configuration, and the words it takes for it. */
struct ctl_change {
	const char *section, *operation; /* as in the protocol */
	unsigned int words;
	const char *key, *value; /* a setting that it always makes; NULL = none */
};

struct ctl_command {
	const char *object; /* or the command itself */
	const char *verb; /* NULL for a command without verbs */
	const char *method;
	const struct ctl_parameter *parameters;
	/* Prints one reply; `last` is false while a stream goes on. */
	void (*print)(struct ctl_request *request, const json_t *reply, bool last);
	const char *summary;
	const struct ctl_change *change; /* of Change, in place of parameters */
	/* Reads the command's words; NULL: as `change` or `parameters` say. */
	int (*parse)(struct ctl_request *request, char **words, size_t count);
	unsigned int takes, needs; /* options of those that not every command takes */
	unsigned int when; /* options with which this row replaces the one above it */
	int (*run)(struct ctl_request *request); /* NULL: ctl_call() */
	int (*status)(const json_t *reply); /* the exit code of a reply; NULL: CTL_OK */
	const char *lost; /* what follows if the daemon goes away midway; NULL: the usual */
	bool progress; /* replies about the progress come before the reply */
	bool stream; /* the reply is a stream, `print` does JSON too */
	bool gather; /* the reply is a stream too, its parts are put together before `print` */
	bool endless; /* the stream goes on, with pauses of any length, until Ctrl-C */
	bool page; /* a named object gets a page, not a row */
	const char *second; /* of a verb of two words */
};

struct ctl_request {
	struct ctl_options options;
	unsigned int given; /* options of those that not every command takes */
	const struct ctl_command *command;
	json_t *parameters; /* of the call, from the command's words */
	json_t *settings; /* of the call, from the options: protocol's key -> value */
	struct ctl_files files; /* what -f names */
	struct ctl_table table; /* of a stream: rows so far are printed, widths are kept */
	size_t printed; /* replies' objects printed so far, in a stream */
	bool begun; /* of a stream as JSON: what stands before its first object */
};

/* Makes the call of `request` and prints what comes back. Returns an exit code. */
int ctl_call(struct ctl_request *request);

/* The same for Try: waits for the outcome, and asks the user on a terminal. */
int ctl_try(struct ctl_request *request);

/* Has xvs-certify prove an extension; only comes back with an exit code if there is none. */
int ctl_verify(struct ctl_request *request);

/* Whether objects are to be printed as pages. */
bool ctl_wants_pages(const struct ctl_request *request);

/* Says on stderr that a table is empty. */
void ctl_say_empty(const char *what);

/* One for each form of reply. */
void ctl_print_nothing(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_steps(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_trial(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_diff(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_saved(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_text(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_show(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_features(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_switches(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_ports(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_entries(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_acls(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_rules(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_forgotten(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_flushed(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_rules_reset(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_flows(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_flows_flushed(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_extensions(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_extension(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_networks(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_routes(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_records(struct ctl_request *request, const json_t *reply, bool last);
void ctl_print_event(struct ctl_request *request, const json_t *reply, bool last);

/*
 * `10.0.0.1:443`, `[2001:db8::1]:443`, or the address alone: members `side` and `side`_port. NULL:
 * there is none. The caller frees it.
 */
char *ctl_endpoint(const json_t *object, const char *side);

/* CTL_DIFFERENT where a plan holds changes. */
int ctl_diff_status(const json_t *reply);

/* The object as it is, on one line or as -p wants it. */
void ctl_print_json(const struct ctl_options *options, const json_t *object);

/* The next part of a list that comes as a stream: the member KEY of the reply. */
void ctl_print_list(struct ctl_request *request, const char *key, const struct ctl_column *columns,
	const json_t *reply, bool last);

/* Parts of `show`, in the form that the options ask for. */
void ctl_list_switches(const struct ctl_request *request, const json_t *switches);
void ctl_list_ports(const struct ctl_request *request, const json_t *ports);

#endif
