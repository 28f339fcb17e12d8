// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules are grouped by how much of each field they name, rounded down, so that few hash tables
 * are needed (a table costs every look-up). Where rounding makes a chain too long, a group is
 * divided by what its rules really name; where there are too many groups, two that are much alike
 * become one of what both name.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "agent/policy/compile.h"

#define GOOD_CHAIN 8 /* a longer one is worth another table */
#define GROUPS_MAX 2048 /* to be joined in little time */
#define FILTERED 5 /* tables that are worth a filter */
#define MAPPED_BITS 96 /* of an IPv4 address in front of it */
#define PORT_BITS 16

enum field {
	LOCAL,
	REMOTE,
	LOCAL_PORT,
	REMOTE_PORT,
	PROTOCOL,
	FIELDS,
};

/* How many bits of each field are named; of the protocol 0 or 1. */
struct shape {
	uint8_t bits[FIELDS];
};

struct entry {
	struct xvs_acl_rule rule;
	struct shape shape;
	uint32_t group, hash;
};

struct group {
	struct shape shape;
	uint32_t count, best, longest; /* entries; weight of the heaviest; of the longest chain */
	uint32_t joined; /* without entries: the group that has them */
};

/* One way under construction. */
struct way {
	enum xvs_acl_family family;
	struct entry *entries;
	size_t count;
	struct group *groups;
	size_t group_count;
};

static uint64_t word_at(const uint8_t *byte)
{
	uint64_t word = 0;

	for (int i = 0; i < 8; i++)
		word = word << 8 | byte[i];
	return word;
}

/* As a number of 128 bits, and how many of them count. */
static void put_prefix(const struct xvs_prefix *prefix, __u64 ret[2], uint8_t *ret_length)
{
	ret[0] = word_at(prefix->byte);
	ret[1] = word_at(prefix->byte + 8);
	*ret_length = prefix->length;
	if (prefix->family != XVS_ADDRESS_IPV4)
		return;
	ret[1] = 0xffffull << 32 | ret[0] >> 32;
	ret[0] = 0;
	*ret_length = MAPPED_BITS + prefix->length;
}

static uint8_t common_bits(const struct xvs_port_range *range)
{
	uint16_t differ = range->first ^ range->last;

	return differ ? PORT_BITS - (32 - __builtin_clz(differ)) : PORT_BITS;
}

static void round_shape(struct shape *shape, enum xvs_acl_family family)
{
	int step = family == XVS_ACL_IPV6 ? 16 : 8;

	for (int i = LOCAL; i <= REMOTE; i++)
		if (family == XVS_ACL_IPV4 && shape->bits[i] < MAPPED_BITS + step)
			shape->bits[i] = 0;
		else if (family != XVS_ACL_MAC)
			shape->bits[i] -= shape->bits[i] % step;
	for (int i = LOCAL_PORT; i <= REMOTE_PORT; i++)
		shape->bits[i] -= shape->bits[i] % 8;
}

/* The longest prefix first, of two alike the one that denies, then the one that counts. */
static uint32_t port_weight(const struct xvs_rule *rule)
{
	static const uint32_t rank[] = {
		[XVS_RULE_ALLOW] = 1, [XVS_RULE_METER] = 2, [XVS_RULE_DENY] = 3};

	return (rule->local.length + rule->remote.length) * 4u + rank[rule->action];
}

static void put_entry(
	const struct xvs_rule *rule, uint32_t index, enum xvs_acl_kind kind, struct entry *ret)
{
	struct xvs_port_range local = rule->local_port, remote = rule->remote_port;
	struct xvs_acl_rule *is = &ret->rule;

	if (rule->icmp_type >= 0)
		local = remote = (struct xvs_port_range){rule->icmp_type, rule->icmp_type};
	*is = (struct xvs_acl_rule){
		.flags = (rule->action == XVS_RULE_DENY ? XVS_ACL_DENY : 0) |
			 (rule->stateful ? XVS_ACL_STATEFUL : 0) | (rule->log ? XVS_ACL_LOG : 0) |
			 (rule->protocol < 0 ? XVS_ACL_ANY_PROTOCOL : 0),
		.local_first = local.first,
		.local_last = local.last,
		.remote_first = remote.first,
		.remote_last = remote.last,
		.vlan = rule->vlan < 0 ? XVS_ACL_ANY_VLAN : rule->vlan,
		.protocol = rule->protocol < 0 ? 0 : rule->protocol,
		.weight = kind == XVS_ACL_PORT ? port_weight(rule) : rule->weight,
		.index = index,
		.idle_s = rule->stateful ? rule->idle_s : 0,
	};
	put_prefix(&rule->local, is->local, &is->local_length);
	put_prefix(&rule->remote, is->remote, &is->remote_length);
	ret->shape = (struct shape){{is->local_length, is->remote_length, common_bits(&local),
		common_bits(&remote), rule->protocol >= 0}};
}

