/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The desired state: what the operator asked for, whole, as plain data. yaml/ makes it from text,
 * features validate and plan from it. Names are unique within their kind. All strings and arrays
 * belong to the object they stand in.
 */
#ifndef XVS_AGENT_MODEL_H
#define XVS_AGENT_MODEL_H

#include <net/if.h>
#include <stdint.h>
#include <uthash.h>
#include "agent/acl.h"
#include "agent/report.h"
#include "maps/layout.h"

#define XVS_MODEL_VERSION 1 /* of the configuration: the key `version` */
#define XVS_MAC_POOL_SIZE 256 /* default */

struct xvs_mac {
	uint8_t byte[XVS_MAC_SIZE];
};

enum xvs_switch_type {
	XVS_SWITCH_PRIVATE, /* guests only */
	XVS_SWITCH_INTERNAL, /* guests and the host */
	XVS_SWITCH_EXTERNAL, /* guests, the host if it has a host port, and the wire */
	XVS_SWITCH_TYPE_MAX,
};

enum xvs_xdp_mode {
	XVS_XDP_AUTO, /* native on a NIC that can, nothing on veth and tap */
	XVS_XDP_NATIVE, /* native, or a complaint in status */
	XVS_XDP_GENERIC, /* skb mode: for tests, slower than TC */
	XVS_XDP_OFF,
	XVS_XDP_MODE_MAX,
};

enum xvs_mac_source {
	XVS_MAC_NONE, /* no address of its own: whatever the guest uses is learned */
	XVS_MAC_POOL, /* from the MAC pool */
	XVS_MAC_GIVEN, /* `mac`, which lies outside the pool */
	XVS_MAC_SOURCE_MAX,
};

/* YAML: `mac: pool` or `mac: 02:…`. */
struct xvs_mac_setting {
	enum xvs_mac_source source;
	struct xvs_mac mac; /* XVS_MAC_GIVEN */
};

/*
 * YAML: `vlan: untagged`, `vlan: {access: 100}`, `vlan: {trunk: [10, 20-29], native: 1}`,
 * `vlan: {isolated: {primary: 100, secondary: 101}}`, the same with `community`,
 * `vlan: {promiscuous: {primary: 100, secondaries: [101, 110-119]}}`.
 */
struct xvs_vlan_setting {
	enum xvs_vlan_mode mode;
	uint16_t id; /* of what it sends untagged: 1..4094; trunk: the native VLAN, 0..4094 */
	uint16_t primary; /* private VLANs: 1..4094, else 0 */
	struct xvs_vlan_set *allowed; /* trunk with a list, NULL = all; promiscuous. Owned */
};

/* YAML: switches.NAME.host-port.routes[]: a route of the kernel on the host port's interface. */
struct xvs_provider_route {
	struct xvs_place place;
	struct xvs_prefix to; /* IPv4 or IPv6 */
	struct xvs_prefix via; /* a whole address of the same family */
	uint32_t metric; /* 0 = the kernel's default */
};

/* YAML: switches.NAME.host-port. */
struct xvs_host_port {
	bool present;
	struct xvs_place place;
	char interface[IFNAMSIZ]; /* on the host's side; default: the switch's name */
	struct xvs_vlan_setting vlan; /* untagged or access; YAML: `vlan: 10` */
	struct xvs_mac_setting mac; /* default: from the pool */
	char **addresses; /* "192.0.2.1/24", "2001:db8::1/64"; owned, also each of them */
	size_t address_count;
	bool take_addresses; /* the uplink's own addresses and routes move here; default off */
	bool provider; /* its addresses are provider addresses of virtual networks; default off */
	struct xvs_provider_route *routes; /* how to other provider addresses; owned */
	size_t route_count;
};

/* YAML: switches.NAME.static-entries[]. */
struct xvs_static_entry {
	struct xvs_place place;
	struct xvs_mac mac;
	uint16_t vlan; /* 0..4094 */
	char port[XVS_NAME_SIZE]; /* a port of this switch, or "uplink", or "host" */
};

