// SPDX-License-Identifier: GPL-2.0-only
/*
 * Certificates: what xvs-certify leaves in the state folder of an object that keeps its promises,
 * under the object's SHA-256. Only root can write there, so what stands there is believed.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent/extension/extensions.h"
#include "agent/file.h"

#define CERTIFICATE_MAX (1u << 20) /* bytes */

static void name_file(const char *state_dir, const char *digest, bool caught, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/certified/%s%s.json", state_dir, digest,
		caught ? ".caught" : "");
}

bool xvs_certificate_valid(const char *state_dir, const char *digest)
{
	char path[PATH_MAX], *text;
	const char *of;
	json_t *report;
	size_t size;
	bool valid;

	name_file(state_dir, digest, false, path);
	if (xvs_file_read(path, CERTIFICATE_MAX, &text, &size))
		return false;
	report = json_loadb(text, size, 0, NULL);
	of = json_string_value(json_object_get(report, "sha256"));
	valid = json_is_true(json_object_get(report, "certified")) && of && !strcmp(of, digest);
	json_decref(report);
	free(text);
	return valid;
}

int xvs_certificate_save(const char *state_dir, const char *digest, bool caught, const char *text)
{
	char path[PATH_MAX];
	int error;

	name_file(state_dir, digest, !caught, path); /* the other one */
	if (!caught && !access(path, F_OK))
		return -EPERM;
	if (caught && unlink(path) && errno != ENOENT)
		return -errno;

	mkdir(state_dir, 0755); /* or it is there; saving tells */
	snprintf(path, sizeof(path), "%s/certified", state_dir);
	mkdir(path, 0700);
	name_file(state_dir, digest, caught, path);
	error = xvs_file_stage(path, text, strlen(text), true);
	return error ?: xvs_file_commit(path);
}
