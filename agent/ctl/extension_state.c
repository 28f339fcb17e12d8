// SPDX-License-Identifier: GPL-2.0-only
/* `extension export` and `extension import`: what extensions remember of a port. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent/ctl/call.h"
#include "agent/ctl/extension.h"
#include "agent/ctl/text.h"

/*
 * Standard output is the file from here on; whoever ends the program looks whether all of it went
 * there. State comes from guests' traffic: others need not read it.
 */
static int open_output(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), r = CTL_OK;
	struct stat file;

	if (fd >= 0 && !fstat(fd, &file) && S_ISREG(file.st_mode))
		fchmod(fd, 0600); /* one that was there */
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
		r = ctl_fail(CTL_REFUSED, "can't write %s: %s", path, strerror(errno));
	if (fd > STDOUT_FILENO)
		close(fd);
	return r;
}

/* A file is touched only when there is a document for it. */
int ctl_state_export(struct ctl_request *request)
{
	struct ctl_client client;
	json_t *document = NULL;
	bool last;
	int r;

	r = ctl_call_begin(request, &client);
	if (r == CTL_OK)
		r = ctl_call_next(request, &client, &document, &last);
	ctl_client_close(&client);
	if (r == CTL_OK && request->options.output)
		r = open_output(request->options.output);
	if (r == CTL_OK)
		ctl_print_json(&request->options, document);
	if (r == CTL_OK && !json_is_true(ctl_find(document, "complete")))
		r = ctl_fail(CTL_DIFFERENT,
			"the document is not complete: the port has more state than a document may "
			"hold, or is gone, or an extension can't be read");
	json_decref(document);
	return r;
}

int ctl_state_import(struct ctl_request *request)
{
	int r = request->files.count ? CTL_OK : ctl_files_add(&request->files, "-");

	if (r == CTL_OK && request->files.count > 1)
		r = ctl_fail(CTL_WRONG, "one document is imported at a time");
	return r == CTL_OK ? ctl_call(request) : r;
}

static void tell_left_out(const json_t *left)
{
	const char *name = ctl_string(left, "extension"), *map = ctl_string(left, "map");
	const char *why = ctl_string(left, "why");
	const json_int_t entries = ctl_number(left, "entries");

	if (name)
		ctl_fail(CTL_DIFFERENT,
			"left out: map '%s' of extension '%s', %" JSON_INTEGER_FORMAT " entr%s: %s",
			map ? map : "?", name, entries, entries == 1 ? "y" : "ies",
			why ? why : "?");
	else
		ctl_fail(CTL_DIFFERENT, "left out: %s", why ? why : "?");
}

void ctl_print_imported(struct ctl_request *request, const json_t *reply, bool last)
{
	const json_int_t entries = ctl_number(reply, "entries"), maps = ctl_number(reply, "maps");
	const json_t *left;
	size_t i;

	printf("%" JSON_INTEGER_FORMAT " entr%s in %" JSON_INTEGER_FORMAT " map%s taken over\n",
		entries, entries == 1 ? "y" : "ies", maps, maps == 1 ? "" : "s");
	json_array_foreach (ctl_find(reply, "left_out"), i, left)
		tell_left_out(left);
}

int ctl_imported_status(const json_t *reply)
{
	return json_array_size(ctl_find(reply, "left_out")) ? CTL_DIFFERENT : CTL_OK;
}