/* A setting of an extension, as it was written; the extension's object says what it may be. */
struct xvs_extension_value {
	struct xvs_place place; /* of the value */
	char *name, *text; /* owned */
};

/*
 * YAML: switches.NAME.extensions[], the first one is the topmost of its kind, the first that a
 * frame meets on its way in; ports.NAME.extensions[], where a port has something else than its
 * switch.
 */
struct xvs_extension_use {
	struct xvs_place place;
	char name[XVS_NAME_SIZE]; /* of `extensions` */
	int enabled; /* 1, 0; -1 = not told: off at a switch, as at its switch at a port */
	struct xvs_extension_value *values; /* YAML: `settings`. Owned, as what stands in them */
	size_t value_count;
};

/* YAML: extensions.NAME. */
struct xvs_extension_file {
	char name[XVS_NAME_SIZE];
	struct xvs_place place;
	char *file; /* absolute path of the object; owned */
	/* SHA-256 in hex of what was in the file when the configuration was judged; "" = not yet */
	char digest[65];
	UT_hash_handle hh; /* by name */
};

/* YAML: switches.NAME. */
struct xvs_switch {
	char name[XVS_NAME_SIZE];
	struct xvs_place place;
	enum xvs_switch_type type;
	char uplink[IFNAMSIZ]; /* external only; "" = none */
	enum xvs_xdp_mode xdp; /* of the uplink */
	struct xvs_host_port host_port;
	uint32_t ageing_s; /* 10..1000000, default 300 */
	uint32_t mac_table_size; /* XVS_FDB_SIZE_MIN..MAX, default XVS_FDB_SIZE_DEFAULT */
	struct xvs_static_entry *static_entries; /* owned */
	size_t static_entry_count;
	struct xvs_extension_use *extensions; /* 0..XVS_EXTENSIONS_MAX; owned */
	size_t extension_count;
	bool certified_extensions; /* no others; default off */
	UT_hash_handle hh; /* by name */
};

/* How a port finds its device. Exactly one of the three is set. */
struct xvs_match {
	char interface[IFNAMSIZ]; /* YAML: `interface: tap0` */
	char name_pattern[IFNAMSIZ]; /* YAML: `match: {name: "vnet*"}`, as in fnmatch(3) */
	bool by_mac; /* YAML: `match: {mac: 52:54:…}` */
	struct xvs_mac mac; /* the device's, or its guest's where libvirt set byte 0 to fe */
};

/* YAML: ports.NAME.security. */
struct xvs_security {
	bool mac_spoofing; /* any source MAC address; default off. Without `mac` it has no effect */
	bool teaming; /* source addresses of the VM's other ports too; default off */
	bool dhcp_guard, router_guard; /* default off */
	bool address_guard; /* ARP and ND senders: `addresses`, and as many learned; default off */
	struct xvs_prefix *addresses; /* whole addresses; owned */
	size_t address_count; /* 0..XVS_PORT_ADDRESS_MAX */
	uint16_t address_limit; /* how many are learned; 0..XVS_PORT_ADDRESS_MAX, default 0 */
	int64_t storm_limit; /* packets a second, 0 = none; -1 (default): as of the switch */
};

