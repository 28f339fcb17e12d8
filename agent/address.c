// SPDX-License-Identifier: GPL-2.0-only
#include <net/if.h> /* before linux/if_addr.h, by way of linux/rtnetlink.h */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/address.h"
#include "agent/log.h"

#define FOREVER UINT32_MAX /* a lifetime */
#define NO_METRIC UINT32_MAX /* the worst */
#define ATTRIBUTES_LAST RTA_NH_ID /* the highest type of any kind that is looked at */
#define BODY_MAX (XVS_NETLINK_REQUEST - 256) /* what is added needs less */

/* Address flags that can be set; the kernel makes the others. */
#define SETTABLE_FLAGS                                                                             \
	(IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE |            \
		IFA_F_MCAUTOJOIN)

static const uint16_t address_kept[] = {
	IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST, IFA_RT_PRIORITY, IFA_PROTO};
static const uint16_t route_kept[] = {RTA_DST, RTA_SRC, RTA_GATEWAY, RTA_VIA, RTA_PRIORITY,
	RTA_PREFSRC, RTA_METRICS, RTA_FLOW, RTA_TABLE, RTA_MARK, RTA_PREF, RTA_ENCAP_TYPE,
	RTA_ENCAP};
static const uint16_t neighbour_kept[] = {NDA_DST, NDA_LLADDR, NDA_PROTOCOL};

/* An address, route or neighbour: the body of the message that makes it, without the device. */
struct item {
	uint16_t type; /* RTM_NEWADDR, RTM_NEWROUTE or RTM_NEWNEIGH */
	uint8_t family; /* AF_INET or AF_INET6 */
	bool gateway; /* route with one: it needs the others first */
	bool own_label; /* `label` follows the device's name */
	bool there; /* the device it moves to has it already */
	struct xvs_address address; /* addresses: itself; routes: preferred source, if any */
	uint32_t flags; /* addresses: those of SETTABLE_FLAGS */
	uint32_t preferred, valid; /* seconds left; routes: only `valid` */
	char label[IFNAMSIZ]; /* IPv4 addresses */
	size_t head; /* bytes of the family's header in the body */
	size_t size; /* bytes of the body */
	uint32_t body[];
};

struct xvs_addresses {
	uint32_t ifindex; /* of the device it was read from */
	char device[IFNAMSIZ];
	struct item **item;
	size_t count, unmovable;
};

struct xvs_addresses *xvs_addresses_new(uint32_t ifindex, const char *device)
{
	struct xvs_addresses *set = calloc(1, sizeof(*set));

	if (set) {
		set->ifindex = ifindex;
		snprintf(set->device, sizeof(set->device), "%s", device);
	}
	return set;
}

static void clear(void *data)
{
	struct xvs_addresses *set = data;

	for (size_t i = 0; i < set->count; i++)
		free(set->item[i]);
	free(set->item);
	set->item = NULL;
	set->count = set->unmovable = 0;
}

void xvs_addresses_free(struct xvs_addresses *set)
{
	if (!set)
		return;
	clear(set);
	free(set);
}

size_t xvs_addresses_count(const struct xvs_addresses *set)
{
	return set->count;
}

size_t xvs_addresses_unmovable(const struct xvs_addresses *set)
{
	return set->unmovable;
}

/* Takes the item over, also when it fails. */
static int append(struct xvs_addresses *set, struct item *item)
{
	struct item **more = reallocarray(set->item, set->count + 1, sizeof(*more));

	if (!more) {
		free(item);
		return -ENOMEM;
	}
	set->item = more;
	set->item[set->count++] = item;
	return 0;
}

/* One kind of message: what its header and attributes become. */
struct parsed {
	uint16_t type;
	uint8_t family;
	const void *head; /* the family's header, as it is to be sent */
	size_t head_size;
	const struct nlattr *attribute[ATTRIBUTES_LAST + 1];
};

static size_t body_size(const struct parsed *parsed, const uint16_t *kept, size_t count)
{
	size_t size = parsed->head_size;

	for (size_t i = 0; i < count; i++)
		if (parsed->attribute[kept[i]])
			size += MNL_ALIGN(parsed->attribute[kept[i]]->nla_len);
	return size;
}

