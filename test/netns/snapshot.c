// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "maps/layout.h"
#include "test/netns/control.h"
#include "test/netns/snapshot.h"

#define DIFFERENCE_LINES 6
#define DIFFERENCE_WIDTH 220 /* bytes of a line that are shown */
#define IDS_MAX 256 /* the lowest are taken first: none of a small test lies beyond */
#define DEVICES_MAX 64
#define PROGRAMS_MAX 16

/* Newer than the headers of the oldest build. */
#define ATTACH_TCX_INGRESS 46
#define ATTACH_TCX_EGRESS 47

struct device {
	char name[IFNAMSIZ];
	uint32_t ifindex;
};

/* Lines that SNAPSHOT_WHOLE leaves out. */
#define IDENTITY "identity: "

/* A snapshot under construction. */
struct taking {
	struct testbed *tb;
	FILE *text;
	struct device devices[DEVICES_MAX];
	size_t device_count;
	unsigned int active; /* half of the maps that packets read */
};

static void __attribute__((format(printf, 2, 3)))
line(struct taking *taking, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(taking->text, format, arguments);
	va_end(arguments);
	fputc('\n', taking->text);
}

/* ---- names of ids ---- */

static const char *device_name(const struct taking *taking, uint32_t ifindex)
{
	if (!ifindex)
		return "none";
	for (size_t i = 0; i < taking->device_count; i++)
		if (taking->devices[i].ifindex == ifindex)
			return taking->devices[i].name;
	return "gone";
}

static int open_pin(const struct taking *taking, const char *name)
{
	const char *path = test_text("%s/%s", taking->tb->pins, name);
	int fd = bpf_obj_get(path);

	if (fd < 0)
		test_fail("%s: %s", path, strerror(errno));
	return fd;
}

static const char *name_of(const struct taking *taking, const char *map, uint32_t id)
{
	struct xvs_name name = {0};
	int fd = open_pin(taking, map);

	bpf_map_lookup_elem(fd, &id, &name);
	close(fd);
	return name.text[0] ? test_text("%s", name.text) : test_text("without-name-%u", id);
}

static const char *port_name(const struct taking *taking, uint32_t id)
{
	return id ? name_of(taking, "port_names", id) : "none";
}

static const char *switch_name(const struct taking *taking, uint32_t id)
{
	return name_of(taking, "switch_names", id);
}

/* ---- devices ---- */

static json_t *ask(const struct taking *taking, const char *command)
{
	const char *text = run(&taking->tb->host, "%s", command);
	json_t *answer = json_loads(text[0] ? text : "[]", 0, NULL);

	if (!answer)
		test_fail("%s, expected JSON, got: %s", command, text);
	return answer;
}

static void forget_members(json_t *object, const char *const *names)
{
	for (; *names; names++)
		json_object_del(object, *names);
}

static void json_line(struct taking *taking, const char *part, const json_t *value)
{
	char *text = json_dumps(value, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY);

	line(taking, "%s: %s", part, text);
	free(text);
}

/* A line for each member: a difference says which. */
static void member_lines(struct taking *taking, const char *part, json_t *object)
{
	json_t *value;
	const char *key;

	json_object_foreach (object, key, value)
		json_line(taking, test_text("%s %s", part, key), value);
}

/* NO-CARRIER comes and goes some time after the link, as does operstate: the kernel is lazy. */
static void sort_flags(json_t *link)
{
	static const char *const known[] = {"UP", "PROMISC", "ALLMULTI", "NOARP", "LOWER_UP"};
	json_t *flags = json_object_get(link, "flags"), *flag, *kept = json_array();
	size_t i;

	for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
		json_array_foreach (flags, i, flag)
			if (!strcmp(known[k], json_string_value(flag)))
				json_array_append(kept, flag);
	json_object_set_new(link, "flags", kept);
}

/* The switch's own end of a host port, "xv12abh3". */
static bool is_host_port(const char *name)
{
	unsigned int hash, id;

	return sscanf(name, "xv%4xh%u", &hash, &id) == 2;
}

