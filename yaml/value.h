/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mappings described by tables, and the values that several of them have. What is wrong is
 * reported and reading goes on; every function returns 0, -EINVAL (reported) or -ENOMEM, and
 * leaves its target untouched unless it returns 0.
 */
#ifndef XVS_YAML_VALUE_H
#define XVS_YAML_VALUE_H

#include "yaml/reader.h"

struct xvs_reading {
	struct xvs_report *report;
	struct xvs_config *config;
};

struct xvs_key;
typedef int (*xvs_read_t)(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target);

/* One key of a mapping. A table ends with one that has no name. */
struct xvs_key {
	const char *name;
	xvs_read_t read;
	size_t offset; /* in the object, of what `read` fills */
	const char *required; /* what to write where the key is missing; NULL = may be missing */
	uint32_t min, max; /* numbers and durations (seconds): the range */
	const char *const *words; /* xvs_read_word: the values of the enum, NULL at the end */
	const struct xvs_key
		*keys; /* of the mapping that is the value; NULL = it has no own keys */
	const char *instead[5]; /* keys beside it that it cannot stand with */
	bool open; /* the value is a mapping with keys of anybody's choice */
};

#define XVS_KEY_MAX 16 /* keys of one table */

/* For tables: what fills `member` of `type`; what fills several members, or none. */
#define XVS_KEY(word, function, type, member, ...)                                                 \
	{                                                                                          \
		.name = word, .read = function, .offset = offsetof(type, member), __VA_ARGS__      \
	}
#define XVS_KEY_WHOLE(word, function, ...)                                                         \
	{                                                                                          \
		.name = word, .read = function, __VA_ARGS__                                        \
	}

/*
 * Reads the mapping `owner->value` into `object` as `keys` say. Unknown, missing and bad keys are
 * all reported.
 */
int xvs_read_keys(struct xvs_reading *reading, const struct xvs_pair *owner,
	const struct xvs_key *keys, void *object);

/* The same for an item of the list `name`, which has no key of its own. */
int xvs_read_item_keys(struct xvs_reading *reading, const char *name, const struct xvs_node *node,
	const struct xvs_key *keys, void *object);

/* Reads each item of `list`, the value of `key`. */
typedef int (*xvs_read_item_t)(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_node *node, void *target);
int xvs_read_items(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_node *list, xvs_read_item_t read, void *target);

/* The key that `name` names. NULL: there is none, reported. */
const struct xvs_key *xvs_find_key(
	struct xvs_reading *reading, const struct xvs_key *keys, const struct xvs_node *name);

/* The worse of two results, to go on after a problem: no memory, then invalid, then 0. */
int xvs_worse(int a, int b);

/* 0 if `node` is of this kind (a list or a mapping). */
int xvs_want(struct xvs_reading *reading, const char *name, const struct xvs_node *node,
	enum xvs_node_kind kind);

/* The text of a single value, or NULL if it is none. */
const char *xvs_want_text(
	struct xvs_reading *reading, const char *name, const struct xvs_node *node);

/* For `read` in tables. The comment says what the target is. */
int xvs_read_number(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* uint32_t */
int xvs_read_number16(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* uint16_t */
int xvs_read_seconds(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* uint32_t, from a duration with unit */
int xvs_read_bool(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* bool */
int xvs_read_word(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* an enum */
int xvs_read_name(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* char[XVS_NAME_SIZE] */
int xvs_read_interface(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* char[IFNAMSIZ], a name or pattern */
int xvs_read_mac(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* struct xvs_mac */
int xvs_read_mac_setting(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* struct xvs_mac_setting */

/* A switch's or port's name. */
int xvs_check_name(struct xvs_reading *reading, const struct xvs_node *node);
/* "192.0.2.1/24", "2001:db8::1/64". */
#define XVS_ADDRESS_SIZE 52 /* INET6_ADDRSTRLEN and "/128" */
/* ADDRESS/LENGTH, in its one usual spelling, so that equal ones compare equal. */
int xvs_read_address(struct xvs_reading *reading, const char *name, const struct xvs_node *node,
	char ret[XVS_ADDRESS_SIZE]);

/* In yaml/ip.c. */
int xvs_read_station(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* struct xvs_prefix, a station's address */
int xvs_read_group(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* struct xvs_prefix, a multicast address */
int xvs_read_prefix(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* struct xvs_prefix, IPv4 or IPv6 */
/* Reports that bits are set behind the prefix that `text` gives. -EINVAL. */
int xvs_refuse_host_bits(struct xvs_reading *reading, const struct xvs_place *place,
	const char *text, const struct xvs_prefix *prefix);

/* In yaml/vlan.c. */
extern const struct xvs_key xvs_vlan_keys[];
int xvs_read_vlan(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* struct xvs_vlan_setting */
int xvs_read_host_vlan(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* struct xvs_vlan_setting */

/* In yaml/route.c: lists of routes. */
int xvs_read_provider_routes(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* struct xvs_host_port */
int xvs_read_customer_routes(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* struct xvs_network */

/* In yaml/acl.c. */
int xvs_read_acl_setting(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* struct xvs_port_setting */
int xvs_read_port_acl_setting(struct xvs_reading *reading, const struct xvs_key *key,
	const struct xvs_pair *pair, void *target); /* struct xvs_port_setting */

#endif
