// SPDX-License-Identifier: GPL-2.0-only
/* The call that tells what this kernel and these NICs offer. */
#include <errno.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include "agent/methods.h"

#define NICS_MAX 1024 /* that are looked at, uplinks first */
#define NICS_A_PART 16 /* some drivers answer in milliseconds */

/* A device that is an uplink or could be one. */
struct nic {
	uint32_t ifindex;
	bool used;
};

/* `Features` under way. */
struct listing {
	size_t count, position;
	size_t left_out; /* beyond NICS_MAX */
	struct nic nics[];
};

static const char *uplink_on(const struct xvs_agent *agent, uint32_t ifindex)
{
	const char *port = NULL;

	for (size_t i = 0; !port && xvs_features[i]; i++)
		if (xvs_features[i]->uplink_on)
			port = xvs_features[i]->uplink_on(agent, ifindex);
	return port;
}

static int compare(const void *left, const void *right)
{
	const struct nic *a = left, *b = right;

	if (a->used != b->used)
		return a->used ? -1 : 1;
	return (a->ifindex > b->ifindex) - (a->ifindex < b->ifindex);
}

/* All devices that something backs, and uplinks whatever they are. NULL: out of memory. */
static struct listing *list_nics(const struct xvs_agent *agent)
{
	const size_t all = HASH_CNT(by_index, agent->links.by_index);
	struct listing *listing = calloc(1, sizeof(*listing) + all * sizeof(listing->nics[0]));
	struct xvs_link *link, *next;

	if (!listing)
		return NULL;
	HASH_ITER (by_index, agent->links.by_index, link, next) {
		bool used = uplink_on(agent, link->ifindex);

		if (used || (link->ethernet && link->parent[0]))
			listing->nics[listing->count++] = (struct nic){link->ifindex, used};
	}
	qsort(listing->nics, listing->count, sizeof(listing->nics[0]), compare);
	if (listing->count > NICS_MAX) {
		listing->left_out = listing->count - NICS_MAX;
		listing->count = NICS_MAX;
	}
	return listing;
}

static json_t *number_or_null(long number)
{
	return number < 0 ? json_null() : json_integer(number);
}

static json_t *truth_or_null(int truth)
{
	return truth < 0 ? json_null() : json_boolean(truth);
}

static const char *text_or_null(const char *text)
{
	return text[0] ? text : NULL;
}

/* What is done in the place of what the NIC lacks, as far as anything uses it. */
static json_t *describe_instead(const struct xvs_nic *nic)
{
	json_t *list = json_array();

	if (nic->xdp < 0)
		json_array_append_new(list,
			json_string("native-xdp: tried where XDP is asked for, as the kernel does "
				    "not tell; TC serves all frames where it is refused"));
	else if (!nic->xdp)
		json_array_append_new(list, json_string("native-xdp: TC serves all frames"));
	return list;
}

static json_t *describe_nic(struct xvs_agent *agent, const struct xvs_link *link)
{
	struct xvs_nic nic;

	xvs_link_read_nic(&agent->links, link, &nic);
	return json_pack("{s:s, s:s?, s:s?, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "interface",
		link->name, "port", uplink_on(agent, link->ifindex), "driver",
		text_or_null(nic.driver), "device", text_or_null(link->parent), "speed",
		number_or_null(nic.speed), "queues", number_or_null(nic.queues), "xdp",
		truth_or_null(nic.xdp), "rx_vlan_offload", truth_or_null(nic.rxvlan),
		"virtual_functions", number_or_null(nic.virtual_functions), "dcb",
		truth_or_null(nic.dcb), "instead", describe_instead(&nic));
}

static json_t *describe_kernel(struct xvs_agent *agent, const struct listing *listing)
{
	struct utsname system;

	uname(&system);
	return json_pack("{s:s, s:o, s:I}", "kernel", system.release, "features",
		xvs_probe_describe(agent), "more", (json_int_t)listing->left_out);
}

/* First the kernel, then the NICs, part by part. One that has gone meanwhile is left out. */
static int next_features(struct xvs_agent *agent, void *data, json_t **ret, bool *ret_last)
{
	struct listing *listing = data;
	const size_t end = listing->position + NICS_A_PART;
	json_t *nics = json_array();

	*ret = listing->position ? json_object() : describe_kernel(agent, listing);
	for (; listing->position < listing->count && listing->position < end; listing->position++) {
		const struct xvs_link *link =
			xvs_link_by_index(&agent->links, listing->nics[listing->position].ifindex);

		if (link)
			json_array_append_new(nics, describe_nic(agent, link));
	}
	*ret_last = listing->position == listing->count;
	return json_object_set_new(*ret, "nics", nics) ? -ENOMEM : 0;
}

int xvs_method_features(struct xvs_agent *agent, struct xvs_call *call)
{
	struct xvs_stream stream = {
		.next = next_features, .close = free, .state = list_nics(agent)};

	return stream.state ? xvs_call_stream(call, &stream) : xvs_call_reply(call, NULL);
}