static void take_link(struct taking *taking, json_t *link)
{
	/* the rest of the peer's ids is told by its own line; operstate: see above */
	static const char *const identities[] = {"ifindex", "link_index", "link_netnsid", NULL};
	static const char *const lazy[] = {"operstate", "stats", "stats64", NULL};
	static const char *const programs[] = {"prog", "attached", NULL};
	const char *name = json_text(link, "ifname");
	struct device *device;

	if (taking->device_count == DEVICES_MAX)
		test_fail("a snapshot, expected up to %d devices, got more", DEVICES_MAX);
	device = &taking->devices[taking->device_count++];
	snprintf(device->name, IFNAMSIZ, "%s", name);
	device->ifindex = json_number(link, "ifindex");
	line(taking, IDENTITY "ifindex of %s: %u", name, device->ifindex);
	forget_members(link, lazy);
	forget_members(link, identities);
	json_line(taking, test_text(IDENTITY "XDP of %s", name), json_object_get(link, "xdp"));
	forget_members(json_object_get(link, "xdp"), programs);
	if (is_host_port(name)) { /* its MAC is the kernel's choice */
		line(taking, IDENTITY "address of %s: %s", name, json_text(link, "address"));
		json_object_del(link, "address");
	}
	sort_flags(link);
	member_lines(taking, test_text("link %s", name), link);
}

static void take_addresses(struct taking *taking, json_t *link)
{
	/*
	 * An IPv6 address is tentative for a while after its device came up. The kernel numbers the
	 * labels of IPv4 addresses when a device is renamed, and does not when it gets its name
	 * back.
	 */
	static const char *const lazy[] = {"tentative", "label", NULL};
	const char *part = test_text("address of %s", json_text(link, "ifname"));
	json_t *address;
	size_t i;

	json_array_foreach (json_object_get(link, "addr_info"), i, address) {
		forget_members(address, lazy);
		json_line(taking, part, address);
	}
	json_object_del(link, "addr_info");
}

static void take_links(struct taking *taking)
{
	json_t *links = ask(taking, "ip -d -j address show"), *link;
	size_t i;

	json_array_foreach (links, i, link) {
		take_addresses(taking, link);
		take_link(taking, link);
	}
	json_decref(links);
}

static void take_list(struct taking *taking, const char *part, const char *command)
{
	static const char *const lazy[] = {"flags", "expires", NULL}; /* linkdown, likewise */
	json_t *list = ask(taking, command), *item;
	size_t i;

	json_array_foreach (list, i, item) {
		forget_members(item, lazy);
		json_line(taking, part, item);
	}
	json_decref(list);
}

static void take_routes(struct taking *taking)
{
	take_list(taking, "route", "ip -d -j -4 route show table all");
	take_list(taking, "route", "ip -d -j -6 route show table all");
}

static bool has_clsact(json_t *qdiscs, const char *device)
{
	json_t *qdisc;
	size_t i;

	json_array_foreach (qdiscs, i, qdisc)
		if (!strcmp(json_text(qdisc, "dev"), device) &&
			!strcmp(json_text(qdisc, "kind"), "clsact"))
			return true;
	return false;
}

/* One tc for all of them: it writes a list for each line that it reads. */
static void take_filters(struct taking *taking, const char *const *sides, const char *commands)
{
	const char *text = run_with_input(&taking->tb->host, commands, "tc -j -batch -");

	for (; *sides; sides++) {
		json_error_t error;
		json_t *list = json_loads(text, JSON_DISABLE_EOF_CHECK, &error), *filter;
		size_t i;

		if (!list)
			test_fail("filters of %s, expected JSON, got: %s", *sides, text);
		json_array_foreach (list, i, filter)
			json_line(taking, test_text("filter of %s", *sides), filter);
		json_decref(list);
		text += error.position;
	}
}

static void take_qdiscs(struct taking *taking)
{
	json_t *qdiscs = ask(taking, "tc -j qdisc show"), *qdisc;
	const char *sides[2 * DEVICES_MAX + 1] = {NULL}, *commands = "";
	size_t i, count = 0;

	json_array_foreach (qdiscs, i, qdisc)
		json_line(taking, "qdisc", qdisc);
	for (i = 0; i < taking->device_count; i++) {
		const char *name = taking->devices[i].name;

		if (!has_clsact(qdiscs, name))
			continue;
		commands = test_text("%sfilter show dev %s ingress\nfilter show dev %s egress\n",
			commands, name, name);
		sides[count++] = test_text("%s at ingress", name);
		sides[count++] = test_text("%s at egress", name);
	}
	if (count)
		take_filters(taking, sides, commands);
	json_decref(qdiscs);
}

