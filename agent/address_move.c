// SPDX-License-Identifier: GPL-2.0-only
/* Putting a set of addresses on a device, taking it off, moving it. */
#include <net/if.h> /* before linux/if_addr.h, by way of linux/rtnetlink.h */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/address_set.h"
#include "agent/log.h"

static void put_label(struct nlmsghdr *header, const char *device, const struct xvs_item *item)
{
	char label[2 * IFNAMSIZ];

	if (item->family != AF_INET)
		return;
	snprintf(label, sizeof(label), "%s%s", item->own_label ? device : "", item->label);
	/* one that is too long for the new name is left to the kernel */
	mnl_attr_put_strz(header, IFA_LABEL, strlen(label) < IFNAMSIZ ? label : device);
}

static void put_address(
	struct nlmsghdr *header, const char *device, const struct xvs_item *item, uint32_t flags)
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
static void start_item(struct xvs_request *request, const struct xvs_item *item, uint32_t ifindex,
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

static int put_item(
	const struct place *to, const struct xvs_item *item, uint16_t how, uint32_t flags)
{
	struct xvs_request request;

	start_item(&request, item, to->ifindex, item->type, how);
	if (item->type == RTM_NEWADDR)
		put_address(&request.header, to->name, item, flags);
	else if (item->type == RTM_NEWROUTE && item->valid != XVS_FOREVER)
		mnl_attr_put_u32(&request.header, RTA_EXPIRES, item->valid);
	return xvs_netlink_command(&to->links->requests, &request);
}

static int add_address(const struct place *to, const struct xvs_item *item)
{
	uint32_t quick = item->family == AF_INET6 ? IFA_F_NODAD : 0;
	int error = put_item(to, item, NLM_F_CREATE | NLM_F_EXCL, item->flags | quick);

	if (!error && quick & ~item->flags) /* by and by it is as it was */
		error = put_item(to, item, NLM_F_REPLACE, item->flags);
	return error;
}

static int add_item(const struct place *to, const struct xvs_item *item)
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

static enum phase phase_of(const struct xvs_item *item)
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
		const struct xvs_item *item = set->item[i];

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

static int remove_item(struct xvs_links *links, const struct xvs_item *item, uint32_t ifindex)
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
			const struct xvs_item *item = set->item[i];
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

/* Does the prefix of `a` hold `b`? */
static bool in_prefix(const struct xvs_address *a, const struct xvs_address *b)
{
	uint8_t whole = a->length / 8, rest = a->length % 8;

	if (a->family != b->family || a->length > 8 * a->size)
		return false;
	return !memcmp(a->bytes, b->bytes, whole) &&
	       (!rest || !((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest)));
}

static bool is_listed(const struct xvs_item *item, const struct xvs_address *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (xvs_address_same(&item->address, &list[i]) &&
			item->address.length == list[i].length)
			return true;
	return false;
}

/* A move: what moves, what stays, what is on the other device already. */
struct move {
	struct xvs_links *links;
	uint32_t from, to;
	struct xvs_addresses *moving, *staying, *before;
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
static bool stays(const struct move *move, const struct xvs_item *item)
{
	const struct nlattr *table[XVS_ATTRIBUTES_LAST + 1];
	struct xvs_address beyond; /* gateway, or the neighbour's address */

	if (!has_family(move->staying, item->family))
		return false;
	if (!has_family(move->moving, item->family))
		return true;
	if (item->address.size)
		return of_some_address(move->staying, &item->address, xvs_address_same);
	xvs_attrs_index((const char *)item->body + item->head, item->size - item->head, table,
		XVS_ATTRIBUTES_LAST);
	if (!xvs_address_read(table[item->type == RTM_NEWNEIGH ? NDA_DST : RTA_GATEWAY],
		    item->family, 0, &beyond))
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
			struct xvs_item *item = all->item[i];
			bool stay;
			int error;

			if (!item || (item->type == RTM_NEWADDR) != addresses)
				continue;
			stay = addresses ? is_listed(item, list, count) : stays(move, item);
			all->item[i] = NULL;
			error = xvs_addresses_append(stay ? move->staying : move->moving, item);
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

int xvs_addresses_restore(struct xvs_links *links, const struct xvs_addresses *set,
	uint32_t ifindex, const char *const *except)
{
	struct xvs_address *list;
	struct place to;
	size_t count;
	int error = parse_list(except, &list, &count);

	if (error)
		return error;
	error = find_place(links, ifindex, &to);
	for (enum phase phase = 0; !error && phase < PHASES; phase++)
		for (size_t i = 0; i < set->count; i++)
			if (phase_of(set->item[i]) == phase &&
				(phase != ADDRESSES || !is_listed(set->item[i], list, count)))
				add_item(&to, set->item[i]);
	free(list);
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
	}
	if (!error && (!move->moving || !move->staying))
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
		move->moving->item[i]->there =
			xvs_addresses_find(move->before, move->moving->item[i]);
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

	error = error ?: xvs_addresses_remove(move->links, move->moving, move->from);
	error = error ?: xvs_addresses_add(move->links, move->staying, move->from);
	error = error ?: xvs_addresses_add(move->links, move->moving, move->to);
	error = error ?: xvs_addresses_add(move->links, move->before, move->to);
	if (error)
		put_back(move);
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
	return error;
}
