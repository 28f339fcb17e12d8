// SPDX-License-Identifier: GPL-2.0-only
/* `extension verify`: the daemon has no part in it, a program beside xvsctl does it all. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>
#include "agent/ctl/ctl.h"
#include "agent/ctl/text.h"

#define PROGRAM "xvs-certify"
#define WORDS_MAX 16

struct words {
	const char *word[WORDS_MAX];
	size_t count;
};

/* An option, and its value if it has one. */
static void add(struct words *words, const char *option, const char *value)
{
	words->word[words->count++] = option;
	if (value)
		words->word[words->count++] = value;
}

static void add_all(struct words *words, const struct ctl_request *request)
{
	const struct ctl_options *options = &request->options;

	add(words, PROGRAM, NULL);
	if (options->json)
		add(words, "--json", NULL);
	if (options->pretty)
		add(words, "--pretty", NULL);
	if (options->no_certificate)
		add(words, "--no-certificate", NULL);
	if (options->frames)
		add(words, "--frames", options->frames);
	if (options->seed)
		add(words, "--seed", options->seed);
	if (options->state_dir)
		add(words, "--state-dir", options->state_dir);
	add(words, "--", ctl_string(request->parameters, "file"));
}

/* Both are installed under the same prefix, and built into one folder. */
int ctl_verify(struct ctl_request *request)
{
	static const char *const places[] = {"", "../sbin/"};
	char folder[PATH_MAX], path[2 * PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
	struct words words = {0};
	char *slash;

	folder[size > 0 ? size : 0] = 0;
	slash = strrchr(folder, '/');
	if (slash)
		slash[1] = 0;
	add_all(&words, request);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s%s" PROGRAM, folder, places[i]);
		execv(path, (char **)words.word);
		if (errno != ENOENT)
			break;
	}
	return ctl_fail(CTL_WRONG, "can't run %s: %s", path, strerror(errno));
}