static struct item *make_item(const struct parsed *parsed, const uint16_t *kept, size_t count)
{
	size_t size = body_size(parsed, kept, count);
	struct item *item = calloc(1, sizeof(*item) + size);
	char *at;

	if (!item)
		return NULL;
	item->type = parsed->type;
	item->family = parsed->family;
	item->preferred = item->valid = FOREVER;
	item->head = parsed->head_size;
	item->size = size;
	at = mempcpy(item->body, parsed->head, parsed->head_size);
	for (size_t i = 0; i < count; i++) {
		const struct nlattr *attribute = parsed->attribute[kept[i]];

		if (!attribute)
			continue;
		memcpy(at, attribute, attribute->nla_len);
		at += MNL_ALIGN(attribute->nla_len);
	}
	return item;
}

#define MAKE_ITEM(parsed, kept) make_item(parsed, kept, sizeof(kept) / sizeof((kept)[0]))

/* False: not an address of that family. */
static bool read_address(
	const struct nlattr *attribute, uint8_t family, uint8_t length, struct xvs_address *ret)
{
	uint8_t size = family == AF_INET ? 4 : 16;

	if (!attribute || mnl_attr_get_payload_len(attribute) != size)
		return false;
	ret->family = family;
	ret->length = length;
	ret->size = size;
	memcpy(ret->bytes, mnl_attr_get_payload(attribute), size);
	return true;
}

static bool same_address(const struct xvs_address *a, const struct xvs_address *b)
{
	return a->family == b->family && a->size == b->size && !memcmp(a->bytes, b->bytes, a->size);
}

/* Does the prefix of `a` hold `b`? */
static bool in_prefix(const struct xvs_address *a, const struct xvs_address *b)
{
	uint8_t whole = a->length / 8, rest = a->length % 8;

	if (a->family != b->family || a->length > 8 * a->size)
		return false;
	return !memcmp(a->bytes, b->bytes, whole) &&
	       (!rest || !((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest)));
}

static void read_lifetimes(const struct nlattr *attribute, struct item *item)
{
	struct ifa_cacheinfo info;

	if (!attribute || mnl_attr_get_payload_len(attribute) < sizeof(info))
		return;
	memcpy(&info, mnl_attr_get_payload(attribute), sizeof(info));
	item->preferred = info.ifa_prefered;
	item->valid = info.ifa_valid;
}

/* A label such as "eth0:1" follows the device's name when it moves. */
static void read_label(
	const struct xvs_addresses *set, const struct nlattr *attribute, struct item *item)
{
	size_t length = strlen(set->device);
	char label[IFNAMSIZ];

	item->own_label = true;
	if (!attribute)
		return;
	xvs_attr_text(attribute, label, sizeof(label));
	item->own_label =
		!strncmp(label, set->device, length) && (!label[length] || label[length] == ':');
	snprintf(item->label, sizeof(item->label), "%s", item->own_label ? label + length : label);
}

static int take_address(struct xvs_addresses *set, const struct nlmsghdr *header)
{
	const struct ifaddrmsg *message = xvs_netlink_head(header, sizeof(*message));
	struct parsed parsed = {.type = RTM_NEWADDR, .head_size = sizeof(*message)};
	struct xvs_address address;
	struct ifaddrmsg head;
	const void *first;
	struct item *item;
	uint32_t flags;
	size_t size;

	if (!message || message->ifa_index != set->ifindex)
		return 0;
	first = xvs_attrs_of(header, sizeof(*message), &size);
	xvs_attrs_index(first, size, parsed.attribute, ATTRIBUTES_LAST);
	flags = message->ifa_flags;
	if (parsed.attribute[IFA_FLAGS])
		xvs_attr_u32(parsed.attribute[IFA_FLAGS], &flags);
	if (!read_address(parsed.attribute[IFA_LOCAL] ?: parsed.attribute[IFA_ADDRESS],
		    message->ifa_family, message->ifa_prefixlen, &address))
		return 0;
	if (message->ifa_family == AF_INET6 &&
		(message->ifa_scope == RT_SCOPE_LINK || flags & IFA_F_DADFAILED))
		return 0;
	head = (struct ifaddrmsg){.ifa_family = message->ifa_family,
		.ifa_prefixlen = message->ifa_prefixlen,
		.ifa_scope = message->ifa_scope};
	parsed.head = &head;
	parsed.family = head.ifa_family;
	item = MAKE_ITEM(&parsed, address_kept);
	if (!item)
		return -ENOMEM;
	item->address = address;
	item->flags = flags & SETTABLE_FLAGS;
	read_lifetimes(parsed.attribute[IFA_CACHEINFO], item);
	read_label(set, parsed.attribute[IFA_LABEL], item);
	return append(set, item);
}