/* YAML: ports.NAME. */
struct xvs_port_setting {
	char name[XVS_NAME_SIZE];
	struct xvs_place place;
	char switch_name[XVS_NAME_SIZE];
	struct xvs_match match;
	struct xvs_vlan_setting vlan; /* default: untagged */
	struct xvs_mac_setting mac; /* default: none */
	bool priority_tag; /* keep 802.1p; default off */
	uint32_t learning_limit; /* 0 = none (default) .. XVS_FDB_SIZE_MAX */
	char vm[XVS_NAME_SIZE]; /* whose port it is; "" = not told */
	struct xvs_security security;
	char mirror_to[XVS_NAME_SIZE]; /* YAML: `mirror`; a port of the same switch; "" = none */
	char acl_name[XVS_NAME_SIZE], port_acl_name[XVS_NAME_SIZE]; /* of the lists; "" = none */
	struct xvs_acl *acl, *port_acl; /* its own lists instead; NULL = none. Owned */
	bool acl_strict; /* a TCP connection with state begins with a SYN; default off */
	uint32_t flow_limit; /* 0..XVS_FLOW_MAX, default XVS_FLOW_LIMIT_DEFAULT */
	struct xvs_extension_use *extensions; /* each one is its switch's too; owned */
	size_t extension_count;
	uint32_t vsid; /* its virtual subnet; 0 = in none. `vlan` is untagged then */
	UT_hash_handle hh; /* by name */
};

/* YAML: networks.NAME.subnets.NAME. */
struct xvs_subnet_setting {
	char name[XVS_NAME_SIZE]; /* unique within the network */
	struct xvs_place place;
	uint32_t vsid; /* XVS_VSID_MIN..XVS_VSID_MAX, unique */
	struct xvs_prefix *prefixes; /* customer addresses; no two of a network overlap. Owned */
	size_t prefix_count; /* 1..XVS_SUBNET_PREFIX_MAX */
	struct xvs_prefix group; /* provider multicast group of its broadcasts; family ANY = none */
};
#define XVS_SUBNET_PREFIX_MAX 16

/* YAML: networks.NAME.routes[]: a customer route. */
struct xvs_customer_route {
	struct xvs_place place;
	struct xvs_prefix to;
	struct xvs_prefix via; /* a whole address in a subnet of the network */
	uint32_t metric; /* the lowest of the same prefix wins; default 0 */
};

/* YAML: networks.NAME: a routing domain, whose subnets the hosts route between. */
struct xvs_network {
	char name[XVS_NAME_SIZE];
	struct xvs_place place;
	char switch_name[XVS_NAME_SIZE]; /* where its ports are, whose host port has the provider
					    addresses */
	struct xvs_mac gateway_mac; /* of its gateways on every host; default XVS_GATEWAY_MAC */
	bool learn; /* YAML `unknown: drop|learn`; default drop */
	bool clamp; /* YAML `mss-clamp: on`; default off */
	struct xvs_subnet_setting *subnets; /* in the order of the text; owned */
	size_t subnet_count;
	struct xvs_customer_route *routes; /* owned */
	size_t route_count;
	UT_hash_handle hh; /* by name */
};
#define XVS_GATEWAY_MAC "02:58:56:00:00:01"

enum xvs_record_rule {
	XVS_METHOD_ENCAP, /* NVGRE */
	XVS_METHOD_REWRITE, /* IP rewrite */
	XVS_METHOD_MAX,
};

enum xvs_lookup_kind {
	XVS_LOOKUP_STATIC,
	XVS_LOOKUP_DYNAMIC, /* its MAC address is learned from what comes */
	XVS_LOOKUP_L2_ONLY, /* no customer address */
	XVS_LOOKUP_GATEWAY, /* of all that has no other record in its subnet; address: none */
	XVS_LOOKUP_KIND_MAX,
};

/* YAML: records[]: where a customer address is. Many stand in files of their own. */
struct xvs_record_setting {
	uint32_t vsid;
	uint8_t rule; /* enum xvs_record_rule */
	uint8_t kind; /* enum xvs_lookup_kind */
	struct xvs_mac mac;
	struct xvs_prefix address; /* whole; family ANY: none */
	struct xvs_prefix provider; /* whole */
	struct xvs_place place;
};

/* YAML: mac-pool. */
struct xvs_mac_pool {
	struct xvs_place place;
	bool given; /* false: the default range, made from the machine's id */
	struct xvs_mac first; /* unicast, locally administered or not */
	uint32_t size; /* 1..65536, default 256; must not run over the last 3 bytes */
};

