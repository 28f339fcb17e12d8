/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks on the raw text of a file, before and after libyaml has looked at it. */
#ifndef XVS_YAML_TEXT_H
#define XVS_YAML_TEXT_H

#include <yaml.h>
#include "yaml/config.h"

#define XVS_BYTE_ORDER_MARK "\xef\xbb\xbf" /* some editors put it in front of UTF-8 */

/* Size, UTF-8, control characters: 0, or -EINVAL with the first problem reported. */
int xvs_text_check(const struct xvs_source *source, struct xvs_report *report);

/* Says in plain words why libyaml gave up. -EINVAL, or -ENOMEM. */
int xvs_text_report(
	const struct xvs_source *source, const yaml_parser_t *parser, struct xvs_report *report);

#endif