/* What the kernel makes with an address, or learns, and does not keep. */
static bool is_kernels(const struct rtmsg *message, const struct nlattr *destination)
{
	if (message->rtm_protocol == RTPROT_KERNEL || message->rtm_protocol == RTPROT_REDIRECT ||
		message->rtm_flags & RTM_F_CLONED)
		return true;
	if (message->rtm_type == RTN_LOCAL || message->rtm_type == RTN_BROADCAST ||
		message->rtm_type == RTN_ANYCAST || message->rtm_type == RTN_MULTICAST)
		return true;
	return message->rtm_family == AF_INET6 && message->rtm_dst_len == 8 && destination &&
	       mnl_attr_get_payload_len(destination) == 16 &&
	       *(const uint8_t *)mnl_attr_get_payload(destination) == 0xff;
}

static bool has_hop(const struct nlattr *multipath, uint32_t ifindex)
{
	size_t left = mnl_attr_get_payload_len(multipath);
	const char *at = mnl_attr_get_payload(multipath);
	struct rtnexthop hop;

	while (left >= sizeof(hop)) {
		memcpy(&hop, at, sizeof(hop));
		if ((uint32_t)hop.rtnh_ifindex == ifindex)
			return true;
		if (hop.rtnh_len < sizeof(hop) || (size_t)RTNH_ALIGN(hop.rtnh_len) > left)
			return false;
		at += RTNH_ALIGN(hop.rtnh_len);
		left -= RTNH_ALIGN(hop.rtnh_len);
	}
	return false;
}

/* IPv6 routes may expire: those of router advertisements. */
static void read_expiry(const struct nlattr *attribute, struct item *item)
{
	long ticks = sysconf(_SC_CLK_TCK);
	struct rta_cacheinfo info;

	if (!attribute || mnl_attr_get_payload_len(attribute) < sizeof(info))
		return;
	memcpy(&info, mnl_attr_get_payload(attribute), sizeof(info));
	if (info.rta_expires > 0)
		item->valid = 1 + (uint32_t)info.rta_expires / (ticks > 0 ? ticks : 100);
}

static int append_route(
	struct xvs_addresses *set, const struct rtmsg *message, struct parsed *parsed)
{
	const struct nlattr **attribute = parsed->attribute;
	struct rtmsg head = *message;
	struct item *item;

	head.rtm_flags &= RTNH_F_ONLINK;
	parsed->head = &head;
	parsed->family = head.rtm_family;
	item = MAKE_ITEM(parsed, route_kept);
	if (!item)
		return -ENOMEM;
	if (item->size > BODY_MAX) {
		free(item);
		set->unmovable++;
		return 0;
	}
	item->gateway = attribute[RTA_GATEWAY] || attribute[RTA_VIA];
	read_address(attribute[RTA_PREFSRC], head.rtm_family, 0, &item->address);
	read_expiry(attribute[RTA_CACHEINFO], item);
	return append(set, item);
}

static int take_route(struct xvs_addresses *set, const struct nlmsghdr *header)
{
	const struct rtmsg *message = xvs_netlink_head(header, sizeof(*message));
	struct parsed parsed = {.type = RTM_NEWROUTE, .head_size = sizeof(*message)};
	const void *first;
	uint32_t out = 0;
	size_t size;

	if (!message || (message->rtm_family != AF_INET && message->rtm_family != AF_INET6))
		return 0;
	first = xvs_attrs_of(header, sizeof(*message), &size);
	xvs_attrs_index(first, size, parsed.attribute, ATTRIBUTES_LAST);
	if (is_kernels(message, parsed.attribute[RTA_DST]))
		return 0;
	if (parsed.attribute[RTA_OIF])
		xvs_attr_u32(parsed.attribute[RTA_OIF], &out);
	if (parsed.attribute[RTA_MULTIPATH]) {
		set->unmovable += has_hop(parsed.attribute[RTA_MULTIPATH], set->ifindex);
		return 0;
	}
	if (out != set->ifindex)
		return 0;
	if (parsed.attribute[RTA_NH_ID]) {
		set->unmovable++;
		return 0;
	}
	return append_route(set, message, &parsed);
}