/* Within the host's namespace. */
static void take_tcx(struct taking *taking, const struct device *device, unsigned int type)
{
	const char *side = type == ATTACH_TCX_INGRESS ? "ingress" : "egress";
	uint32_t programs[PROGRAMS_MAX];
	union bpf_attr query = {0};

	query.query.target_fd = device->ifindex; /* in a union with the interface index */
	query.query.attach_type = type;
	query.query.prog_ids = (uintptr_t)programs;
	query.query.prog_cnt = PROGRAMS_MAX;
	if (syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof(query)))
		return;
	for (uint32_t i = 0; i < query.query.prog_cnt; i++) {
		line(taking, "tcx of %s at %s", device->name, side);
		line(taking, IDENTITY "tcx of %s at %s: program %u", device->name, side,
			programs[i]);
	}
}

static void take_sysctl(struct taking *taking, const char *device)
{
	const char *path = test_text("/proc/sys/net/ipv6/conf/%s/disable_ipv6", device);
	FILE *file = fopen(path, "r");

	line(taking, "sysctl disable_ipv6 of %s: %c", device, file ? fgetc(file) : '-');
	if (file)
		fclose(file);
}

static void take_programs_and_sysctls(struct taking *taking)
{
	netns_enter(&taking->tb->host);
	for (size_t i = 0; i < taking->device_count; i++) {
		take_tcx(taking, &taking->devices[i], ATTACH_TCX_INGRESS);
		take_tcx(taking, &taking->devices[i], ATTACH_TCX_EGRESS);
		take_sysctl(taking, taking->devices[i].name);
	}
	netns_leave();
}

/* ---- pins and files ---- */

/* "12_in" is "links/vm1_in" */
static void take_pin(struct taking *taking, const char *folder, const char *name)
{
	unsigned int id;
	int rest;

	if (sscanf(name, "%u_%n", &id, &rest) == 1)
		line(taking, "pin %s/%s_%s", folder, port_name(taking, id), name + rest);
	else
		line(taking, "pin %s/%s", folder, name);
}

static void each_name(struct taking *taking, const char *path, const char *folder,
	void (*take)(struct taking *taking, const char *folder, const char *name))
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			take(taking, folder, entry->d_name);
	if (dir)
		closedir(dir);
}

static void take_file(struct taking *taking, const char *folder, const char *name)
{
	const char *path = test_text("%s/%s/%s", taking->tb->folder, folder, name);
	char text[256];
	FILE *file;

	if (!strcmp(name, TESTBED_LOG)) /* grows by itself */
		return;
	line(taking, "file %s/%s", folder, name);
	file = strstr(name, ".yaml") || strstr(name, ".json") ? fopen(path, "r") : NULL;
	while (file && fgets(text, sizeof(text), file)) {
		text[strcspn(text, "\n")] = 0;
		line(taking, "file %s/%s: %s", folder, name, text);
	}
	if (file)
		fclose(file);
}

static void take_names(struct taking *taking)
{
	const char *pins = taking->tb->pins;

	each_name(taking, pins, ".", take_pin);
	each_name(taking, test_text("%s/links", pins), "links", take_pin);
	each_name(taking, taking->tb->folder, ".", take_file);
	each_name(taking, test_text("%s/state", taking->tb->folder), "state", take_file);
	each_name(taking, test_text("%s/run", taking->tb->folder), "run", take_file);
}

/* ---- maps ---- */

