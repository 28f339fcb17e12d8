/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks on the raw text of a file, before and after libyaml has looked at it. */
#ifndef XVS_YAML_TEXT_H
#define XVS_YAML_TEXT_H

#include <yaml.h>
#include "yaml/config.h"

#define XVS_BYTE_ORDER_MARK "\xef\xbb\xbf" /* some editors put it in front of UTF-8 */

#define XVS_CODE_POINT_INVALID 0xffffffff

/*
 * Decodes one code point and advances *text. XVS_CODE_POINT_INVALID for what is no UTF-8: a wrong
 * or missing follow-up byte, an overlong form, a surrogate, or past U+10FFFF.
 */
uint32_t xvs_text_next(const unsigned char **text, const unsigned char *end);

/* One of the characters that YAML 1.1 calls printable. */
bool xvs_text_printable(uint32_t code);

/* Size, UTF-8, control characters: 0, or -EINVAL with the first problem reported. `most`: bytes. */
int xvs_text_check(const struct xvs_source *source, size_t most, struct xvs_report *report);

/* Says in plain words why libyaml gave up. -EINVAL, or -ENOMEM. */
int xvs_text_report(
	const struct xvs_source *source, const yaml_parser_t *parser, struct xvs_report *report);

#endif