static int take_neighbour(struct xvs_addresses *set, const struct nlmsghdr *header)
{
	const struct ndmsg *message = xvs_netlink_head(header, sizeof(*message));
	struct parsed parsed = {.type = RTM_NEWNEIGH, .head_size = sizeof(*message)};
	const void *first;
	struct ndmsg head;
	struct item *item;
	size_t size;

	if (!message || (uint32_t)message->ndm_ifindex != set->ifindex ||
		!(message->ndm_state & NUD_PERMANENT) ||
		(message->ndm_family != AF_INET && message->ndm_family != AF_INET6))
		return 0;
	first = xvs_attrs_of(header, sizeof(*message), &size);
	xvs_attrs_index(first, size, parsed.attribute, ATTRIBUTES_LAST);
	head = (struct ndmsg){.ndm_family = message->ndm_family,
		.ndm_state = NUD_PERMANENT,
		.ndm_flags = message->ndm_flags};
	parsed.head = &head;
	parsed.family = head.ndm_family;
	item = MAKE_ITEM(&parsed, neighbour_kept);
	return item ? append(set, item) : -ENOMEM;
}

int xvs_addresses_take(const struct nlmsghdr *header, void *data)
{
	switch (header->nlmsg_type) {
	case RTM_NEWADDR:
		return take_address(data, header);
	case RTM_NEWROUTE:
		return take_route(data, header);
	case RTM_NEWNEIGH:
		return take_neighbour(data, header);
	default:
		return 0;
	}
}

/* Asks for one kind of one family, of this device only where the kernel can tell. */
static void start_dump(struct xvs_request *request, uint16_t type, uint8_t family, uint32_t ifindex)
{
	struct ifaddrmsg *address;
	struct rtmsg *route;
	struct ndmsg *neighbour;

	switch (type) {
	case RTM_GETADDR:
		address = xvs_request_start(request, type, 0, sizeof(*address));
		address->ifa_family = family;
		address->ifa_index = ifindex;
		break;
	case RTM_GETROUTE:
		route = xvs_request_start(request, type, 0, sizeof(*route));
		route->rtm_family = family;
		mnl_attr_put_u32(&request->header, RTA_OIF, ifindex);
		break;
	default:
		neighbour = xvs_request_start(request, type, 0, sizeof(*neighbour));
		neighbour->ndm_family = family;
		mnl_attr_put_u32(&request->header, NDA_IFINDEX, ifindex);
	}
}

static int read_part(
	struct xvs_links *links, struct xvs_addresses *set, uint16_t type, uint8_t family)
{
	struct xvs_addresses part = *set;
	struct xvs_request request;
	int error;

	part.item = NULL;
	part.count = part.unmovable = 0;
	start_dump(&request, type, family, set->ifindex);
	error = xvs_netlink_dump(&links->requests, &request, xvs_addresses_take, clear, &part);
	for (size_t i = 0; !error && i < part.count; i++) {
		error = append(set, part.item[i]);
		part.item[i] = NULL;
	}
	set->unmovable += part.unmovable;
	clear(&part);
	/* a kernel without IPv6, or a family without anything */
	return error == -EAFNOSUPPORT || error == -EOPNOTSUPP ? 0 : error;
}

int xvs_addresses_read(struct xvs_links *links, uint32_t ifindex, struct xvs_addresses **ret)
{
	const uint16_t types[] = {RTM_GETADDR, RTM_GETNEIGH, RTM_GETROUTE};
	char device[IFNAMSIZ];
	struct xvs_addresses *set;
	int error = 0;

	if (!if_indextoname(ifindex, device))
		return errno == ENXIO ? -ENODEV : -errno;
	set = xvs_addresses_new(ifindex, device);
	if (!set)
		return -ENOMEM;
	for (size_t i = 0; !error && i < sizeof(types) / sizeof(types[0]); i++) {
		error = read_part(links, set, types[i], AF_INET);
		error = error ?: read_part(links, set, types[i], AF_INET6);
	}
	if (error)
		xvs_addresses_free(set);
	else
		*ret = set;
	return error;
}