static bool is_of_family(const struct xvs_rule *rule, enum xvs_acl_family family)
{
	static const enum xvs_acl_family of[] = {[XVS_ADDRESS_MAC] = XVS_ACL_MAC,
		[XVS_ADDRESS_IPV4] = XVS_ACL_IPV4,
		[XVS_ADDRESS_IPV6] = XVS_ACL_IPV6};
	enum xvs_address_family has = rule->local.family ?: rule->remote.family;

	if (has != XVS_ADDRESS_ANY)
		return of[has] == family;
	if (rule->protocol == IPPROTO_ICMP)
		return family == XVS_ACL_IPV4;
	if (rule->protocol == IPPROTO_ICMPV6)
		return family == XVS_ACL_IPV6;
	return family != XVS_ACL_MAC;
}

static int collect(const struct xvs_acl *acl, enum xvs_acl_kind kind,
	enum xvs_acl_direction direction, struct way *ret)
{
	unsigned int bit = direction == XVS_ACL_IN ? XVS_RULE_IN : XVS_RULE_OUT;

	ret->entries = calloc(acl->count + 1, sizeof(*ret->entries));
	if (!ret->entries)
		return -ENOMEM;
	for (size_t i = 0; i < acl->count; i++)
		if ((acl->rules[i].direction & bit) && is_of_family(&acl->rules[i], ret->family))
			put_entry(&acl->rules[i], i, kind, &ret->entries[ret->count++]);
	return 0;
}

/* An entry and the shape of the group that it is to be in. */
struct placing {
	struct shape shape;
	uint32_t entry;
};

static int compare_placings(const void *left, const void *right)
{
	return memcmp(left, right, sizeof(struct shape)); /* the first member */
}

/* Sorts, so that those of one group follow each other. Returns how many groups that makes. */
static size_t sort_placings(struct placing *placings, size_t count)
{
	size_t groups = 0;

	qsort(placings, count, sizeof(*placings), compare_placings);
	for (size_t i = 0; i < count; i++)
		groups += !i || compare_placings(&placings[i - 1], &placings[i]);
	return groups;
}