struct xvs_config {
	struct xvs_mac_pool mac_pool;
	struct xvs_switch *switches; /* uthash by name, in the order of the text */
	struct xvs_port_setting *ports; /* uthash by name, in the order of the text */
	struct xvs_acl *acls, *port_acls; /* uthash by name, in the order of the text */
	struct xvs_extension_file *extensions; /* uthash by name, in the order of the text */
	struct xvs_network *networks; /* uthash by name, in the order of the text */
	struct xvs_record_setting *records; /* in the order of the text; owned */
	size_t record_count;
	char *record_folder; /* YAML `record-folder`: where files of records are; NULL = none. Owned
			      */
	char *text; /* what it was read from, if that helps to read it again; owned */
	size_t text_size;
};

#define XVS_EACH_SWITCH(config, item)                                                              \
	for (struct xvs_switch *item = (config)->switches; item; item = item->hh.next)
#define XVS_EACH_PORT(config, item)                                                                \
	for (struct xvs_port_setting *item = (config)->ports; item; item = item->hh.next)
#define XVS_EACH_EXTENSION(config, item)                                                           \
	for (struct xvs_extension_file *item = (config)->extensions; item; item = item->hh.next)
#define XVS_EACH_NETWORK(config, item)                                                             \
	for (struct xvs_network *item = (config)->networks; item; item = item->hh.next)
/* `lists`: acls or port_acls of a configuration. */
#define XVS_EACH_ACL(lists, item) for (struct xvs_acl *item = (lists); item; item = item->hh.next)

/* An empty configuration: no switch, no port, default pool. NULL: out of memory. */
struct xvs_config *xvs_config_new(void);
void xvs_config_free(struct xvs_config *config);
void xvs_config_freep(struct xvs_config **config); /* for __attribute__((cleanup)) */

/*
 * A deep copy, but without places and text: both belong to what `config` was read from.
 * 0 or -ENOMEM.
 */
int xvs_config_clone(const struct xvs_config *config, struct xvs_config **ret);

/* New objects with their defaults, not yet in a configuration. NULL: out of memory. */
struct xvs_switch *xvs_switch_new(const char *name);
struct xvs_port_setting *xvs_port_setting_new(const char *name);
void xvs_switch_free(struct xvs_switch *item);
void xvs_port_setting_free(struct xvs_port_setting *item);
struct xvs_extension_file *xvs_extension_file_new(const char *name);
void xvs_extension_file_free(struct xvs_extension_file *item);
/* Without its place. NULL: out of memory. */
struct xvs_extension_file *xvs_extension_file_clone(const struct xvs_extension_file *item);
struct xvs_network *xvs_network_new(const char *name);
void xvs_network_free(struct xvs_network *item);
/* Without places. NULL: out of memory. */
struct xvs_network *xvs_network_clone(const struct xvs_network *item);

/* -EEXIST: the name is taken, `item` stays the caller's. 0: `item` is the configuration's. */
int xvs_config_add_switch(struct xvs_config *config, struct xvs_switch *item);
int xvs_config_add_port(struct xvs_config *config, struct xvs_port_setting *item);
int xvs_config_add_acl(struct xvs_config *config, struct xvs_acl *item);
int xvs_config_add_port_acl(struct xvs_config *config, struct xvs_acl *item);
int xvs_config_add_extension(struct xvs_config *config, struct xvs_extension_file *item);
int xvs_config_add_network(struct xvs_config *config, struct xvs_network *item);

/*
 * As adding, but takes the place of one that has the name already. Pointers to the old one mean the
 * new one then, `item` itself may not be used any more.
 */
