/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files of records alone, which other systems write: `version: 1` and `records: [...]`. They may be
 * long, so they are read record by record, in the memory of one.
 */
#ifndef XVS_YAML_RECORDS_H
#define XVS_YAML_RECORDS_H

#include "yaml/config.h"

#define XVS_RECORDS_SIZE_MAX (256u << 20) /* bytes of one file */

/*
 * Gets a record; `record->place` is where it begins, the file's name being the source's. 0, or
 * -errno to end the reading.
 */
typedef int (*xvs_take_record_t)(void *data, const struct xvs_record_setting *record);

/*
 * Reads one file, at most XVS_RECORD_MAX records of it. What is wrong with a record is reported as
 * in a configuration, and the others go on; whether they go together is not looked at: see
 * xvs_records_check_twice.
 *
 * 0; -EINVAL with problems in `report`, when some may have been taken; what `take` returned; or
 * -ENOMEM.
 */
int xvs_records_read(const struct xvs_source *source, struct xvs_report *report,
	xvs_take_record_t take, void *data);

#endif
