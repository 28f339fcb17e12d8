/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets through the lists of port A. */
#ifndef XVS_TEST_BPF_ACL_RUN_H
#define XVS_TEST_BPF_ACL_RUN_H

#include "test/bpf/acl_model.h"
#include "test/bpf/run.h"

#define FLOW_LIMIT 1000 /* of A */

/* A gets the lists, NULL = none. */
void acl_give(const struct xvs_acl *by_port, const struct xvs_acl *extended);

/* Runs a packet of A's, or one from B to A. Returns the drop reason, 0 = it passes. */
int acl_pass(const struct acl_packet *packet);
int acl_pass_bytes(enum xvs_acl_direction direction, const struct packet *bytes);

#endif
