// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent/ctl/ctl.h"
#include "agent/ctl/files.h"
#include "agent/ctl/text.h"

/* Reads until the end, at most one byte more than a file may have. Returns negative errno. */
static int read_all(int fd, char **ret_text, size_t *ret_size)
{
	size_t room = 65536, size = 0;
	char *text = ctl_need(malloc(room + 1));
	ssize_t got = 1;

	while (got && size <= CTL_FILE_MAX) {
		if (size == room)
			text = ctl_need(realloc(text, (room *= 2) + 1));
		got = read(fd, text + size, room - size);
		if (got < 0 && errno != EINTR) {
			got = -errno;
			free(text);
			return got;
		}
		size += got > 0 ? got : 0;
	}
	text[size] = '\0';
	*ret_text = text;
	*ret_size = size;
	return 0;
}

/* Bytes before the first that is not text in UTF-8. */
static size_t valid_length(const char *text, size_t size)
{
	size_t valid = 0, step;

	for (; valid < size; valid += step) {
		for (step = 1; step <= 4 && valid + step <= size; step++) {
			json_t *one = text[valid] ? json_stringn(text + valid, step) : NULL;

			json_decref(one);
			if (one)
				break;
		}
		if (step > 4 || valid + step > size)
			return valid;
	}
	return valid;
}

static int complain_of_text(const char *name, const char *text, size_t size)
{
	size_t valid = valid_length(text, size), line = 1, column = 1;

	for (size_t i = 0; i < valid; i++) {
		column += (text[i] & 0xC0) != 0x80;
		if (text[i] == '\n') {
			line++;
			column = 1;
		}
	}
	ctl_write(stderr, name);
	fprintf(stderr, ":%zu:%zu: error: %s\n", line, column,
		text[valid] ? "not UTF-8 text" : "a zero byte: not a text file");
	return CTL_WRONG;
}

static int check(const struct ctl_files *files, const char *name, const char *text, size_t size)
{
	json_t *string;

	if (size > CTL_FILE_MAX)
		return ctl_fail(CTL_WRONG, "%s: larger than %u MiB", name, CTL_FILE_MAX >> 20);
	if (files->bytes + size > CTL_FILES_MAX)
		return ctl_fail(CTL_WRONG, "%s: with it the files are larger than %u MiB together",
			name, CTL_FILES_MAX >> 20);
	string = memchr(text, '\0', size) ? NULL : json_stringn(text, size);
	if (!string)
		return complain_of_text(name, text, size);
	json_decref(string);
	return CTL_OK;
}

/* `fd` is closed. */
static int add_open_file(struct ctl_files *files, int fd, const char *name)
{
	struct ctl_file *file;
	char *text = NULL;
	size_t size = 0;
	int r;

	r = fd < 0 ? -errno : read_all(fd, &text, &size);
	if (fd > STDIN_FILENO)
		close(fd);
	if (r < 0)
		return ctl_fail(CTL_WRONG, "can't read %s: %s", name, strerror(-r));
	r = check(files, name, text, size);
	if (r != CTL_OK) {
		free(text);
		return r;
	}
	files->files = ctl_need(realloc(files->files, (files->count + 1) * sizeof(*file)));
	file = &files->files[files->count++];
	*file = (struct ctl_file){.name = ctl_format("%s", name), .text = text, .size = size};
	files->bytes += size;
	return CTL_OK;
}

static int add_file(struct ctl_files *files, const char *path)
{
	json_t *name = json_string(path);

	json_decref(name);
	if (!name)
		return ctl_fail(CTL_WRONG, "%s: the file's name is not UTF-8", path);
	return add_open_file(files, open(path, O_RDONLY | O_CLOEXEC), path);
}

static int is_configuration(const struct dirent *entry)
{
	const char *ending = strrchr(entry->d_name, '.');

	if (entry->d_name[0] == '.')
		return 0;
	return ending && (!strcmp(ending, ".yaml") || !strcmp(ending, ".yml"));
}

/* By bytes, so that the order is the same in every locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_folder(struct ctl_files *files, const char *path)
{
	const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
	struct dirent **entries;
	int r = CTL_OK, count;

	count = scandir(path, &entries, is_configuration, by_name);
	if (count < 0)
		return ctl_fail(CTL_WRONG, "can't read %s: %s", path, strerror(errno));
	if (!count)
		r = ctl_fail(CTL_WRONG, "no *.yaml or *.yml files in %s", path);
	for (int i = 0; i < count; i++) {
		char *name = ctl_format("%s%s%s", path, slash, entries[i]->d_name);

		if (r == CTL_OK)
			r = add_file(files, name);
		free(name);
		free(entries[i]);
	}
	free(entries);
	return r;
}

int ctl_files_add(struct ctl_files *files, const char *path)
{
	struct stat status;

	if (!strcmp(path, "-")) {
		if (files->read_stdin)
			return ctl_fail(CTL_WRONG, "standard input can be read only once");
		files->read_stdin = true;
		return add_open_file(files, STDIN_FILENO, "<stdin>");
	}
	if (stat(path, &status) < 0)
		return ctl_fail(CTL_WRONG, "can't read %s: %s", path, strerror(errno));
	if (S_ISDIR(status.st_mode))
		return add_folder(files, path);
	return add_file(files, path);
}

const struct ctl_file *ctl_files_find(const struct ctl_files *files, const char *name)
{
	for (size_t i = 0; i < files->count; i++) {
		if (!strcmp(files->files[i].name, name))
			return &files->files[i];
	}
	return NULL;
}

json_t *ctl_files_json(const struct ctl_files *files)
{
	json_t *list = ctl_need(json_array());

	for (size_t i = 0; i < files->count; i++) {
		const struct ctl_file *file = &files->files[i];

		json_array_append_new(list, ctl_need(json_pack("{s:s, s:I}", "name", file->name,
						    "size", (json_int_t)file->size)));
	}
	return list;
}

static bool write_all(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t written = write(fd, text, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		text += written;
		size -= written;
	}
	return true;
}

int ctl_files_memory(const struct ctl_files *files, int *ret)
{
	bool good;
	int fd;

	*ret = -1;
	if (!files->count)
		return CTL_OK;
	fd = memfd_create("files", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	good = fd >= 0;
	for (size_t i = 0; good && i < files->count; i++)
		good = write_all(fd, files->files[i].text, files->files[i].size);
	if (!good || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)) {
		ctl_fail(CTL_REFUSED, "can't make memory for the files: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return CTL_REFUSED;
	}
	*ret = fd;
	return CTL_OK;
}

void ctl_files_clear(struct ctl_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free(files->files[i].name);
		free(files->files[i].text);
	}
	free(files->files);
	*files = (struct ctl_files){0};
}
