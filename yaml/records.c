// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include "yaml/records.h"
#include "yaml/schema.h"

#define RECORDS "records"

struct taking {
	struct xvs_reading reading;
	xvs_take_record_t take;
	void *data;
	size_t count;
};

/* A bad record must not keep the others from being looked at. */
static int take_item(void *data, const struct xvs_node *item)
{
	struct taking *taking = data;
	struct xvs_record_setting record;
	int r;

	if (taking->count++ == XVS_RECORD_MAX)
		return xvs_report(taking->reading.report, &item->place,
			"the file has more than %d records", XVS_RECORD_MAX);
	if (item->kind == XVS_NODE_BAD)
		return 0;
	r = xvs_read_record(&taking->reading, item, &record);
	if (r < 0)
		return r == -EINVAL ? 0 : r;
	return taking->take(taking->data, &record);
}

/* They were taken when they were read. */
static int read_list(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target)
{
	return xvs_want(reading, key->name, &pair->value, XVS_NODE_LIST);
}

static const struct xvs_key file_keys[] = {
	XVS_KEY_WHOLE("version", xvs_read_version, .required = "1"),
	XVS_KEY_WHOLE(RECORDS, read_list, .required = "[]"),
	{0},
};

int xvs_records_read(const struct xvs_source *source, struct xvs_report *report,
	xvs_take_record_t take, void *data)
{
	_cleanup_(xvs_arena_clear) struct xvs_arena arena = {0};
	struct taking taking = {.reading = {.report = report}, .take = take, .data = data};
	const struct xvs_stream stream = {RECORDS, XVS_RECORDS_SIZE_MAX, take_item, &taking};
	struct xvs_pair file = {.key = {.text = "the file", .place = {source->name, 1, 1}}};
	const size_t before = report->count;
	int r = xvs_node_stream(source, &stream, report, &arena, &file.value);

	if (r == 0)
		r = xvs_read_file_keys(&taking.reading, &file, file_keys, &taking);
	xvs_report_sort(report, before);
	return r < 0 ? r : report->count > before ? -EINVAL : 0;
}