void xvs_config_put_switch(struct xvs_config *config, struct xvs_switch *item);
void xvs_config_put_port(struct xvs_config *config, struct xvs_port_setting *item);
void xvs_config_put_acl(struct xvs_config *config, struct xvs_acl *item);
void xvs_config_put_port_acl(struct xvs_config *config, struct xvs_acl *item);
void xvs_config_put_extension(struct xvs_config *config, struct xvs_extension_file *item);
void xvs_config_put_network(struct xvs_config *config, struct xvs_network *item);

/* Out of the configuration; the caller's then. */
void xvs_config_take_switch(struct xvs_config *config, struct xvs_switch *item);
void xvs_config_take_port(struct xvs_config *config, struct xvs_port_setting *item);
void xvs_config_take_acl(struct xvs_config *config, struct xvs_acl *item);
void xvs_config_take_port_acl(struct xvs_config *config, struct xvs_acl *item);
void xvs_config_take_extension(struct xvs_config *config, struct xvs_extension_file *item);
void xvs_config_take_network(struct xvs_config *config, struct xvs_network *item);

struct xvs_switch *xvs_config_switch(const struct xvs_config *config, const char *name);
struct xvs_port_setting *xvs_config_port(const struct xvs_config *config, const char *name);
struct xvs_acl *xvs_config_acl(const struct xvs_config *config, const char *name);
struct xvs_acl *xvs_config_port_acl(const struct xvs_config *config, const char *name);
struct xvs_extension_file *xvs_config_extension(const struct xvs_config *config, const char *name);
struct xvs_network *xvs_config_network(const struct xvs_config *config, const char *name);

/* By its name. NULL: none. */
struct xvs_subnet_setting *xvs_network_subnet(const struct xvs_network *item, const char *name);
/* The subnet that has the address, or all of the prefix. NULL: none. */
struct xvs_subnet_setting *xvs_network_subnet_of(
	const struct xvs_network *item, const struct xvs_prefix *address);
/* The subnet of that VSID, and its network (`ret_network` may be NULL). NULL: none. */
struct xvs_subnet_setting *xvs_config_subnet(
	const struct xvs_config *config, uint32_t vsid, struct xvs_network **ret_network);
/* The lowest address of its first prefix of that family. False: it has none. */
bool xvs_subnet_gateway(const struct xvs_subnet_setting *subnet, enum xvs_address_family family,
	struct xvs_prefix *ret);

/* Makes the routes the host port's own, without places. False: out of memory, it has none then. */
bool xvs_provider_routes_own(struct xvs_host_port *host);

/*
 * Records. One is told from the others by its VSID and address, or, where it has none, by its VSID
 * and MAC address.
 */
/* An order by these. */
int xvs_record_compare(const struct xvs_record_setting *a, const struct xvs_record_setting *b);
/* The one that these tell is meant by `like`. NULL: none. Pointers hold until one is added. */
struct xvs_record_setting *xvs_config_record(
	const struct xvs_config *config, const struct xvs_record_setting *like);
/* Adds a copy behind all others, be there one like it or not. 0 or -ENOMEM. */
int xvs_config_add_record(struct xvs_config *config, const struct xvs_record_setting *record);
void xvs_config_take_record(struct xvs_config *config, struct xvs_record_setting *record);
/* Copies records, without places, and their folder to one that has none. 0 or -ENOMEM. */
int xvs_records_clone(const struct xvs_config *config, struct xvs_config *ret);

/* The one of that name among the uses, NULL: none. */
struct xvs_extension_use *xvs_extension_use_find(
	struct xvs_extension_use *uses, size_t count, const char *name);
/* Frees what stands in it. */
void xvs_extension_use_clear(struct xvs_extension_use *use);
/* Takes one of them out, and frees what stands in it. */
void xvs_extension_uses_drop(
	struct xvs_extension_use *uses, size_t *count, struct xvs_extension_use *use);
void xvs_extension_uses_free(struct xvs_extension_use *uses, size_t count);
/* Without places. False: out of memory, *ret is untouched. */
bool xvs_extension_uses_clone(
	const struct xvs_extension_use *uses, size_t count, struct xvs_extension_use **ret);

