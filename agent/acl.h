/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Access control lists of the desired state, as plain data. Local and remote, in and out are meant
 * from the virtual machine's side: what it receives is `in`, its own addresses are `local`.
 *
 * Two kinds of list have the same form:
 *   port ACL      action, MAC address or prefix on one side; the longest prefix wins
 *   extended ACL  any combination of fields, and a weight; the highest weight wins
 */
#ifndef XVS_AGENT_ACL_H
#define XVS_AGENT_ACL_H

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>
#include "agent/report.h"
#include "maps/limits.h"

#define XVS_RULE_WEIGHT_MAX 65535
#define XVS_RULE_IDLE_S 300 /* default of `idle-timeout` */
#define XVS_RULE_IDLE_MAX_S 86400

enum xvs_rule_action {
	XVS_RULE_ALLOW,
	XVS_RULE_DENY,
	XVS_RULE_METER, /* allow, and count bytes; port ACLs only */
	XVS_RULE_ACTION_MAX,
};
extern const char *const xvs_rule_action_words[XVS_RULE_ACTION_MAX + 1];

enum xvs_rule_direction { /* bits */
	XVS_RULE_IN = 1,
	XVS_RULE_OUT = 2,
	XVS_RULE_BOTH = 3, /* port ACLs only */
};

enum xvs_address_family {
	XVS_ADDRESS_ANY, /* IPv4 and IPv6 */
	XVS_ADDRESS_MAC,
	XVS_ADDRESS_IPV4,
	XVS_ADDRESS_IPV6,
};

/* YAML: "10.0.0.0/8", "2001:db8::/32", "02:…", "any", "0.0.0.0/0" (any IPv4). */
struct xvs_prefix {
	enum xvs_address_family family;
	uint8_t length; /* bits: 0..32, 0..128, 48 */
	uint8_t byte[16]; /* in the order of the wire, from the first on; zero behind the prefix */
};

/* YAML: 443, "8000-8999"; 0..65535 is any. */
struct xvs_port_range {
	uint16_t first, last;
};

struct xvs_rule {
	struct xvs_place place;
	char name[XVS_NAME_SIZE]; /* "" = none; unique within the list */
	enum xvs_rule_action action;
	enum xvs_rule_direction direction;
	struct xvs_prefix local, remote;
	/* extended ACLs only, else as by default */
	uint32_t weight; /* 1..65535; unique for a direction of a port */
	int16_t protocol; /* IP protocol 0..255, -1 = any */
	struct xvs_port_range local_port, remote_port; /* with tcp, udp, sctp */
	int16_t icmp_type; /* 0..255, -1 = any; with icmp, icmpv6 */
	int16_t vlan; /* 0..4094, -1 = any */
	bool stateful; /* allow only: answers are allowed too */
	uint32_t idle_s; /* of the state; 1..XVS_RULE_IDLE_MAX_S */
	bool log; /* an event for what it decides, rate-limited */
};

/* A list: YAML `acls.NAME`, `port-acls.NAME`, or a port's own under `acl`, `port-acl`. */
struct xvs_acl {
	char name[XVS_NAME_SIZE]; /* "" = a port's own */
	struct xvs_place place;
	struct xvs_rule *rules; /* owned, in the order of the text */
	size_t count; /* 0..XVS_RULE_MAX */
	UT_hash_handle hh; /* by name */
};

/* NULL: out of memory. */
struct xvs_acl *xvs_acl_new(const char *name);
void xvs_acl_free(struct xvs_acl *acl);
/* A deep copy without places. NULL: out of memory. */
struct xvs_acl *xvs_acl_clone(const struct xvs_acl *acl);
/* NULL is equal to NULL only. Places don't count, the order of rules does. */
bool xvs_acl_equal(const struct xvs_acl *a, const struct xvs_acl *b);

/* A rule that fits everything, as one is before its keys are read. */
extern const struct xvs_rule xvs_rule_default;
/* Places don't count. */
bool xvs_rule_equal(const struct xvs_rule *a, const struct xvs_rule *b);

/* The side that an entry of a port ACL is about; of one that fits everything, `remote`. */
bool xvs_entry_is_local(const struct xvs_rule *entry);
/* An order by side and address, directions and names don't count; 0: both are about the same. */
int xvs_entry_compare(const struct xvs_rule *a, const struct xvs_rule *b);

/* Text as in YAML. -EINVAL: it is none, *ret is untouched. */
int xvs_prefix_parse(const char *text, struct xvs_prefix *ret);
/* The same, but bits behind the prefix may be set. 1: some were; *ret is without them. */
int xvs_prefix_parse_loose(const char *text, struct xvs_prefix *ret);
bool xvs_prefix_equal(const struct xvs_prefix *a, const struct xvs_prefix *b);
#define XVS_PREFIX_TEXT_SIZE 52
/* Writes it to `text` and returns that. */
char *xvs_prefix_format(const struct xvs_prefix *prefix, char text[XVS_PREFIX_TEXT_SIZE]);

/* "tcp", "icmpv6", "47". -EINVAL: none, *ret is untouched. */
int xvs_protocol_parse(const char *text, int16_t *ret);
#define XVS_PROTOCOL_TEXT_SIZE 8
char *xvs_protocol_format(int16_t protocol, char text[XVS_PROTOCOL_TEXT_SIZE]);
/* Do its packets begin with a source and a destination port? */
bool xvs_protocol_has_ports(int16_t protocol);

/* "echo-request", "8", "any"; names are those of `protocol`, ICMP or ICMPv6. */
int xvs_icmp_type_parse(int16_t protocol, const char *text, int16_t *ret);
#define XVS_ICMP_TYPE_TEXT_SIZE 24
char *xvs_icmp_type_format(int16_t protocol, int16_t type, char text[XVS_ICMP_TYPE_TEXT_SIZE]);

/* "443", "8000-8999", "any". */
int xvs_port_range_parse(const char *text, struct xvs_port_range *ret);
#define XVS_PORT_RANGE_TEXT_SIZE 12
char *xvs_port_range_format(
	const struct xvs_port_range *range, char text[XVS_PORT_RANGE_TEXT_SIZE]);
/* Does it leave no port out? */
bool xvs_port_range_is_any(const struct xvs_port_range *range);

#endif
