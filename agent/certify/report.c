// SPDX-License-Identifier: GPL-2.0-only
/* What was found, as JSON; and JSON as text, so that both tell the same. */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "agent/certify/certify.h"

static const char *const state_words[] = {"not asked", "ok", "FAILED"};

/* Why it was not asked, where that isn't said. */
static const char *words_of(
	const struct certify *certify, const struct promise *promise, const struct result *result)
{
	const struct xvs_object *object = &certify->extension.object;

	if (result->state != RESULT_NOT_ASKED || *result->words)
		return result->words;
	if (object->bytes && !(promise->kinds & 1u << object->info.kind))
		return "it is of another kind";
	return "it didn't get so far";
}

static json_t *report_result(
	const struct certify *certify, const struct promise *promise, const struct result *result)
{
	json_t *item = json_pack("{s:s, s:s, s:s, s:s}", "name", promise->name, "promise",
		promise->words, "result", state_words[result->state], "words",
		words_of(certify, promise, result));

	if (result->evidence)
		json_object_set(item, "evidence", result->evidence);
	return item;
}

static json_t *report_extension(const struct xvs_extension_info *info)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:i}", "name", info->name, "kind",
		xvs_kind_words[info->kind], "vendor", info->vendor, "version", info->version, "api",
		info->api);
}

static json_t *now(void)
{
	time_t seconds = time(NULL);
	char text[32];
	struct tm parts;

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &parts));
	return json_string(text);
}

json_t *report_make(const struct certify *certify)
{
	const struct xvs_object *object = &certify->extension.object;
	json_t *results = json_array();
	json_t *report =
		json_pack("{s:b, s:s, s:o, s:I, s:I, s:I}", "certified", certify_kept_all(certify),
			"xvswitch", XVS_VERSION, "date", now(), "seed", (json_int_t)certify->seed,
			"frames", (json_int_t)certify->frames, "met", (json_int_t)certify->met);
	char file[PATH_MAX];

	snprintf(file, sizeof(file), "%s", certify->file);
	xvs_words_clean(file);
	json_object_set_new(report, "file", json_string(file));

	if (object->bytes) {
		json_object_set_new(report, "sha256", json_string(object->digest));
		json_object_set_new(report, "extension", report_extension(&object->info));
	}
	for (size_t i = 0; promises[i].name; i++)
		json_array_append_new(
			results, report_result(certify, &promises[i], &certify->results[i]));
	json_object_set_new(report, "promises", results);
	return report;
}

/* ---- text ---- */

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)) ?: "";
}

static intmax_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void print_changes(const json_t *evidence, FILE *to)
{
	const json_t *changed = json_object_get(evidence, "changed"), *run;
	size_t i;

	if (!json_array_size(changed)) {
		fprintf(to, "      begins    %s\n", text_of(evidence, "begins"));
		return;
	}
	json_array_foreach (changed, i, run) {
		fprintf(to, "      at %-6jd before %s\n", number_of(run, "at"),
			text_of(run, "before"));
		fprintf(to, "                after  %s\n", text_of(run, "after"));
	}
}

static void print_route(const json_t *evidence, FILE *to)
{
	const json_t *route = json_object_get(evidence, "route"), *port;
	size_t i;

	if (!route)
		return;
	fprintf(to, "      route    %s", json_array_size(route) ? "" : " to nobody");
	json_array_foreach (route, i, port)
		fprintf(to, " %" JSON_INTEGER_FORMAT, json_integer_value(port));
	fputs("\n", to);
}

static void print_evidence(const json_t *evidence, FILE *to)
{
	fprintf(to, "      frame %jd of seed %jd, %jd bytes, %jd afterwards",
		number_of(evidence, "frame"), number_of(evidence, "seed"),
		number_of(evidence, "size"), number_of(evidence, "size_after"));
	if (number_of(evidence, "destination"))
		fprintf(to, ", on the way out from port %jd to port %jd",
			number_of(evidence, "source"), number_of(evidence, "destination"));
	else
		fprintf(to, ", on the way in at port %jd", number_of(evidence, "source"));
	fprintf(to, ", VLAN %jd\n      with %s\n", number_of(evidence, "vlan"),
		text_of(evidence, "situation"));
	print_changes(evidence, to);
	print_route(evidence, to);
}

static void print_promise(const json_t *item, FILE *to)
{
	const json_t *evidence = json_object_get(item, "evidence");

	fprintf(to, "  %-13s %-10s %s%s%s\n", text_of(item, "name"), text_of(item, "result"),
		text_of(item, "promise"), *text_of(item, "words") ? ": " : "",
		text_of(item, "words"));
	if (evidence)
		print_evidence(evidence, to);
}

void report_print(const json_t *report, FILE *to)
{
	const json_t *extension = json_object_get(report, "extension"), *item;
	size_t i, broken = 0;

	fprintf(to, "%s: seed %jd, %jd frames\n", text_of(report, "file"),
		number_of(report, "seed"), number_of(report, "frames"));
	if (extension)
		fprintf(to, "%s extension %s %s of %s\nsha256 %s\n\n", text_of(extension, "kind"),
			text_of(extension, "name"), text_of(extension, "version"),
			text_of(extension, "vendor"), text_of(report, "sha256"));
	json_array_foreach (json_object_get(report, "promises"), i, item) {
		print_promise(item, to);
		broken += !strcmp(text_of(item, "result"), state_words[RESULT_BROKEN]);
	}
	if (json_is_true(json_object_get(report, "certified")))
		fputs("\ncertified\n", to);
	else
		fprintf(to, "\nnot certified: %zu of its promises are not kept\n", broken);
}