bool xvs_extension_uses_equal(const struct xvs_extension_use *a, size_t a_count,
	const struct xvs_extension_use *b, size_t b_count);

/* The list that holds at a port, its own or the one it names. NULL: none. */
const struct xvs_acl *xvs_port_acl_of(
	const struct xvs_config *config, const struct xvs_port_setting *port);
const struct xvs_acl *xvs_extended_acl_of(
	const struct xvs_config *config, const struct xvs_port_setting *port);

/* The names that are most like a wrong one, NULL if none is; they belong to what has them. */
const char *xvs_config_near_switch(const struct xvs_config *config, const char *name);
const char *xvs_config_near_port(const struct xvs_config *config, const char *name);
const char *xvs_config_near_extension(const struct xvs_config *config, const char *name);
const char *xvs_config_near_network(const struct xvs_config *config, const char *name);
const char *xvs_extension_uses_near(
	const struct xvs_extension_use *uses, size_t count, const char *name);
const char *xvs_acls_near(struct xvs_acl *acls, const char *name);

/*
 * Alike in every setting. Quick, and strict: what is written in another order is not alike, even
 * where that makes no difference.
 */
bool xvs_static_entries_equal(const struct xvs_switch *a, const struct xvs_switch *b);
bool xvs_security_addresses_equal(const struct xvs_security *a, const struct xvs_security *b);
bool xvs_switch_equal(const struct xvs_switch *a, const struct xvs_switch *b);
bool xvs_port_setting_equal(const struct xvs_port_setting *a, const struct xvs_port_setting *b);
bool xvs_extension_uses_equal(const struct xvs_extension_use *a, size_t a_count,
	const struct xvs_extension_use *b, size_t b_count);
bool xvs_extension_file_equal(
	const struct xvs_extension_file *a, const struct xvs_extension_file *b);
bool xvs_provider_routes_equal(const struct xvs_host_port *a, const struct xvs_host_port *b);
bool xvs_network_equal(const struct xvs_network *a, const struct xvs_network *b);
bool xvs_subnet_setting_equal(
	const struct xvs_subnet_setting *a, const struct xvs_subnet_setting *b);
bool xvs_customer_route_equal(
	const struct xvs_customer_route *a, const struct xvs_customer_route *b);
bool xvs_record_setting_equal(
	const struct xvs_record_setting *a, const struct xvs_record_setting *b);
bool xvs_records_equal(const struct xvs_config *a, const struct xvs_config *b);
bool xvs_record_folders_equal(const struct xvs_config *a, const struct xvs_config *b);

/* Words for the enums, as in YAML; indexed by value. */
extern const char *const xvs_switch_type_words[XVS_SWITCH_TYPE_MAX + 1];
extern const char *const xvs_xdp_mode_words[XVS_XDP_MODE_MAX + 1];
extern const char *const xvs_record_rule_words[XVS_METHOD_MAX + 1];
extern const char *const xvs_lookup_kind_words[XVS_LOOKUP_KIND_MAX + 1];

#define XVS_MAC_TEXT_SIZE 18
/* Writes "02:00:…" to `text` and returns it. */
char *xvs_mac_format(const struct xvs_mac *mac, char text[XVS_MAC_TEXT_SIZE]);
/* Six hex bytes divided by ':' or '-'. -EINVAL if it is none; *ret is then untouched. */
int xvs_mac_parse(const char *text, struct xvs_mac *ret);
/* The address as a number, for ranges. */
uint64_t xvs_mac_number(const struct xvs_mac *mac);
struct xvs_mac xvs_mac_from_number(uint64_t number);

/* A name of a switch, port, list, rule or extension: 1..63 letters, digits, '-', '_', '.', first a
 * letter or digit. */
bool xvs_name_valid(const char *name);

#endif