static bool same_item(const struct item *a, const struct item *b)
{
	return a->type == b->type && a->size == b->size && !memcmp(a->body, b->body, a->size);
}

static const struct item *find(const struct xvs_addresses *set, const struct item *wanted)
{
	for (size_t i = 0; i < set->count; i++)
		if (same_item(set->item[i], wanted))
			return set->item[i];
	return NULL;
}

static bool equal_item(const struct item *a, const struct item *b)
{
	return a && a->flags == b->flags && a->own_label == b->own_label &&
	       !strcmp(a->label, b->label) && (a->valid == FOREVER) == (b->valid == FOREVER) &&
	       (a->preferred == FOREVER) == (b->preferred == FOREVER);
}

bool xvs_addresses_equal(const struct xvs_addresses *a, const struct xvs_addresses *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!equal_item(find(b, a->item[i]), a->item[i]))
			return false;
	return true;
}

static void put_label(struct nlmsghdr *header, const char *device, const struct item *item)
{
	char label[2 * IFNAMSIZ];

	if (item->family != AF_INET)
		return;
	snprintf(label, sizeof(label), "%s%s", item->own_label ? device : "", item->label);
	/* one that is too long for the new name is left to the kernel */
	mnl_attr_put_strz(header, IFA_LABEL, strlen(label) < IFNAMSIZ ? label : device);
}

static void put_address(
	struct nlmsghdr *header, const char *device, const struct item *item, uint32_t flags)
{
	const struct ifa_cacheinfo lifetimes = {
		.ifa_prefered = item->preferred, .ifa_valid = item->valid};

	mnl_attr_put_u32(header, IFA_FLAGS, flags);
	mnl_attr_put(header, IFA_CACHEINFO, sizeof(lifetimes), &lifetimes);
	put_label(header, device, item);
}

/* Where something is put. */
struct place {
	struct xvs_links *links;
	uint32_t ifindex;
	char name[IFNAMSIZ];
};

static int find_place(struct xvs_links *links, uint32_t ifindex, struct place *ret)
{
	ret->links = links;
	ret->ifindex = ifindex;
	return if_indextoname(ifindex, ret->name) ? 0 : errno == ENXIO ? -ENODEV : -errno;
}

/* The message for an item, up to what depends on whether it comes or goes. */
static void start_item(struct xvs_request *request, const struct item *item, uint32_t ifindex,
	uint16_t type, uint16_t flags)
{
	char *head = xvs_request_start(request, type, flags, item->head);

	memcpy(head, item->body, item->size);
	request->header.nlmsg_len += item->size - item->head;
	if (item->type == RTM_NEWADDR)
		((struct ifaddrmsg *)head)->ifa_index = ifindex;
	else if (item->type == RTM_NEWNEIGH)
		((struct ndmsg *)head)->ndm_ifindex = ifindex;
	else
		mnl_attr_put_u32(&request->header, RTA_OIF, ifindex);
}

static int put_item(const struct place *to, const struct item *item, uint16_t how, uint32_t flags)
{
	struct xvs_request request;

	start_item(&request, item, to->ifindex, item->type, how);
	if (item->type == RTM_NEWADDR)
		put_address(&request.header, to->name, item, flags);
	else if (item->type == RTM_NEWROUTE && item->valid != FOREVER)
		mnl_attr_put_u32(&request.header, RTA_EXPIRES, item->valid);
	return xvs_netlink_command(&to->links->requests, &request);
}

static int add_address(const struct place *to, const struct item *item)
{
	uint32_t quick = item->family == AF_INET6 ? IFA_F_NODAD : 0;
	int error = put_item(to, item, NLM_F_CREATE | NLM_F_EXCL, item->flags | quick);

	if (!error && quick & ~item->flags) /* by and by it is as it was */
		error = put_item(to, item, NLM_F_REPLACE, item->flags);
	return error;
}

