// SPDX-License-Identifier: GPL-2.0-only
#include <net/if.h> /* before linux/if_addr.h, by way of linux/rtnetlink.h */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/address_set.h"

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

uint32_t xvs_addresses_device(const struct xvs_addresses *set)
{
	return set->ifindex;
}

bool xvs_addresses_contain(const struct xvs_addresses *set, const struct xvs_address *address)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct xvs_item *item = set->item[i];

		if (item->type == RTM_NEWADDR && item->address.length == address->length &&
			xvs_address_same(&item->address, address))
			return true;
	}
	return false;
}

size_t xvs_addresses_unmovable(const struct xvs_addresses *set)
{
	return set->unmovable;
}

int xvs_addresses_append(struct xvs_addresses *set, struct xvs_item *item)
{
	struct xvs_item **more = reallocarray(set->item, set->count + 1, sizeof(*more));

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
	const struct nlattr *attribute[XVS_ATTRIBUTES_LAST + 1];
};

static size_t body_size(const struct parsed *parsed, const uint16_t *kept, size_t count)
{
	size_t size = parsed->head_size;

	for (size_t i = 0; i < count; i++)
		if (parsed->attribute[kept[i]])
			size += MNL_ALIGN(parsed->attribute[kept[i]]->nla_len);
	return size;
}

static struct xvs_item *make_item(const struct parsed *parsed, const uint16_t *kept, size_t count)
{
	size_t size = body_size(parsed, kept, count);
	struct xvs_item *item = calloc(1, sizeof(*item) + size);
	char *at;

	if (!item)
		return NULL;
	item->type = parsed->type;
	item->family = parsed->family;
	item->preferred = item->valid = XVS_FOREVER;
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

bool xvs_address_read(
	const struct nlattr *attribute, uint8_t family, uint8_t length, struct xvs_address *ret)
{
	uint8_t size = family == AF_INET ? 4 : 16;

	if (!attribute || mnl_attr_get_payload_len(attribute) != size)
		return false;
	ret->family = family;
	ret->length = length;
	ret->size = size;
	ret->protocol = 0;
	memcpy(ret->bytes, mnl_attr_get_payload(attribute), size);
	return true;
}

bool xvs_address_same(const struct xvs_address *a, const struct xvs_address *b)
{
	return a->family == b->family && a->size == b->size && !memcmp(a->bytes, b->bytes, a->size);
}

static void read_lifetimes(const struct nlattr *attribute, struct xvs_item *item)
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
	const struct xvs_addresses *set, const struct nlattr *attribute, struct xvs_item *item)
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
	struct xvs_item *item;
	uint32_t flags;
	size_t size;

	if (!message || message->ifa_index != set->ifindex)
		return 0;
	first = xvs_attrs_of(header, sizeof(*message), &size);
	xvs_attrs_index(first, size, parsed.attribute, XVS_ATTRIBUTES_LAST);
	flags = message->ifa_flags;
	if (parsed.attribute[IFA_FLAGS])
		xvs_attr_u32(parsed.attribute[IFA_FLAGS], &flags);
	if (!xvs_address_read(parsed.attribute[IFA_LOCAL] ?: parsed.attribute[IFA_ADDRESS],
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
	return xvs_addresses_append(set, item);
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
static void read_expiry(const struct nlattr *attribute, struct xvs_item *item)
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
	struct xvs_item *item;

	head.rtm_flags &= RTNH_F_ONLINK;
	parsed->head = &head;
	parsed->family = head.rtm_family;
	item = MAKE_ITEM(parsed, route_kept);
	if (!item)
		return -ENOMEM;
	if (item->size > XVS_ITEM_MAX) {
		free(item);
		set->unmovable++;
		return 0;
	}
	item->gateway = attribute[RTA_GATEWAY] || attribute[RTA_VIA];
	xvs_address_read(attribute[RTA_PREFSRC], head.rtm_family, 0, &item->address);
	read_expiry(attribute[RTA_CACHEINFO], item);
	return xvs_addresses_append(set, item);
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
	xvs_attrs_index(first, size, parsed.attribute, XVS_ATTRIBUTES_LAST);
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
	struct xvs_item *item;
	size_t size;

	if (!message || (uint32_t)message->ndm_ifindex != set->ifindex ||
		!(message->ndm_state & NUD_PERMANENT) ||
		(message->ndm_family != AF_INET && message->ndm_family != AF_INET6))
		return 0;
	first = xvs_attrs_of(header, sizeof(*message), &size);
	xvs_attrs_index(first, size, parsed.attribute, XVS_ATTRIBUTES_LAST);
	head = (struct ndmsg){.ndm_family = message->ndm_family,
		.ndm_state = NUD_PERMANENT,
		.ndm_flags = message->ndm_flags};
	parsed.head = &head;
	parsed.family = head.ndm_family;
	item = MAKE_ITEM(&parsed, neighbour_kept);
	return item ? xvs_addresses_append(set, item) : -ENOMEM;
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
		error = xvs_addresses_append(set, part.item[i]);
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

static bool same_item(const struct xvs_item *a, const struct xvs_item *b)
{
	return a->type == b->type && a->size == b->size && !memcmp(a->body, b->body, a->size);
}

const struct xvs_item *xvs_addresses_find(
	const struct xvs_addresses *set, const struct xvs_item *wanted)
{
	for (size_t i = 0; i < set->count; i++)
		if (same_item(set->item[i], wanted))
			return set->item[i];
	return NULL;
}

static bool equal_item(const struct xvs_item *a, const struct xvs_item *b)
{
	return a && a->flags == b->flags && a->own_label == b->own_label &&
	       !strcmp(a->label, b->label) &&
	       (a->valid == XVS_FOREVER) == (b->valid == XVS_FOREVER) &&
	       (a->preferred == XVS_FOREVER) == (b->preferred == XVS_FOREVER);
}

bool xvs_addresses_equal(const struct xvs_addresses *a, const struct xvs_addresses *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!equal_item(xvs_addresses_find(b, a->item[i]), a->item[i]))
			return false;
	return true;
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
	const struct nlattr *table[IFA_PROTO + 1];
	struct xvs_address address;
	const void *first;
	size_t size;

	if (header->nlmsg_type != RTM_NEWADDR || !message || message->ifa_index != listing->ifindex)
		return 0;
	first = xvs_attrs_of(header, sizeof(*message), &size);
	xvs_attrs_index(first, size, table, IFA_PROTO);
	if (xvs_address_read(table[IFA_LOCAL] ?: table[IFA_ADDRESS], message->ifa_family,
		    message->ifa_prefixlen, &address)) {
		if (table[IFA_PROTO] && mnl_attr_get_payload_len(table[IFA_PROTO]) == 1)
			address.protocol = mnl_attr_get_u8(table[IFA_PROTO]);
		listing->visit(&address, listing->data);
	}
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

	search->found |= address->length == search->wanted.length &&
			 xvs_address_same(address, &search->wanted);
}

int xvs_link_has_address(struct xvs_links *links, uint32_t ifindex, const char *address)
{
	struct search search = {0};
	int error = xvs_address_parse(address, &search.wanted);

	error = error ?: xvs_link_addresses(links, ifindex, compare_address, &search);
	return error ?: search.found;
}
