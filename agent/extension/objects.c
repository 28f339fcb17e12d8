// SPDX-License-Identifier: GPL-2.0-only
/* Objects that are in use, by what is in them: a file may change or go, and nothing happens. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/extension/extensions.h"
#include "agent/file.h"

struct xvs_extension *xvs_extension_find(const struct xvs_agent *agent, const char *digest)
{
	struct xvs_extension *found;

	HASH_FIND_STR(agent->extensions->objects, digest, found);
	return found;
}

void xvs_extension_free(struct xvs_extension *extension)
{
	if (!extension)
		return;
	xvs_object_clear(&extension->object);
	free(extension->linked);
	free(extension);
}

struct xvs_extension *xvs_extension_of(
	const struct xvs_agent *agent, const struct xvs_config *config, const char *name)
{
	const struct xvs_extension_file *file = xvs_config_extension(config, name);

	return file && file->digest[0] ? xvs_extension_find(agent, file->digest) : NULL;
}

/* A pipe would hold up the daemon. 0, -ENOENT with `words`, or -ENOMEM. */
static int read_file(const char *path, char **ret, size_t *ret_size, char words[XVS_OBJECT_WORDS])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), error;

	error = fd < 0 ? -errno : xvs_file_read_open(fd, XVS_OBJECT_SIZE_MAX, ret, ret_size);
	if (fd >= 0)
		close(fd);
	if (!error || error == -ENOMEM)
		return error;
	if (error == -EFBIG)
		snprintf(words, XVS_OBJECT_WORDS, "is larger than %u bytes", XVS_OBJECT_SIZE_MAX);
	else
		snprintf(words, XVS_OBJECT_WORDS, "can't be %s: %s", fd < 0 ? "opened" : "read",
			error == -EINVAL ? "it is no file" : strerror(-error));
	return -ENOENT;
}

static int judge(
	struct xvs_agent *agent, struct xvs_extension *extension, char words[XVS_OBJECT_WORDS])
{
	const struct xvs_switch_part *part;
	int error = xvs_extension_link(extension, words);

	if (error)
		return error;
	error = xvs_chains_part(agent, &part);
	if (error)
		snprintf(words, XVS_OBJECT_WORDS,
			"can't be looked at: the switch's programs around it are refused: %s",
			strerror(-error));
	return error ?: xvs_extension_prove(extension, part, words);
}

/* Takes over the object, unless there is the same already. */
static int add(
	struct xvs_agent *agent, struct xvs_extension *extension, char words[XVS_OBJECT_WORDS])
{
	int error = 0;

	if (xvs_extension_find(agent, extension->object.digest)) {
		xvs_extension_free(extension);
		return 0;
	}
	error = judge(agent, extension, words);
	if (error) {
		xvs_extension_free(extension);
		return error == -ENOMEM ? error : -EINVAL;
	}
	extension->used = agent->loader.tables.control->generation + 1;
	HASH_ADD_STR(agent->extensions->objects, object.digest, extension);
	return 0;
}

int xvs_extension_read(const char *file, struct xvs_object *ret, char words[XVS_OBJECT_WORDS])
{
	char *bytes = NULL;
	size_t size = 0;
	int error = read_file(file, &bytes, &size, words);

	error = error ?: xvs_object_read(bytes, size, ret, words);
	free(bytes);
	return error;
}

int xvs_extension_take(struct xvs_agent *agent, const char *file,
	char digest[sizeof(((struct xvs_object *)0)->digest)], bool *ret_passes,
	char words[XVS_OBJECT_WORDS])
{
	struct xvs_extension *extension = calloc(1, sizeof(*extension));
	int error = extension ? xvs_extension_read(file, &extension->object, words) : -ENOMEM;

	*ret_passes = false;
	if (error) {
		free(extension);
		return error;
	}
	*ret_passes = extension->object.info.if_missing == XVS_IF_MISSING_PASS;
	memcpy(digest, extension->object.digest, sizeof(extension->object.digest));
	error = add(agent, extension, words);
	if (error)
		digest[0] = 0;
	return error;
}

const struct xvs_missing *xvs_missing_find(const struct xvs_agent *agent, const char *name)
{
	struct xvs_missing *found;

	HASH_FIND_STR(agent->extensions->missing, name, found);
	return found;
}

int xvs_missing_note(struct xvs_agent *agent, const char *name, const char *why, bool passes)
{
	struct xvs_missing *missing = calloc(1, sizeof(*missing));

	if (!missing)
		return -ENOMEM;
	xvs_missing_forget(agent, name);
	snprintf(missing->name, sizeof(missing->name), "%s", name);
	snprintf(missing->why, sizeof(missing->why), "%s", why);
	missing->passes = passes;
	HASH_ADD_STR(agent->extensions->missing, name, missing);
	return 0;
}

void xvs_missing_forget(struct xvs_agent *agent, const char *name)
{
	struct xvs_missing *missing;

	HASH_FIND_STR(agent->extensions->missing, name, missing);
	if (!missing)
		return;
	HASH_DEL(agent->extensions->missing, missing);
	free(missing);
}
