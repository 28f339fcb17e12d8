/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading a file once more of which little has changed. Large configurations are changed port by
 * port, and nearly all the time that reading takes is libyaml's.
 *
 * What lies between the keys of two neighbouring ports is read alone, and all else is taken from
 * the reading before, if that is certain to give what reading the whole file gives:
 *
 * - `ports` is a mapping in block style, so nothing that is open before a key at its indentation
 *   (quotes, braces, a text of several lines) matters behind it. The scanner's state in front of
 *   the changed port is that behind a line `ports:`.
 * - The changed text, put behind such a line and before one more key at that indentation, is read
 *   as one port and that key. So the state behind it is the one that was there before the change,
 *   and what follows is read as it was.
 */
#ifndef XVS_YAML_REREAD_H
#define XVS_YAML_REREAD_H

#include "yaml/config.h"

struct xvs_node;

/*
 * Lets `config`, which was read from `source` alone, remember its text. `ports` is the value of
 * that key. 0, also if the text is none that can be read by parts, or -ENOMEM.
 */
int xvs_reread_keep(
	struct xvs_config *config, const struct xvs_source *source, const struct xvs_node *ports);

/*
 * Reads `source` with the help of `before`. 0 with *ret set, as by xvs_config_read; -EAGAIN if it
 * must be read whole, be it to say what is wrong with it; or -ENOMEM.
 */
int xvs_config_reread(
	const struct xvs_config *before, const struct xvs_source *source, struct xvs_config **ret);

#endif
