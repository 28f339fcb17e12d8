// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include "agent/ctl/client.h"
#include "agent/ctl/clock.h"
#include "agent/ctl/command.h"
#include "agent/ctl/help.h"
#include "agent/ctl/option.h"
#include "agent/ctl/text.h"

static const char *default_socket(void)
{
	const char *path = getenv("XVS_SOCKET");

	return path && *path ? path : CTL_SOCKET;
}

/* For those who know their daemon to be slow, and for tests. */
static int set_timeout(struct ctl_request *request)
{
	const char *text = getenv("XVS_TIMEOUT");

	request->options.timeout =
		text && *text ? ctl_duration("XVS_TIMEOUT", text) : CTL_REPLY_TIMEOUT;
	return request->options.timeout ? CTL_OK : CTL_WRONG;
}

static int run(struct ctl_request *request, char **words, size_t count)
{
	int r;

	r = ctl_options_parse(request, words, count, &count);
	if (r != CTL_OK)
		return r;
	if (request->options.version) {
		puts("xvsctl " XVS_VERSION);
		return CTL_OK;
	}
	if (request->options.help && !count) {
		ctl_help(stdout, NULL);
		return CTL_OK;
	}
	r = ctl_command_parse(request, words, count);
	if (r != CTL_OK || !request->command)
		return r;
	r = set_timeout(request);
	if (r != CTL_OK)
		return r;
	return request->command->run ? request->command->run(request) : ctl_call(request);
}

int main(int argc, char **argv)
{
	struct ctl_request request = {.options.socket = default_socket()};
	int r;

	setlocale(LC_CTYPE, "");
	request.parameters = ctl_need(json_object());
	request.settings = ctl_need(json_object());
	r = argc ? run(&request, argv + 1, argc - 1) : CTL_WRONG;
	json_decref(request.parameters);
	json_decref(request.settings);
	ctl_files_clear(&request.files);
	if (fflush(stdout) || ferror(stdout))
		return ctl_fail(r != CTL_OK ? r : CTL_REFUSED, "can't write the output: %s",
			strerror(errno));
	return r;
}
