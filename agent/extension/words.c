// SPDX-License-Identifier: GPL-2.0-only
/* The verifier's log in words for who wrote the extension. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "agent/extension/parts.h"

void xvs_words_clean(char *words)
{
	for (; *words; words++)
		if ((unsigned char)*words < ' ' || (unsigned char)*words > '~')
			*words = '?';
}

#define LINE 200 /* bytes of a line of the log that are kept */

/* What the verifier says, on kernels 5.18 to 6.18, and what it means. The first that fits is it. */
static const struct meaning {
	const char *said, *words;
} meanings[] = {
	{"infinite loop detected", "loops without end"},
	{"back-edge from insn", "loops without end"},
	{"BPF program is too large",
		"takes too many steps (a million at most, over all ways through it); bound its "
		"loops"},
	{"jumps is too complex", "has too many branches; make it simpler, or bound its loops"},
	{"cannot write into packet", "changes the frame, which only a filter may"},
	{"invalid access to packet", "reads the frame without comparing with data_end first"},
	{"_or_null'", "uses what bpf_map_lookup_elem() or another helper returned without asking "
		      "whether it is NULL"},
	{"invalid mem access 'scalar'",
		"uses a number as a pointer; after a helper that may change the frame, read data "
		"and data_end again"},
	{"Unreleased reference",
		"on some way neither submits nor discards what bpf_ringbuf_reserve() returned"},
	{"min value is negative", "an index or a length may be negative; use an unsigned one"},
	{"unbounded", "an index or a length is not bounded; compare it, or mask it with &"},
	{"outside of the allowed memory range",
		"an index is not bounded; compare it, or mask it with &"},
	{"invalid access to map value", "reads or writes beyond the end of a map's value"},
	{"combined stack size", "needs too much stack (480 bytes, all functions together); move "
				"large variables into a per-CPU map"},
	{"invalid write to stack", "needs too much stack, or writes beyond the end of a variable"},
	{"frames is too deep", "its functions call each other too deeply"},
	{"read from stack", "uses a variable that has no value on some way"},
	{"!read_ok", "uses a variable that has no value on some way"},
	{"write into map forbidden", "writes to a constant or to its settings, which only users "
				     "change"},
	{"invalid bpf_context access", "uses a member of struct __sk_buff that is not offered"},
	{"of modified ctx ptr", "computes with the pointer to the frame's struct __sk_buff"},
	{"unknown func", "calls a helper that this kernel doesn't offer"},
	{"cannot use helper", "calls a helper that this kernel doesn't offer"},
	{"arg#", "the function has other arguments than XVS_CAPTURE(), XVS_FILTER() and so on give "
		 "it"},
};

struct reading {
	char source[LINE]; /* of the last line of source text */
	char before[LINE]; /* of the one before it */
	char said[LINE]; /* the complaint */
	const struct meaning *meaning; /* of it, NULL = of none that is known */
};

/* "12: (61) r0 = *(u32 *)(r0 +0)", "from 12 to 15: R0=…", "processed 10 insns …": no complaint. */
static bool is_report(const char *line)
{
	static const char *const beginnings[] = {"processed ", "verification time ", "stack depth ",
		"from ", "func#", "cur state:", "old state:", "mark_precise:", "caller:", "callee:",
		"returning from ", "to caller at "};

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++)
		if (!strncmp(line, beginnings[i], strlen(beginnings[i])))
			return true;
	if (!strncmp(line, "frame", 5) && isdigit((unsigned char)line[5]))
		return true;
	if (isdigit((unsigned char)*line)) {
		line += strspn(line, "0123456789");
		return !strncmp(line, ": ", 2) || !strncmp(line, ":\t", 2);
	}
	if (*line == 'R' && isdigit((unsigned char)line[1])) {
		line += 1 + strspn(line + 1, "0123456789");
		return *line == '=' || !strncmp(line, "_w=", 3) || !strncmp(line, "_r=", 3);
	}
	return !*line || *line == ' ';
}

static const struct meaning *find_meaning(const char *line)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if (strstr(line, meanings[i].said))
			return &meanings[i];
	return NULL;
}

/* "source text @ file.c:12" of kernels from 6.10 on; before, there is only the text. */
static char *find_place(char *source)
{
	char *found = NULL;

	for (char *at = source; (at = strstr(at, " @ ")); at += 3)
		found = at;
	return found;
}

static void take_line(struct reading *reading, const char *line)
{
	const struct meaning *meaning;

	if (!strncmp(line, "; ", 2)) {
		memcpy(reading->before, reading->source, LINE);
		snprintf(reading->source, LINE, "%s", line + 2);
		return;
	}
	if (is_report(line))
		return;
	meaning = find_meaning(line);
	if (reading->meaning && !meaning)
		return; /* what follows a complaint explains it */
	snprintf(reading->said, LINE, "%s", line);
	reading->meaning = meaning;
}

static void read_log(const char *log, struct reading *ret)
{
	char line[LINE];

	*ret = (struct reading){0};
	while (*log) {
		size_t length = strcspn(log, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)(length < LINE ? length : LINE), log);
		take_line(ret, line);
		log += length + (log[length] == '\n');
	}
	/* The macro that makes the function stands for all that it does; the line before says more.
	 */
	if (!strncmp(ret->source, "XVS_", 4) && *ret->before)
		memcpy(ret->source, ret->before, LINE);
}

/* The log shows lines of the program around the extension, too: they aren't its author's. */
static void put_place(struct xvs_parts *parts, char *source, char *ret, size_t size)
{
	char *place = find_place(source);
	const char *slash;

	if (place)
		*place = '\0';
	if (!*source)
		return;
	xvs_place_of_source(parts, source, ret, size);
	if (!place || !*ret)
		return;
	slash = strrchr(place + 3, '/');
	snprintf(ret, size, "%s", slash ? slash + 1 : place + 3);
}

void xvs_object_explain(
	const struct xvs_object *object, const char *log, char words[XVS_OBJECT_WORDS])
{
	struct xvs_parts parts = {.words = words};
	struct reading reading;
	char place[LINE] = "";
	const char *meaning;

	read_log(log ?: "", &reading);
	if (!xvs_parts_open(&parts, object->bytes, object->size) && !xvs_types_read(&parts))
		put_place(&parts, reading.source, place, sizeof(place));
	xvs_parts_close(&parts);
	meaning = reading.meaning ? reading.meaning->words : "is refused by this kernel";
	xvs_refuse(&parts, "%s%s%s%s%s%s", place, *place ? ": " : "", meaning,
		*reading.said ? " (the kernel's verifier: " : "", reading.said,
		*reading.said ? ")" : "");
}
