// SPDX-License-Identifier: GPL-2.0-only
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>
#include "agent/log.h"

#define LINE_SIZE 1024
#define FIELD_MAX 5

static int most = LOG_INFO;

int xvs_log_level(const char *word)
{
	static const char *const words[] = {
		"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};

	for (int level = LOG_EMERG; level <= LOG_DEBUG; level++)
		if (!strcmp(word, words[level]) || (word[0] == '0' + level && !word[1]))
			return level;
	return -EINVAL;
}

void xvs_log_set_level(int level)
{
	most = level;
}

/* JOURNAL_STREAM names the journal's stream; standard error may be another one by now. */
static bool stderr_is_journal(void)
{
	static int known = -1;
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (known < 0)
		known = stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
			!fstat(STDERR_FILENO, &st) && st.st_dev == device && st.st_ino == inode;
	return known;
}

/* The fields of one message. */
struct record {
	char text[FIELD_MAX][LINE_SIZE + 32];
	struct iovec field[FIELD_MAX];
	int count;
};

static void add_field(struct record *record, const char *name, const char *value)
{
	char *text = record->text[record->count];

	if (!value)
		return;
	snprintf(text, sizeof(record->text[0]), "%s=%s", name, value);
	record->field[record->count++] = (struct iovec){text, strlen(text)};
}

static int send_to_journal(int level, const struct xvs_log_fields *fields, const char *line)
{
	const char priority[] = {'0' + (level & LOG_PRIMASK), 0};
	struct record record = {0};

	add_field(&record, "PRIORITY", priority);
	add_field(&record, "MESSAGE", line);
	add_field(&record, "XVS_SWITCH", fields->switch_name);
	add_field(&record, "XVS_PORT", fields->port);
	add_field(&record, "XVS_REASON", fields->reason);
	return sd_journal_sendv(record.field, record.count);
}

static void log_line(
	int level, const struct xvs_log_fields *fields, const char *format, va_list arguments)
{
	char line[LINE_SIZE];

	if (level > most)
		return;
	vsnprintf(line, sizeof(line), format, arguments);
	if (!stderr_is_journal() || send_to_journal(level, fields, line) < 0)
		fprintf(stderr, "xvswitchd: %s\n", line);
}

void xvs_log(int level, const char *format, ...)
{
	static const struct xvs_log_fields none;
	va_list arguments;

	va_start(arguments, format);
	log_line(level, &none, format, arguments);
	va_end(arguments);
}

void xvs_log_of(int level, const struct xvs_log_fields *fields, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_line(level, fields, format, arguments);
	va_end(arguments);
}