/* Makes the groups, behind those that are there. `placings` are sorted. */
static int place(struct way *way, const struct placing *placings, size_t count, size_t groups)
{
	struct group *grown =
		realloc(way->groups, (way->group_count + groups + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	way->groups = grown;
	for (size_t i = 0; i < count; i++) {
		if (!i || compare_placings(&placings[i - 1], &placings[i]))
			grown[way->group_count++] = (struct group){.shape = placings[i].shape};
		way->entries[placings[i].entry].group = way->group_count - 1;
	}
	return 0;
}

static struct xvs_acl_tuple mask_of(const struct shape *shape)
{
	const uint8_t *bits = shape->bits;
	uint64_t local_port = 0xffff0000u >> bits[LOCAL_PORT] & 0xffff;
	uint64_t remote_port = 0xffff0000u >> bits[REMOTE_PORT] & 0xffff;

	return (struct xvs_acl_tuple){
		.local = {xvs_acl_mask(bits[LOCAL], 0), xvs_acl_mask(bits[LOCAL], 1)},
		.remote = {xvs_acl_mask(bits[REMOTE], 0), xvs_acl_mask(bits[REMOTE], 1)},
		.rest = local_port | remote_port << 16 | (bits[PROTOCOL] ? 0xffull << 32 : 0),
	};
}

static uint32_t hash_of(const struct xvs_acl_rule *rule, const struct xvs_acl_tuple *mask,
	enum xvs_acl_family family)
{
	uint64_t rest = rule->local_first | (uint64_t)rule->remote_first << 16 |
			(uint64_t)rule->protocol << 32;
	struct xvs_acl_tuple tuple = {
		.local = {rule->local[0], rule->local[1]},
		.remote = {rule->remote[0], rule->remote[1]},
		.rest = rest,
	};

	return xvs_acl_hash(&tuple, mask, family);
}

static uint32_t bucket_count(uint32_t rules)
{
	uint32_t count = XVS_ACL_BUCKETS;

	while (count < 2 * rules)
		count *= 2;
	return count;
}

static uint32_t bucket_of(const struct way *way, const struct entry *entry)
{
	return entry->hash & (bucket_count(way->groups[entry->group].count) - 1);
}

/* Counts what is in each group, and hashes. */
static void measure(struct way *way)
{
	struct xvs_acl_tuple mask;

	for (size_t i = 0; i < way->group_count; i++)
		way->groups[i].count = way->groups[i].best = way->groups[i].longest = 0;
	for (size_t i = 0; i < way->count; i++) {
		struct entry *entry = &way->entries[i];
		struct group *group = &way->groups[entry->group];

		mask = mask_of(&group->shape);
		entry->hash = hash_of(&entry->rule, &mask, way->family);
		group->count++;
		if (entry->rule.weight > group->best)
			group->best = entry->rule.weight;
	}
}

struct order {
	uint32_t group, bucket;
	const struct entry *entry;
};

static int compare_order(const void *left, const void *right)
{
	const struct order *a = left, *b = right;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (a->bucket != b->bucket)
		return a->bucket < b->bucket ? -1 : 1;
	if (a->entry->rule.weight != b->entry->rule.weight)
		return a->entry->rule.weight > b->entry->rule.weight ? -1 : 1;
	return a->entry->rule.index < b->entry->rule.index
		       ? -1
		       : a->entry->rule.index > b->entry->rule.index;
}

/* The entries by group, bucket and weight; also the longest chain of each group. */
static struct order *sort(struct way *way)
{
	struct order *order = calloc(way->count + 1, sizeof(*order));
	uint32_t length = 0;

	if (!order)
		return NULL;
	for (size_t i = 0; i < way->count; i++)
		order[i] = (struct order){
			way->entries[i].group, bucket_of(way, &way->entries[i]), &way->entries[i]};
	qsort(order, way->count, sizeof(*order), compare_order);
	for (size_t i = 0; i < way->count; i++) {
		bool same = i && order[i].group == order[i - 1].group &&
			    order[i].bucket == order[i - 1].bucket;
		struct group *group = &way->groups[order[i].group];

		length = same ? length + 1 : 1;
		if (length > group->longest)
			group->longest = length;
	}
	return order;
}

static int group_rounded(struct way *way)
{
	struct placing *placings = calloc(way->count + 1, sizeof(*placings));
	int error;

	if (!placings)
		return -ENOMEM;
	for (size_t i = 0; i < way->count; i++) {
		placings[i] = (struct placing){way->entries[i].shape, i};
		round_shape(&placings[i].shape, way->family);
	}
	error = place(way, placings, way->count, sort_placings(placings, way->count));
	free(placings);
	return error;
}

/* Groups with long chains become groups of what their rules name, if these are not too many. */
static int divide(struct way *way)
{
	struct placing *placings = calloc(way->count + 1, sizeof(*placings));
	size_t count = 0, groups;
	int error = 0;

	if (!placings)
		return -ENOMEM;
	for (size_t i = 0; i < way->count; i++)
		if (way->groups[way->entries[i].group].longest > GOOD_CHAIN)
			placings[count++] = (struct placing){way->entries[i].shape, i};
	groups = sort_placings(placings, count);
	if (groups <= GROUPS_MAX)
		error = place(way, placings, count, groups);
	free(placings);
	return error;
}

/* How much of what they name two groups would lose as one; addresses count by the bit. */
static uint32_t loss(const struct group *a, const struct group *b)
{
	uint32_t sum = 0;

	for (int i = 0; i < FIELDS; i++) {
		uint32_t weight = i == PROTOCOL ? 4 : 1;
		int differ = a->shape.bits[i] - b->shape.bits[i];

		sum += weight * (differ > 0 ? differ * a->count : -differ * b->count);
	}
	return sum;
}

/* Two groups become one. The one that goes has no entries then, but tells where they are. */
static void join(struct group *into, struct group *gone, uint32_t place)
{
	for (int i = 0; i < FIELDS; i++)
		if (gone->shape.bits[i] < into->shape.bits[i])
			into->shape.bits[i] = gone->shape.bits[i];
	into->count += gone->count;
	gone->count = 0;
	gone->joined = place;
}

/* The smallest group, and the one that is most like it. */
static void join_most_alike(struct way *way)
{
	struct group *groups = way->groups;
	uint32_t smallest = UINT32_MAX, with = 0, least = UINT32_MAX;

	for (uint32_t i = 0; i < way->group_count; i++)
		if (groups[i].count &&
			(smallest == UINT32_MAX || groups[i].count < groups[smallest].count))
			smallest = i;
	for (uint32_t i = 0; i < way->group_count; i++) {
		uint32_t is = i == smallest || !groups[i].count
				      ? UINT32_MAX
				      : loss(&groups[i], &groups[smallest]);

		if (is < least) {
			least = is;
			with = i;
		}
	}
	join(&groups[with], &groups[smallest], with);
}

/* Joins groups until there are few enough for a table each. */
static void join_groups(struct way *way)
{
	uint32_t *group;

	for (size_t left = way->group_count; left > XVS_ACL_TABLES_MAX; left--)
		join_most_alike(way);
	for (size_t i = 0; i < way->count; i++)
		for (group = &way->entries[i].group; !way->groups[*group].count;)
			*group = way->groups[*group].joined;
}

/* Drops groups without entries. */
static int pack(struct way *way)
{
	uint32_t *place = calloc(way->group_count + 1, sizeof(*place)), count = 0;

	if (!place)
		return -ENOMEM;
	for (size_t i = 0; i < way->group_count; i++) {
		place[i] = count;
		if (way->groups[i].count)
			way->groups[count++] = way->groups[i];
	}
	for (size_t i = 0; i < way->count; i++)
		way->entries[i].group = place[way->entries[i].group];
	way->group_count = count;
	free(place);
	return 0;
}

/* Puts every entry into a group, XVS_ACL_TABLES_MAX at most, and gives their order. */
static int group(struct way *way, struct order **ret)
{
	int error = group_rounded(way);

	if (error)
		return error;
	measure(way);
	free(sort(way)); /* for the longest chains */
	error = divide(way);
	measure(way);
	error = error ?: pack(way);
	if (error)
		return error;
	join_groups(way);
	error = pack(way);
	measure(way);
	*ret = error ? NULL : sort(way);
	return *ret ? 0 : -ENOMEM;
}

/* A list under construction. */
struct builder {
	struct xvs_acl_image image;
	uint32_t room;
};

/* The first of `count` new elements, all zero; 0: out of memory. Pointers into the image move. */
static uint32_t grow(struct builder *builder, uint32_t count)
{
	uint32_t first = builder->image.count;
	struct xvs_acl_element *grown;

	if (count > XVS_ACL_ELEMENTS_MAX - first)
		return 0;
	if (first + count > builder->room) {
		builder->room = 2 * (first + count);
		grown = realloc(builder->image.element, builder->room * sizeof(*grown));
		if (!grown)
			return 0;
		builder->image.element = grown;
	}
	memset(&builder->image.element[first], 0, count * sizeof(struct xvs_acl_element));
	builder->image.count += count;
	return first;
}

/* The same, in one page if there are no more than it has, or from its beginning on. */
static uint32_t grow_whole(struct builder *builder, uint32_t count)
{
	uint32_t left = -builder->image.count % XVS_ACL_PAGE;

	if (count > left && left && !grow(builder, left))
		return 0;
	return grow(builder, count);
}

static struct xvs_acl_bucket *bucket_at(struct builder *builder, uint32_t first, uint32_t bucket)
{
	struct xvs_acl_element *element = &builder->image.element[first + bucket / XVS_ACL_BUCKETS];

	return &element->bucket[bucket % XVS_ACL_BUCKETS];
}

/* Writes the group's buckets and rules. `order` begins with its entries. */
static int put_group(struct builder *builder, const struct group *group, const struct order *order,
	uint32_t table, size_t *ret_rule)
{
	uint32_t buckets = bucket_count(group->count);
	uint32_t first = grow(builder, buckets / XVS_ACL_BUCKETS);
	uint32_t rules = first ? grow(builder, group->count) : 0;

	if (!rules)
		return -ENOMEM;
	builder->image.element[table].table = (struct xvs_acl_table){
		.mask = mask_of(&group->shape),
		.buckets = first,
		.bucket_mask = buckets - 1,
		.best = group->best,
	};
	for (uint32_t i = 0; i < group->count; i++) {
		struct xvs_acl_bucket *bucket = bucket_at(builder, first, order[i].bucket);

		if (!bucket->count)
			bucket->first = rules + i;
		if (++bucket->count > XVS_ACL_CHAIN_MAX) {
			*ret_rule = order[i].entry->rule.index;
			return -E2BIG;
		}
		builder->image.element[rules + i].rule = order[i].entry->rule;
	}
	return 0;
}

/* Writes the way's filter. Its first element, or 0: out of memory. */
static uint32_t put_filter(struct builder *builder, const struct way *way)
{
	uint32_t first = grow_whole(builder, XVS_ACL_PAGE);

	for (size_t i = 0; first && i < way->count; i++) {
		uint32_t bit = way->entries[i].hash >> XVS_ACL_FILTER_SHIFT, word = bit / 64;

		builder->image.element[first + word / XVS_ACL_FILTER_WORDS]
			.filter[word % XVS_ACL_FILTER_WORDS] |= 1ull << bit % 64;
	}
	return first;
}

struct heaviest {
	uint32_t best, group;
};

static int compare_heaviest(const void *left, const void *right)
{
	const struct heaviest *a = left, *b = right;

	if (a->best != b->best)
		return a->best > b->best ? -1 : 1;
	return a->group < b->group ? -1 : a->group > b->group;
}

/* Writes the tables of a way, the one with the heaviest rule first. */
static int put_way(struct builder *builder, const struct way *way, const struct order *order,
	struct xvs_acl_way *ret, size_t *ret_rule)
{
	struct heaviest by_weight[XVS_ACL_TABLES_MAX];
	uint32_t starts[XVS_ACL_TABLES_MAX], start = 0, tables;
	int error = 0;

	ret->count = way->group_count;
	if (!way->group_count)
		return 0;
	for (uint32_t i = 0; i < way->group_count; i++) {
		by_weight[i] = (struct heaviest){way->groups[i].best, i};
		starts[i] = start;
		start += way->groups[i].count;
	}
	qsort(by_weight, way->group_count, sizeof(*by_weight), compare_heaviest);
	tables = grow_whole(builder, way->group_count);
	ret->filter = way->group_count < FILTERED ? 0 : put_filter(builder, way);
	if (!tables || (way->group_count >= FILTERED && !ret->filter))
		return -ENOMEM;
	ret->first = tables;
	for (uint32_t i = 0; !error && i < way->group_count; i++) {
		uint32_t is = by_weight[i].group;

		error = put_group(
			builder, &way->groups[is], order + starts[is], tables + i, ret_rule);
	}
	return error;
}

static void way_clear(struct way *way)
{
	free(way->entries);
	free(way->groups);
}

/* One direction and family. */
static int compile_way(struct builder *builder, const struct xvs_acl *acl, enum xvs_acl_kind kind,
	enum xvs_acl_direction direction, enum xvs_acl_family family, size_t *ret_rule)
{
	struct xvs_acl_way placed = {0};
	struct order *order = NULL;
	struct way way = {.family = family};
	bool ports = false;
	int error = collect(acl, kind, direction, &way);

	error = error ?: group(&way, &order);
	error = error ?: put_way(builder, &way, order, &placed, ret_rule);
	for (size_t i = 0; i < way.count; i++)
		ports |= way.entries[i].rule.local_first || way.entries[i].rule.remote_first ||
			 way.entries[i].rule.local_last != UINT16_MAX ||
			 way.entries[i].rule.remote_last != UINT16_MAX;
	if (!error) {
		builder->image.head->way[direction][family] = placed;
		builder->image.head->has_ports[direction] |= ports << family;
	}
	free(order);
	way_clear(&way);
	return error;
}

/* One for each CPU, if that does not take too much. */
static uint8_t stripe_bits_for(uint32_t cpus, size_t rules)
{
	uint8_t bits = 0;

	while (1u << bits < cpus && bits < XVS_ACL_STRIPE_BITS_MAX &&
		rules << (bits + 1) <= XVS_ACL_COUNTERS_MAX)
		bits++;
	return bits;
}

static int put_counters(struct builder *builder, size_t rules, uint32_t cpus)
{
	const struct xvs_acl_head size = {.stripe_bits = stripe_bits_for(cpus, rules)};
	uint32_t fours = (rules + XVS_ACL_COUNTERS - 1) / XVS_ACL_COUNTERS;
	uint32_t first = grow(builder, fours * xvs_acl_stripes(&size));
	struct xvs_acl_head *head;

	if (!first)
		return -ENOMEM;
	head = builder->image.head;
	head->rules = rules;
	head->counters = first;
	head->stripe_bits = size.stripe_bits;
	head->shared = cpus > 1u << size.stripe_bits;
	return 0;
}

/* Up to the end of a page. */
static int fill_page(struct builder *builder)
{
	uint32_t left = -builder->image.count % XVS_ACL_PAGE;

	return left && !grow(builder, left) ? -ENOMEM : 0;
}

int xvs_acl_compile(const struct xvs_acl *acl, enum xvs_acl_kind kind, uint32_t cpus,
	struct xvs_acl_image *ret, size_t *ret_rule)
{
	struct builder builder = {0};
	int error;

	grow(&builder, XVS_ACL_HEAD);
	error = builder.image.element ? 0 : -ENOMEM;
	for (int direction = 0; direction < XVS_ACL_DIRECTIONS; direction++)
		for (int family = 0; family < XVS_ACL_FAMILIES; family++)
			error = error
					?: compile_way(&builder, acl, kind, direction, family,
						   ret_rule);
	error = error ?: put_counters(&builder, acl->count, cpus);
	error = error ?: fill_page(&builder);
	if (error) {
		xvs_acl_image_clear(&builder.image);
		return error;
	}
	xvs_acl_digest(acl, kind, builder.image.head->hash);
	*ret = builder.image;
	return 0;
}

void xvs_acl_image_clear(struct xvs_acl_image *image)
{
	free(image->element);
	*image = (struct xvs_acl_image){0};
}

static void digest_word(__u64 digest[2], uint64_t word)
{
	digest[0] = xvs_acl_mix(digest[0], word);
	digest[1] = xvs_acl_mix(digest[1] + 1, digest[0] ^ word << 1);
}

static void digest_rule(__u64 digest[2], const struct xvs_rule *rule)
{
	const struct xvs_prefix *prefixes[] = {&rule->local, &rule->remote};

	for (int i = 0; i < 2; i++) {
		digest_word(digest, word_at(prefixes[i]->byte));
		digest_word(digest, word_at(prefixes[i]->byte + 8));
		digest_word(digest, prefixes[i]->length << 8 | prefixes[i]->family);
	}
	digest_word(digest, (uint64_t)rule->weight << 32 | rule->idle_s);
	digest_word(digest, (uint64_t)rule->local_port.first << 48 |
				    (uint64_t)rule->local_port.last << 32 |
				    rule->remote_port.first << 16 | rule->remote_port.last);
	digest_word(digest, (uint64_t)(uint16_t)rule->protocol << 48 |
				    (uint64_t)(uint16_t)rule->icmp_type << 32 |
				    (uint32_t)(uint16_t)rule->vlan << 16 | rule->action << 8 |
				    rule->direction << 4 | rule->stateful << 1 | rule->log);
}

void xvs_acl_digest(const struct xvs_acl *acl, enum xvs_acl_kind kind, __u64 ret[2])
{
	ret[0] = kind;
	ret[1] = acl->count;
	for (size_t i = 0; i < acl->count; i++)
		digest_rule(ret, &acl->rules[i]);
}

__u64 xvs_acl_rule_digest(const struct xvs_rule *rule)
{
	__u64 digest[2] = {0};

	digest_rule(digest, rule);
	return digest[1];
}