static const char *mac_of(const uint8_t *mac)
{
	return test_text(
		"%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static void take_ids(struct taking *taking, const char *map)
{
	int fd = open_pin(taking, map);

	for (uint32_t id = 1; id < IDS_MAX; id++) {
		struct xvs_name name;

		if (bpf_map_lookup_elem(fd, &id, &name) || !name.text[0])
			continue;
		line(taking, "%s: %s", map, name.text);
		line(taking, IDENTITY "%s in %s: %u", name.text, map, id);
	}
	close(fd);
}

/* Set ids are taken anew with each change; what is in the set counts. */
static const char *vlan_set_text(const struct taking *taking, uint32_t id)
{
	int fd = open_pin(taking, "vlan_sets");
	struct xvs_vlan_set set = {0};
	const char *text = "";

	if (id)
		bpf_map_lookup_elem(fd, &id, &set);
	close(fd);
	for (unsigned int vlan = 0; vlan < XVS_VLAN_MAX; vlan++)
		if (set.word[vlan / 64] >> (vlan % 64) & 1)
			text = test_text("%s%u,", text, vlan);
	return text;
}

/* What a list was compiled from, by its digest. */
static char *list_text(const struct taking *taking, uint32_t id)
{
	struct xvs_acl_page page = {0};
	uint32_t map_id, first = 0;
	int list, fd = open_pin(taking, "acls");

	list = id && !bpf_map_lookup_elem(fd, &id, &map_id) ? bpf_map_get_fd_by_id(map_id) : -1;
	close(fd);
	if (list < 0)
		return test_text("%s", id ? "gone" : "none");
	if (bpf_map_lookup_elem(list, &first, &page))
		test_fail("list %u: %s", id, strerror(errno));
	close(list);
	return test_text(
		"%016llx (%u rules)", (unsigned long long)page.head.hash[0], page.head.rules);
}

static void take_port(struct taking *taking, uint32_t id, const struct xvs_port_config *port)
{
	line(taking,
		"port %s: kind %u mode %u vlan %u set [%s] switch %s flags %x device %s mtu %u "
		"limit %u ageing %llu mac %s primary %u mirror %s storm %u addresses %u lists %s, "
		"%s "
		"version %x flows %u",
		port_name(taking, id), port->kind, port->vlan_mode, port->vlan,
		vlan_set_text(taking, port->vlan_set), switch_name(taking, port->switch_id),
		port->flags, device_name(taking, port->ifindex), port->mtu, port->learning_limit,
		(unsigned long long)port->ageing_ns, mac_of(port->mac), port->primary_vlan,
		port_name(taking, port->mirror_to), port->storm_limit, port->address_limit,
		list_text(taking, port->acl_port), list_text(taking, port->acl_extended),
		port->acl_version, port->flow_limit);
}

static const void *map_memory(const struct taking *taking, const char *name, size_t size)
{
	int fd = open_pin(taking, name);
	const void *memory = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	close(fd);
	if (memory == MAP_FAILED)
		test_fail("mapping %s: %s", name, strerror(errno));
	return memory;
}

/* The half in use only: the other one is written anew before anybody reads it. */
static void take_ports(struct taking *taking)
{
	const size_t size = XVS_PORT_MAX * sizeof(struct xvs_port);
	const struct xvs_port *ports = map_memory(taking, "ports", size);

	for (uint32_t id = 0; id < IDS_MAX; id++)
		if (ports[id].half[taking->active].kind != XVS_PORT_UNUSED)
			take_port(taking, id, &ports[id].half[taking->active]);
	munmap((void *)ports, size);
}

static void take_port_index(struct taking *taking)
{
	const size_t size = XVS_PORT_CACHE_SIZE * sizeof(struct xvs_port_ref);
	const struct xvs_port_ref *cache = map_memory(taking, "port_cache", size);
	int fd = open_pin(taking, "port_index");
	uint32_t ifindex;
	void *from = NULL;

	for (; !bpf_map_get_next_key(fd, from, &ifindex); from = &ifindex) {
		struct xvs_port_ref ref;

		if (!bpf_map_lookup_elem(fd, &ifindex, &ref))
			line(taking, "port_index of %s: %s", device_name(taking, ifindex),
				port_name(taking, ref.port));
	}
	close(fd);
	for (size_t i = 0; i < XVS_PORT_CACHE_SIZE; i++)
		if (cache[i].ifindex)
			line(taking, "port_cache of %s: %s", device_name(taking, cache[i].ifindex),
				port_name(taking, cache[i].port));
	munmap((void *)cache, size);
}

static void take_saved(struct taking *taking)
{
	int fd = open_pin(taking, "device_saved");

	for (uint32_t id = 0; id < IDS_MAX; id++) {
		struct xvs_device_saved saved;

		if (!bpf_map_lookup_elem(fd, &id, &saved) && (saved.ifindex || saved.flags))
			line(taking, "device_saved of %s: %s flags %x", port_name(taking, id),
				device_name(taking, saved.ifindex), saved.flags);
	}
	close(fd);
}

static void take_xdp_ports(struct taking *taking)
{
	int fd = open_pin(taking, "xdp_ports");

	for (uint32_t id = 0; id < IDS_MAX; id++) {
		struct bpf_devmap_val value = {0};

		if (!bpf_map_lookup_elem(fd, &id, &value) && value.ifindex)
			line(taking, "xdp_ports of %s: %s", port_name(taking, id),
				device_name(taking, value.ifindex));
	}
	close(fd);
}

static void take_flood_lists(struct taking *taking)
{
	const size_t size = XVS_FLOOD_MEMBER_MAX * sizeof(struct xvs_flood_member);
	const struct xvs_flood_member *members = map_memory(taking, "flood_members", size);
	int fd = open_pin(taking, "flood_lists");
	struct xvs_flood_key key;
	void *from = NULL;

	for (; !bpf_map_get_next_key(fd, from, &key); from = &key) {
		struct xvs_flood_list list;

		if (key.half != taking->active || bpf_map_lookup_elem(fd, &key, &list))
			continue;
		for (uint32_t i = 0; i < list.count; i++)
			line(taking, "flood list of %s vlan %u: %s",
				switch_name(taking, key.switch_id), key.vlan,
				port_name(taking, members[list.first + i].port));
	}
	close(fd);
	munmap((void *)members, size);
}

static void take_private_vlans(struct taking *taking)
{
	int fd = open_pin(taking, "private_vlans");
	struct xvs_private_vlan_key key;
	void *from = NULL;

	for (; !bpf_map_get_next_key(fd, from, &key); from = &key) {
		struct xvs_private_vlan value;

		if (key.half == taking->active && !bpf_map_lookup_elem(fd, &key, &value))
			line(taking, "private VLAN %u of %s: primary %u, secondaries %u", key.vlan,
				switch_name(taking, key.switch_id), value.primary,
				value.secondaries);
	}
	close(fd);
}

/* VMs are numbered anew by each daemon; whose address it is counts. */
static void take_vm_macs(struct taking *taking)
{
	int fd = open_pin(taking, "vm_macs");
	struct xvs_vm_mac key;
	void *from = NULL;
	uint32_t port;

	for (; !bpf_map_get_next_key(fd, from, &key); from = &key)
		if (key.half == taking->active && !bpf_map_lookup_elem(fd, &key, &port))
			line(taking, "MAC address of a VM: %s on %s", mac_of(key.mac),
				port_name(taking, port));
	close(fd);
}

static void take_port_addresses(struct taking *taking)
{
	int fd = open_pin(taking, "port_addresses");
	struct xvs_port_address key;
	void *from = NULL;

	for (; !bpf_map_get_next_key(fd, from, &key); from = &key)
		if (key.half == taking->active)
			line(taking, "address of %s: %x %x %x %x", port_name(taking, key.port),
				ntohl(key.address[0]), ntohl(key.address[1]), ntohl(key.address[2]),
				ntohl(key.address[3]));
	close(fd);
}

/* When it was seen is the traffic's, and what is learned comes and goes with it. */
static void take_slot(struct taking *taking, const char *name, const struct xvs_fdb_slot *slot)
{
	uint32_t flags = slot->owner & XVS_FDB_PERMANENT;

	if (!slot->word && !slot->owner)
		return;
	line(taking, "%sfdb of %s: %s vlan %u port %s %s", flags ? "" : IDENTITY, name,
		mac_of(slot->key.mac), slot->key.vlan, port_name(taking, xvs_fdb_port(slot->owner)),
		!flags                      ? "learned"
		: flags == XVS_FDB_STATIC   ? "static"
		: flags == XVS_FDB_ASSIGNED ? "assigned"
					    : "of unknown flags");
}

static void take_entries(struct taking *taking, const char *name, int fd, uint32_t elements)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	size_t size = (elements * sizeof(union xvs_fdb_element) + page - 1) & ~(page - 1);
	const struct xvs_fdb_bucket *bucket = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	const struct xvs_fdb_head *head = (const void *)bucket;

	if (bucket == MAP_FAILED)
		test_fail("MAC table of %s: %s", name, strerror(errno));
	line(taking, "fdb of %s: size %u", name, head->size);
	for (uint32_t i = 1; i < xvs_fdb_end(head->buckets); i++)
		for (int j = 0; j < XVS_FDB_SLOTS; j++)
			take_slot(taking, name, &bucket[i].slot[j]);
	munmap((void *)bucket, size);
}

static void take_tables(struct taking *taking)
{
	int fd = open_pin(taking, "fdb");

	for (uint32_t id = 0; id < IDS_MAX; id++) {
		struct bpf_map_info info = {0};
		uint32_t map_id, size = sizeof(info);
		int table;

		if (bpf_map_lookup_elem(fd, &id, &map_id))
			continue;
		table = bpf_map_get_fd_by_id(map_id);
		if (table < 0 || bpf_obj_get_info_by_fd(table, &info, &size))
			test_fail("MAC table %u: %s", id, strerror(errno));
		take_entries(taking, switch_name(taking, id), table, info.max_entries);
		close(table);
	}
	close(fd);
}

static void take_maps(struct taking *taking)
{
	const struct xvs_control *control = map_memory(taking, "control", sizeof(*control));

	/* generation and fdb_epoch count changes, those taken back too */
	taking->active = control->generation & 1;
	line(taking, "control: hook %u hurrying %u backlog %u", control->hook, control->hurrying,
		control->saved_backlog);
	munmap((void *)control, sizeof(*control));
	take_ids(taking, "port_names");
	take_ids(taking, "switch_names");
	take_ports(taking);
	take_port_index(taking);
	take_saved(taking);
	take_xdp_ports(taking);
	take_flood_lists(taking);
	take_private_vlans(taking);
	take_vm_macs(taking);
	take_port_addresses(taking);
	take_tables(taking);
}

/* ---- what xvsctl says ---- */

static void take_show(struct taking *taking)
{
	/*
	 * What grows with traffic or with each change; what says no more than the ids above; the
	 * counts of learned entries, which the daemon puts right from time to time.
	 */
	static const char *const lazy[] = {
		"counters", "drops", "id", "ifindex", "generation", "memory", "pid", NULL};
	static const char *const counts[] = {"used", NULL};
	static const char *const lists[] = {"agent", "switches", "ports", NULL};
	json_t *shown = testbed_json(taking->tb, "show"), *item, *rest;
	const char *key;
	size_t i;

	for (size_t list = 0; lists[list]; list++) {
		json_t *of = json_object_get(shown, lists[list]);

		forget_members(of, lazy);
		json_array_foreach (of, i, item) {
			forget_members(item, lazy);
			forget_members(json_object_get(item, "learning"), counts);
			forget_members(json_object_get(item, "mac_table"), counts);
			member_lines(taking,
				test_text("show %s %s", lists[list], json_text(item, "name")),
				item);
		}
		if (json_is_object(of))
			member_lines(taking, test_text("show %s", lists[list]), of);
		json_object_del(shown, lists[list]);
	}
	json_object_foreach (shown, key, rest)
		json_line(taking, test_text("show %s", key), rest);
	json_decref(shown);
}

/* ---- the whole ---- */

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of `text`, which is cut up, in their order. */
static char **sort_lines(char *text, enum snapshot_match match, size_t *ret_count)
{
	size_t count = 0, room = 1;
	char **lines, *at;

	for (const char *c = text; *c; c++)
		room += *c == '\n';
	lines = calloc(room, sizeof(*lines));
	while (lines && (at = strsep(&text, "\n")) && *at)
		if (match == SNAPSHOT_EXACT || strncmp(at, IDENTITY, strlen(IDENTITY)))
			lines[count++] = at;
	if (!lines)
		test_fail("out of memory");
	qsort(lines, count, sizeof(*lines), compare_lines);
	*ret_count = count;
	return lines;
}

char *snapshot_take(struct testbed *tb, enum snapshot_part part)
{
	struct taking taking = {.tb = tb};
	char *text = NULL;
	size_t size;

	taking.text = open_memstream(&text, &size);
	if (!taking.text)
		test_fail("open_memstream: %s", strerror(errno));
	if (part == SNAPSHOT_ALL)
		take_show(&taking); /* first: the agent has seen what the kernel told so far */
	take_links(&taking);
	take_routes(&taking);
	take_qdiscs(&taking);
	take_programs_and_sysctls(&taking);
	if (part == SNAPSHOT_ALL) {
		take_names(&taking);
		take_maps(&taking);
	}
	fclose(taking.text);
	return text;
}

char *snapshot_difference(const char *before, const char *after, enum snapshot_match match)
{
	char *old_text = strdup(before), *new_text = strdup(after), *text = NULL;
	size_t old_count, new_count, i = 0, j = 0;
	char **old = sort_lines(old_text, match, &old_count);
	char **new = sort_lines(new_text, match, &new_count);

	for (int shown = 0; shown < DIFFERENCE_LINES && (i < old_count || j < new_count);) {
		const int order = i == old_count ? 1 : j == new_count ? -1 : strcmp(old[i], new[j]);

		if (order) {
			text = test_text("%s\n    %c %.*s", text ?: "", order < 0 ? '-' : '+',
				DIFFERENCE_WIDTH, order < 0 ? old[i] : new[j]);
			shown++;
		}
		i += order <= 0;
		j += order >= 0;
	}
	free(old);
	free(new);
	free(old_text);
	free(new_text);
	return text;
}
