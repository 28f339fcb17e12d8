// SPDX-License-Identifier: GPL-2.0-only
/* TC ingress: frames that reach one port, and the tags they get there with. */
#include <criterion/criterion.h>
#include "test/bpf/run.h"

TestSuite(ingress, .init = run_open);

#define NO_TAG {0}

/* A frame between the stations of two ports: what it arrives with, what it leaves with. */
static const struct {
	const char *name;
	enum port from, to;
	struct tag in[TAGS_MAX], out[TAGS_MAX];
} deliveries[] = {
	{"untagged", A, B, {NO_TAG}, {NO_TAG}},
};

Test(ingress, deliveries)
{
	struct outcome got;
	struct frame frame = {.source = STATION(A), .destination = STATION(B)};

	(void)deliveries;
	run_frame(INGRESS, A, &frame, IN_PACKET, &got);
	check_sent("x", &got, B);
}