static int add_item(const struct place *to, const struct item *item)
{
	int error;

	if (item->type == RTM_NEWADDR)
		error = add_address(to, item);
	else if (item->type == RTM_NEWROUTE) /* beside one through another device */
		error = put_item(to, item, NLM_F_CREATE | NLM_F_APPEND, 0);
	else
		error = put_item(to, item, NLM_F_CREATE | NLM_F_REPLACE, 0);
	return error == -EEXIST ? 0 : error;
}

/* What needs nothing else first. */
enum phase { ADDRESSES, NEIGHBOURS, LINK_ROUTES, GATEWAY_ROUTES, PHASES };

static enum phase phase_of(const struct item *item)
{
	if (item->type == RTM_NEWADDR)
		return ADDRESSES;
	if (item->type == RTM_NEWNEIGH)
		return NEIGHBOURS;
	return item->gateway ? GATEWAY_ROUTES : LINK_ROUTES;
}

/* The kernel lists the newest IPv6 address first, so they are added from the last one on. */
static int add_ipv6_addresses(const struct place *to, const struct xvs_addresses *set)
{
	int error = 0;

	for (size_t i = set->count; !error && i--;)
		if (set->item[i]->type == RTM_NEWADDR && set->item[i]->family == AF_INET6)
			error = add_item(to, set->item[i]);
	return error;
}

static int add_phase(const struct place *to, const struct xvs_addresses *set, enum phase phase)
{
	int error = 0;

	for (size_t i = 0; !error && i < set->count; i++) {
		const struct item *item = set->item[i];

		if (phase_of(item) == phase && (phase != ADDRESSES || item->family == AF_INET))
			error = add_item(to, item);
	}
	if (phase == ADDRESSES)
		error = error ?: add_ipv6_addresses(to, set);
	return error;
}

int xvs_addresses_add(struct xvs_links *links, const struct xvs_addresses *set, uint32_t ifindex)
{
	struct place to;
	int error = find_place(links, ifindex, &to);

	for (enum phase phase = 0; !error && phase < PHASES; phase++)
		error = add_phase(&to, set, phase);
	return error;
}

static int remove_item(struct xvs_links *links, const struct item *item, uint32_t ifindex)
{
	struct xvs_request request;
	int error;

	/* RTM_DEL… follows RTM_NEW… for each kind */
	start_item(&request, item, ifindex, item->type + 1, 0);
	error = xvs_netlink_command(&links->requests, &request);
	switch (error) {
	case -EADDRNOTAVAIL:
	case -ESRCH:
	case -ENOENT:
	case -ENODEV:
		return 0;
	default:
		return error;
	}
}

/* Removes in the opposite order. `spare`: what the device had before stays. */
static int remove_items(
	struct xvs_links *links, const struct xvs_addresses *set, uint32_t ifindex, bool spare)
{
	int first = 0;

	for (int phase = PHASES - 1; phase >= 0; phase--) {
		for (size_t i = set->count; i--;) {
			const struct item *item = set->item[i];
			int error;

			if ((int)phase_of(item) != phase || (spare && item->there))
				continue;
			error = remove_item(links, item, ifindex);
			first = first ?: error;
		}
	}
	return first;
}

int xvs_addresses_remove(struct xvs_links *links, const struct xvs_addresses *set, uint32_t ifindex)
{
	return remove_items(links, set, ifindex, false);
}

/*
 * With an address go the IPv4 routes that have it as preferred source, also those through another
 * device that has it too. Until they are added again, copies without preferred source stand in.
 */
static struct item *stand_in(const struct item *item)
{
	struct parsed parsed = {.type = RTM_NEWROUTE,
		.family = AF_INET,
		.head = item->body,
		.head_size = item->head};
	struct {
		struct nlattr header;
		uint32_t value;
	} metric = {{sizeof(metric), RTA_PRIORITY}, NO_METRIC};

	if (item->type != RTM_NEWROUTE || item->family != AF_INET || !item->address.size)
		return NULL;
	xvs_attrs_index((const char *)item->body + item->head, item->size - item->head,
		parsed.attribute, ATTRIBUTES_LAST);
	parsed.attribute[RTA_PREFSRC] = NULL;
	parsed.attribute[RTA_PRIORITY] = &metric.header;
	return MAKE_ITEM(&parsed, route_kept);
}

