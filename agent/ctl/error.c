// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "agent/ctl/ctl.h"
#include "agent/ctl/error.h"
#include "agent/ctl/excerpt.h"
#include "agent/ctl/text.h"

/* What the daemon should have said; a page must not fail because it didn't. */
static const char *said(const json_t *parameters, const char *key)
{
	const char *text = ctl_string(parameters, key);

	return text ? text : "?";
}

/* In the form of a compiler, which editors can jump on. */
static void print_problem(const struct ctl_files *files, const json_t *problem)
{
	const char *name = ctl_string(problem, "file");
	const json_int_t line = ctl_number(problem, "line"), column = ctl_number(problem, "column");
	const struct ctl_file *file = name ? ctl_files_find(files, name) : NULL;

	if (name)
		ctl_write(stderr, name);
	if (name && line > 0)
		fprintf(stderr, ":%" JSON_INTEGER_FORMAT, line);
	if (name && line > 0 && column > 0)
		fprintf(stderr, ":%" JSON_INTEGER_FORMAT, column);
	fputs(name ? ": error: " : "error: ", stderr);
	ctl_write(stderr, said(problem, "message"));
	fputc('\n', stderr);
	if (file && line > 0)
		ctl_excerpt(stderr, file->text, file->size, line, column > 0 ? column : 0);
}

static int invalid_configuration(const struct ctl_files *files, const json_t *parameters)
{
	const json_t *problems = ctl_find(parameters, "problems"), *problem;
	const json_int_t more = ctl_number(parameters, "more");
	const json_int_t count = json_array_size(problems) + (more > 0 ? more : 0);
	size_t i;

	json_array_foreach (problems, i, problem)
		print_problem(files, problem);
	if (more > 0)
		fprintf(stderr, "(%" JSON_INTEGER_FORMAT " more not shown)\n", more);
	fprintf(stderr, "%" JSON_INTEGER_FORMAT " problem%s; nothing was applied\n", count,
		count == 1 ? "" : "s");
	return CTL_WRONG;
}

static int refused(const struct ctl_files *files, const json_t *parameters)
{
	const json_t *not_undone = ctl_find(parameters, "not_undone"), *what;
	size_t i;

	ctl_fail(CTL_REFUSED, "refused: %s: %s", said(parameters, "step"),
		said(parameters, "reason"));
	if (!json_array_size(not_undone)) {
		ctl_hint("nothing of the request is in force");
		return CTL_REFUSED;
	}
	json_array_foreach (not_undone, i, what)
		ctl_hint("could not be undone: %s",
			json_is_string(what) ? json_string_value(what) : "?");
	ctl_hint("the rest of the request was undone; look after these by hand");
	return CTL_REFUSED;
}

static int not_found(const struct ctl_files *files, const json_t *parameters)
{
	const char *meant = ctl_string(parameters, "meant");

	ctl_fail(CTL_WRONG, "no %s '%s'", said(parameters, "kind"), said(parameters, "name"));
	if (meant)
		ctl_hint("did you mean '%s'?", meant);
	return CTL_WRONG;
}

static int invalid_parameter(const struct ctl_files *files, const json_t *parameters)
{
	const char *message = ctl_string(parameters, "message");

	return ctl_fail(CTL_WRONG, "%s: %s", said(parameters, "parameter"),
		message ? message : "the daemon doesn't take it");
}

static int other_version(void)
{
	ctl_hint("xvsctl " XVS_VERSION
		 " and xvswitchd are of different versions: restart the daemon");
	return CTL_REFUSED;
}

static int method_not_found(const struct ctl_files *files, const json_t *parameters)
{
	ctl_fail(CTL_REFUSED, "the daemon has no method '%s'", said(parameters, "method"));
	return other_version();
}

static int interface_not_found(const struct ctl_files *files, const json_t *parameters)
{
	ctl_fail(CTL_REFUSED, "the daemon has no interface '%s'", said(parameters, "interface"));
	return other_version();
}

static int expected_more(const struct ctl_files *files, const json_t *parameters)
{
	ctl_fail(CTL_REFUSED, "the daemon answers this call with a stream only");
	return other_version();
}

/* Who can connect at all may look, or else the socket's permissions are wider than they should. */
static int permission_denied(const struct ctl_files *files, const json_t *parameters)
{
	ctl_fail(CTL_REFUSED, "permission denied for user id %" JSON_INTEGER_FORMAT,
		ctl_number(parameters, "uid"));
	ctl_hint("the socket's group may only look; changes are for root and the daemon's own "
		 "user: try sudo");
	return CTL_REFUSED;
}

static int trial_pending(const struct ctl_files *files, const json_t *parameters)
{
	ctl_fail(CTL_REFUSED, "a try is pending, it reverts in %" JSON_INTEGER_FORMAT " s",
		ctl_number(parameters, "seconds_left"));
	ctl_hint("decide it first: `xvsctl confirm` keeps it, `xvsctl cancel` takes it back");
	return CTL_REFUSED;
}

static int no_trial(const struct ctl_files *files, const json_t *parameters)
{
	ctl_fail(CTL_REFUSED, "no try is pending");
	ctl_hint("it was decided already, or its time is over: see `xvsctl show`");
	return CTL_REFUSED;
}

static int too_many_clients(const struct ctl_files *files, const json_t *parameters)
{
	ctl_fail(CTL_UNREACHABLE,
		"the daemon serves %" JSON_INTEGER_FORMAT " clients already, and no more",
		ctl_number(parameters, "limit"));
	ctl_hint("end some, such as `xvsctl monitor`, or try again later");
	return CTL_UNREACHABLE;
}

static const struct {
	const char *name;
	int (*say)(const struct ctl_files *files, const json_t *parameters);
} errors[] = {
	{"InvalidConfiguration", invalid_configuration},
	{"Refused", refused},
	{"NotFound", not_found},
	{"InvalidParameter", invalid_parameter},
	{"MethodNotFound", method_not_found},
	{"InterfaceNotFound", interface_not_found},
	{"ExpectedMore", expected_more},
	{"PermissionDenied", permission_denied},
	{"TrialPending", trial_pending},
	{"NoTrial", no_trial},
	{"TooManyClients", too_many_clients},
};

int ctl_error(const struct ctl_files *files, const char *name, const json_t *parameters)
{
	const char *dot = name ? strrchr(name, '.') : NULL, *word = dot ? dot + 1 : "?";

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (!strcmp(errors[i].name, word))
			return errors[i].say(files, parameters);
	}
	return ctl_fail(
		CTL_REFUSED, "the daemon reports %s", name ? name : "an error without a name");
}