/* Best effort: without one, there is no route for an instant. */
static void make_stand_ins(const struct xvs_addresses *set, struct xvs_addresses *ret)
{
	for (size_t i = 0; i < set->count; i++) {
		struct item *item = stand_in(set->item[i]);

		if (item) {
			item->gateway = set->item[i]->gateway;
			append(ret, item);
		}
	}
}

static bool is_listed(const struct item *item, const struct xvs_address *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (same_address(&item->address, &list[i]) &&
			item->address.length == list[i].length)
			return true;
	return false;
}

/* A move: what moves, what stays, what is on the other device already. */
struct move {
	struct xvs_links *links;
	uint32_t from, to;
	struct xvs_addresses *moving, *staying, *before, *stand_ins;
};

static bool of_some_address(const struct xvs_addresses *set, const struct xvs_address *address,
	bool (*test)(const struct xvs_address *a, const struct xvs_address *b))
{
	for (size_t i = 0; i < set->count; i++)
		if (set->item[i]->type == RTM_NEWADDR && test(&set->item[i]->address, address))
			return true;
	return false;
}

static bool has_family(const struct xvs_addresses *set, uint8_t family)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->item[i]->type == RTM_NEWADDR && set->item[i]->family == family)
			return true;
	return false;
}

/* Does a route or neighbour stay with the addresses that stay? */
static bool stays(const struct move *move, const struct item *item)
{
	const struct nlattr *table[ATTRIBUTES_LAST + 1];
	struct xvs_address beyond; /* gateway, or the neighbour's address */

	if (!has_family(move->staying, item->family))
		return false;
	if (!has_family(move->moving, item->family))
		return true;
	if (item->address.size)
		return of_some_address(move->staying, &item->address, same_address);
	xvs_attrs_index((const char *)item->body + item->head, item->size - item->head, table,
		ATTRIBUTES_LAST);
	if (!read_address(table[item->type == RTM_NEWNEIGH ? NDA_DST : RTA_GATEWAY], item->family,
		    0, &beyond))
		return false;
	return of_some_address(move->staying, &beyond, in_prefix) &&
	       !of_some_address(move->moving, &beyond, in_prefix);
}

/* Shares `all` out, and empties it. */
static int share_out(
	struct move *move, struct xvs_addresses *all, const struct xvs_address *list, size_t count)
{
	for (int addresses = 1; addresses >= 0; addresses--) { /* routes go where addresses went */
		for (size_t i = 0; i < all->count; i++) {
			struct item *item = all->item[i];
			bool stay;
			int error;

			if (!item || (item->type == RTM_NEWADDR) != addresses)
				continue;
			stay = addresses ? is_listed(item, list, count) : stays(move, item);
			all->item[i] = NULL;
			error = append(stay ? move->staying : move->moving, item);
			if (error)
				return error;
		}
	}
	return 0;
}

static int parse_list(const char *const *except, struct xvs_address **ret, size_t *ret_count)
{
	size_t count = 0;
	int error = 0;

	while (except && except[count])
		count++;
	*ret = calloc(count + 1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	for (size_t i = 0; !error && i < count; i++)
		error = xvs_address_parse(except[i], &(*ret)[i]);
	*ret_count = count;
	return error;
}

static int read_source(struct move *move, const char *const *except)
{
	struct xvs_addresses *all = NULL;
	struct xvs_address *list = NULL;
	size_t count;
	int error = parse_list(except, &list, &count);

	error = error ?: xvs_addresses_read(move->links, move->from, &all);
	if (!error) {
		move->moving = xvs_addresses_new(all->ifindex, all->device);
		move->staying = xvs_addresses_new(all->ifindex, all->device);
		move->stand_ins = xvs_addresses_new(all->ifindex, all->device);
	}
	if (!error && (!move->moving || !move->staying || !move->stand_ins))
		error = -ENOMEM;
	error = error ?: share_out(move, all, list, count);
	if (!error && all->unmovable)
		xvs_log(LOG_WARNING,
			"%s: %zu routes with several next hops or a next hop object are not moved",
			all->device, all->unmovable);
	xvs_addresses_free(all);
	free(list);
	return error;
}

static int prepare(struct move *move, const char *const *except)
{
	int error = xvs_addresses_read(move->links, move->to, &move->before);

	error = error ?: read_source(move, except);
	if (error)
		return error;
	for (size_t i = 0; i < move->moving->count; i++)
		move->moving->item[i]->there = find(move->before, move->moving->item[i]);
	make_stand_ins(move->moving, move->stand_ins);
	return 0;
}

static void put_back(const struct move *move)
{
	int error = xvs_addresses_add(move->links, move->moving, move->from);

	error = remove_items(move->links, move->moving, move->to, true) ?: error;
	/* what went along with these */
	error = xvs_addresses_add(move->links, move->before, move->to) ?: error;
	error = xvs_addresses_add(move->links, move->moving, move->from) ?: error;
	error = xvs_addresses_add(move->links, move->staying, move->from) ?: error;
	if (error)
		xvs_log(LOG_ERR, "addresses of %s could not all be put back: %s",
			move->moving->device, strerror(-error));
}

static int run(const struct move *move)
{
	int error = xvs_addresses_add(move->links, move->moving, move->to);

	if (!error)
		xvs_addresses_add(move->links, move->stand_ins, move->to);
	error = error ?: xvs_addresses_remove(move->links, move->moving, move->from);
	error = error ?: xvs_addresses_add(move->links, move->staying, move->from);
	error = error ?: xvs_addresses_add(move->links, move->moving, move->to);
	error = error ?: xvs_addresses_add(move->links, move->before, move->to);
	if (error)
		put_back(move);
	xvs_addresses_remove(move->links, move->stand_ins, move->to);
	xvs_addresses_announce(move->links, error ? move->from : move->to);
	return error;
}

int xvs_addresses_move(
	struct xvs_links *links, uint32_t from, uint32_t to, const char *const *except)
{
	struct move move = {.links = links, .from = from, .to = to};
	int error = from == to ? -EINVAL : prepare(&move, except);

	error = error ?: run(&move);
	xvs_addresses_free(move.moving);
	xvs_addresses_free(move.staying);
	xvs_addresses_free(move.before);
	xvs_addresses_free(move.stand_ins);
	return error;
}

/* Addresses of one device, one after the other. */
struct listing {
	uint32_t ifindex;
	void (*visit)(const struct xvs_address *address, void *data);
	void *data;
};

static int list_address(const struct nlmsghdr *header, void *data)
{
	const struct ifaddrmsg *message = xvs_netlink_head(header, sizeof(*message));
	const struct listing *listing = data;
	const struct nlattr *table[IFA_LOCAL + 1];
	struct xvs_address address;
	const void *first;
	size_t size;

	if (header->nlmsg_type != RTM_NEWADDR || !message || message->ifa_index != listing->ifindex)
		return 0;
	first = xvs_attrs_of(header, sizeof(*message), &size);
	xvs_attrs_index(first, size, table, IFA_LOCAL);
	if (read_address(table[IFA_LOCAL] ?: table[IFA_ADDRESS], message->ifa_family,
		    message->ifa_prefixlen, &address))
		listing->visit(&address, listing->data);
	return 0;
}

int xvs_link_addresses(struct xvs_links *links, uint32_t ifindex,
	void (*visit)(const struct xvs_address *address, void *data), void *data)
{
	const uint8_t families[] = {AF_INET, AF_INET6};
	struct listing listing = {ifindex, visit, data};
	struct xvs_request request;
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(families); i++) {
		start_dump(&request, RTM_GETADDR, families[i], ifindex);
		error = xvs_netlink_dump(&links->requests, &request, list_address, NULL, &listing);
	}
	return error;
}

struct search {
	struct xvs_address wanted;
	bool found;
};

static void compare_address(const struct xvs_address *address, void *data)
{
	struct search *search = data;

	search->found |=
		address->length == search->wanted.length && same_address(address, &search->wanted);
}

int xvs_link_has_address(struct xvs_links *links, uint32_t ifindex, const char *address)
{
	struct search search = {0};
	int error = xvs_address_parse(address, &search.wanted);

	error = error ?: xvs_link_addresses(links, ifindex, compare_address, &search);
	return error ?: search.found;
}
