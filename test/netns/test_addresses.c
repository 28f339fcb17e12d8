// SPDX-License-Identifier: GPL-2.0-only
/* Addresses and routes that move from device to device, and what others put on devices. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/address.h"
#include "agent/hook.h"
#include "test/netns/control.h"

/*
 * A namespace with two devices, e0 and h0, whose far ends are on one bridge in another namespace:
 * what e0 reaches, h0 reaches too.
 */
struct two_devices {
	struct netns near, far;
	struct xvs_links links; /* of `near` */
};

static struct two_devices make_two_devices(struct testbed *tb)
{
	struct two_devices two = {0};
	int error;

	netns_create(&two.near, test_text("%s-near", tb->name));
	netns_create(&two.far, test_text("%s-far", tb->name));
	netns_set(&two.near, "ipv6/conf/default/disable_ipv6", 0);
	netns_ip(&two.near,
		"link add e0 type veth peer name e1 netns %s\n"
		"link add h0 type veth peer name h1 netns %s\n"
		"link set e0 up\n"
		"link set h0 up\n",
		two.far.name, two.far.name);
	netns_ip(&two.far, "link add br0 type bridge\n");
	netns_set(&two.far, "ipv6/conf/br0/disable_ipv6", 0);
	netns_ip(&two.far, "link set e1 master br0 up\n"
			   "link set h1 master br0 up\n"
			   "link set br0 up\n"
			   "address add 192.0.2.1/24 dev br0\n"
			   "address add 2001:db8::1/64 dev br0 nodad\n");
	netns_enter(&two.near);
	error = xvs_links_open(&two.links);
	netns_leave();
	CHECK_EQUAL(0, error);
	return two;
}

/* Everything that can stand on a device; what needs a while to be quiet is quiet. */
static void fill_device(struct two_devices *two)
{
	netns_ip(&two->near,
		"address add 192.0.2.10/24 brd + dev e0\n"
		"address add 192.0.2.11/24 dev e0 label e0:one\n"
		"address add 198.51.100.1 peer 198.51.100.2/32 dev e0\n"
		"address add 203.0.113.5/24 dev e0 noprefixroute valid_lft 1000 preferred_lft 500\n"
		"address add 203.0.114.6/24 dev e0 scope link metric 77\n"
		"address add 2001:db8::10/64 dev e0\n"
		"address add 2001:db8::11/64 dev e0 nodad\n"
		"address add 2001:db8:1::1/64 dev e0 noprefixroute valid_lft 900 preferred_lft 0\n"
		"address add 2001:db8:2::1 peer 2001:db8:2::2/128 dev e0\n"
		"route add 10.1.0.0/16 dev e0 scope link proto static\n"
		"route add default via 192.0.2.1 dev e0 src 192.0.2.10 metric 100 mtu 1400 "
		"advmss 1300\n"
		"route append default via 192.0.2.2 dev e0 metric 100\n"
		"route add 10.2.0.0/16 via 10.99.0.1 dev e0 onlink table 100\n"
		"route add default via 192.0.2.1 dev e0 table 100 proto 77\n"
		"route add default via 2001:db8::1 dev e0 metric 50\n"
		"route add default via 2001:db8::1 dev e0 table 200 mtu 1300\n"
		"route add 2001:db8:5::/48 dev e0 proto static\n"
		"route add 2001:db8:6::/48 via fe80::1 dev e0 expires 1000\n"
		"route add 2001:db8:7::/48 dev e0 src 2001:db8::11\n"
		"neigh add 192.0.2.77 lladdr 02:00:00:00:00:77 dev e0 nud permanent\n"
		"neigh add 2001:db8::77 lladdr 02:00:00:00:00:77 dev e0 nud permanent\n");
	CHECK_SOON(!strstr(run(&two->near, "ip -6 addr show tentative"), "inet6"));
}

/* What several commands write. */
static char *shell(const struct netns *ns, const char *script)
{
	return run_with_input(ns, script, "sh -s");
}

/* All of layer 3 in the namespace, as ip(8) shows it, but for seconds that run. */
static char *snapshot(const struct two_devices *two)
{
	return shell(&two->near, "{ ip -d addr; ip -d route show table all; "
				 "ip -6 -d route show table all; ip neigh show nud permanent; } | "
				 "sed -E 's/(_lft|expires) [0-9]+sec/\\1/g'");
}

static int move(
	struct two_devices *two, const char *from, const char *to, const char *const *except)
{
	unsigned int source, target;
	int error;

	netns_enter(&two->near);
	source = if_nametoindex(from);
	target = if_nametoindex(to);
	error = xvs_addresses_move(&two->links, source, target, except);
	netns_leave();
	return error;
}

static int has_address(struct two_devices *two, const char *device, const char *address)
{
	int got;

	netns_enter(&two->near);
	got = xvs_link_has_address(&two->links, if_nametoindex(device), address);
	netns_leave();
	return got;
}

static struct xvs_addresses *read_addresses(struct two_devices *two, const char *device)
{
	struct xvs_addresses *set;
	int error;

	netns_enter(&two->near);
	error = xvs_addresses_read(&two->links, if_nametoindex(device), &set);
	netns_leave();
	CHECK_EQUAL(0, error);
	return set;
}

TEST(addresses_move_and_come_back_as_they_were)
{
	struct two_devices two = make_two_devices(tb);
	struct xvs_addresses *before, *after;
	char *was, *routes;

	fill_device(&two);
	was = snapshot(&two);
	before = read_addresses(&two, "e0");
	CHECK_EQUAL(21, xvs_addresses_count(before));
	CHECK_EQUAL(0, xvs_addresses_unmovable(before));

	CHECK_EQUAL(0, move(&two, "e0", "h0", NULL));
	after = read_addresses(&two, "h0");
	CHECK(xvs_addresses_equal(before, after));
	CHECK_EQUAL(0, xvs_addresses_count(read_addresses(&two, "e0")));
	CHECK(!xvs_addresses_equal(before, read_addresses(&two, "e0")));
	CHECK_CONTAINS("secondary h0:one", run(&two.near, "ip addr show h0"));
	CHECK_EQUAL(1, has_address(&two, "h0", "192.0.2.10/24"));
	CHECK_EQUAL(0, has_address(&two, "h0", "192.0.2.10/25"));
	CHECK_EQUAL(1, has_address(&two, "h0", "2001:db8::11/64"));
	CHECK_EQUAL(0, has_address(&two, "e0", "192.0.2.10/24"));
	CHECK_EQUAL(-EINVAL, has_address(&two, "e0", "192.0.2.10/33"));
	routes = shell(&two.near, "ip route show table all; ip -6 route show table all");
	CHECK_CONTAINS("default via 192.0.2.1 dev h0 src 192.0.2.10 metric 100 mtu 1400 advmss "
		       "1300",
		routes);
	CHECK_CONTAINS("default via 192.0.2.1 dev h0 table 100 proto 77", routes);
	CHECK_CONTAINS("10.2.0.0/16 via 10.99.0.1 dev h0 table 100 onlink", routes);
	CHECK(!strstr(run(&two.near, "ip -6 addr show dev h0 tentative"), "2001"));

	CHECK_EQUAL(0, move(&two, "h0", "e0", NULL));
	CHECK_TEXT(was, snapshot(&two));
}

/* Both ends of a TCP connection from `near` to `far`. */
struct connection {
	int near, far;
};

static int tcp_socket(const struct netns *ns, int family)
{
	const struct timeval timeout = {.tv_sec = 5};
	int fd;

	netns_enter(ns);
	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	netns_leave();
	CHECK(fd >= 0);
	CHECK(!setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)));
	CHECK(!setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)));
	return fd;
}

static struct connection connect_tcp(struct two_devices *two, int family)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(5858)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(5858)};
	const struct sockaddr *address = family == AF_INET ? (void *)&v4 : (void *)&v6;
	const socklen_t size = family == AF_INET ? sizeof(v4) : sizeof(v6);
	struct connection connection = {.near = tcp_socket(&two->near, family)};
	int listener = tcp_socket(&two->far, family);

	inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr);
	inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
	CHECK(!bind(listener, address, size));
	CHECK(!listen(listener, 1));
	CHECK(!connect(connection.near, address, size));
	connection.far = accept(listener, NULL, NULL);
	CHECK(connection.far >= 0);
	close(listener);
	return connection;
}

static void say(int from, int to, const char *word)
{
	char got[16] = "";

	CHECK_EQUAL((long long)strlen(word), send(from, word, strlen(word), MSG_NOSIGNAL));
	CHECK_EQUAL((long long)strlen(word), recv(to, got, strlen(word), MSG_WAITALL));
	CHECK_TEXT(word, got);
}

static void converse(struct connection connection)
{
	say(connection.near, connection.far, "there");
	say(connection.far, connection.near, "back");
}

TEST(tcp_survives_its_address_moving)
{
	struct two_devices two = make_two_devices(tb);
	struct connection v4, v6;

	fill_device(&two);
	v4 = connect_tcp(&two, AF_INET);
	v6 = connect_tcp(&two, AF_INET6);
	converse(v4);
	converse(v6);
	for (int i = 0; i < 4; i++) {
		const char *to = i % 2 ? "e0" : "h0", *from = i % 2 ? "h0" : "e0";

		CHECK_EQUAL(0, move(&two, from, to, NULL));
		netns_ip(&two.near, "link set %s down\n", from); /* it really is the other one */
		converse(v4);
		converse(v6);
		netns_ip(&two.near, "link set %s up\n", from);
	}
}

/* By which MAC does the far end know the address? */
static bool far_end_knows(struct two_devices *two, const char *address, const char *device)
{
	char *link = run(&two->near, "ip -o link show dev %s", device);
	char *mac = strstr(link, "link/ether ") + strlen("link/ether ");

	mac[strcspn(mac, " ")] = 0;
	return strstr(run(&two->far, "ip neigh show to %s", address), mac);
}

TEST(neighbours_hear_of_a_move)
{
	struct two_devices two = make_two_devices(tb);
	struct connection v4, v6;

	netns_ip(&two.near, "address add 192.0.2.10/24 dev e0\n"
			    "address add 2001:db8::10/64 dev e0 nodad\n");
	v4 = connect_tcp(&two, AF_INET);
	v6 = connect_tcp(&two, AF_INET6);
	converse(v4);
	converse(v6);
	CHECK_SOON(far_end_knows(&two, "192.0.2.10", "e0"));
	CHECK_SOON(far_end_knows(&two, "2001:db8::10", "e0"));
	CHECK_EQUAL(0, move(&two, "e0", "h0", NULL));
	CHECK_SOON(far_end_knows(&two, "192.0.2.10", "h0"));
	CHECK_SOON(far_end_knows(&two, "2001:db8::10", "h0"));
}

/* Asks for a route again and again, in a process of its own; ends with 1 if there is none. */
static pid_t watch_route(const struct netns *ns)
{
	const struct sockaddr_in v4 = {.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(0xc6120001)}; /* 198.18.0.1: by the default route */
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	netns_enter(ns);
	inet_pton(AF_INET6, "2001:db8:99::1", &v6.sin6_addr);
	for (;;) {
		int fd4 = socket(AF_INET, SOCK_DGRAM, 0), fd6 = socket(AF_INET6, SOCK_DGRAM, 0);

		if (connect(fd4, (const struct sockaddr *)&v4, sizeof(v4)))
			_exit(4);
		if (connect(fd6, (const struct sockaddr *)&v6, sizeof(v6)))
			_exit(6);
		close(fd4);
		close(fd6);
	}
}

TEST(default_route_is_there_throughout_a_move)
{
	struct two_devices two = make_two_devices(tb);
	int status;
	pid_t pid;

	netns_ip(&two.near, "address add 192.0.2.10/24 dev e0\n"
			    "address add 2001:db8::10/64 dev e0 nodad\n"
			    "route add default via 192.0.2.1 dev e0 src 192.0.2.10\n"
			    "route add default via 2001:db8::1 dev e0\n");
	pid = watch_route(&two.near);
	for (int i = 0; i < 200; i++)
		CHECK_EQUAL(0, move(&two, i % 2 ? "h0" : "e0", i % 2 ? "e0" : "h0", NULL));
	if (!waitpid(pid, &status, WNOHANG)) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	CHECK(WIFSIGNALED(status)); /* it has not ended by itself */
	CHECK(!strstr(run(&two.near, "ip route show table all"), "4294967295"));
}

TEST(a_move_that_fails_changes_nothing)
{
	struct two_devices two = make_two_devices(tb);
	char *was;

	fill_device(&two);
	netns_ip(&two.near, "address add 192.0.2.11/24 dev h0\n" /* e0's too */
			    "address add 192.0.2.20/24 dev h0\n"
			    "route add 10.9.0.0/16 via 192.0.2.1 dev h0 src 192.0.2.20\n");
	netns_set(&two.near, "ipv6/conf/h0/disable_ipv6", 1); /* IPv4 moves, IPv6 can't */
	was = snapshot(&two);
	CHECK_EQUAL(-EACCES, move(&two, "e0", "h0", NULL));
	CHECK_TEXT(run_with_input(NULL, was, "sort"), run_with_input(NULL, snapshot(&two), "sort"));
	CHECK_EQUAL(-EINVAL, move(&two, "e0", "h0", (const char *const[]){"192.0.2.10", NULL}));
	CHECK_EQUAL(-ENODEV, move(&two, "e0", "none", NULL));
}

TEST(what_the_other_device_has_stays_there)
{
	struct two_devices two = make_two_devices(tb);
	char *routes;

	netns_ip(&two.near, "address add 192.0.2.10/24 dev e0\n"
			    "address add 10.5.0.1/24 dev h0\n"
			    "route add 10.6.0.0/16 via 10.5.0.2 dev h0\n"
			    "route add default via 192.0.2.1 dev e0\n");
	CHECK_EQUAL(0, move(&two, "e0", "h0", NULL));
	CHECK_EQUAL(1, has_address(&two, "h0", "10.5.0.1/24"));
	routes = shell(&two.near, "ip route");
	CHECK_CONTAINS("default via 192.0.2.1 dev h0", routes);
	CHECK_CONTAINS("10.6.0.0/16 via 10.5.0.2 dev h0", routes);
}

TEST(addresses_that_are_named_stay)
{
	static const char *const except[] = {"192.0.2.10/24", "2001:db8::10/64", NULL};
	struct two_devices two = make_two_devices(tb);
	char *routes;

	netns_ip(&two.near, "address add 10.5.0.1/24 dev e0\n"
			    "address add 192.0.2.9/24 dev e0\n"
			    "address add 192.0.2.10/24 dev e0\n" /* secondary: goes with .9 */
			    "address add 2001:db8::10/64 dev e0 nodad\n"
			    "route add default via 192.0.2.1 dev e0 src 192.0.2.10\n"
			    "route add 10.6.0.0/16 via 10.5.0.2 dev e0\n"
			    "route add default via fe80::1 dev e0\n");
	CHECK_EQUAL(0, move(&two, "e0", "h0", except));
	CHECK_EQUAL(1, has_address(&two, "e0", "192.0.2.10/24"));
	CHECK_EQUAL(0, has_address(&two, "h0", "192.0.2.10/24"));
	CHECK_EQUAL(1, has_address(&two, "h0", "192.0.2.9/24"));
	CHECK_EQUAL(1, has_address(&two, "h0", "10.5.0.1/24"));
	CHECK_EQUAL(1, has_address(&two, "e0", "2001:db8::10/64"));
	routes = shell(&two.near, "ip route; ip -6 route");
	CHECK_CONTAINS("default via 192.0.2.1 dev e0 src 192.0.2.10", routes);
	CHECK_CONTAINS("10.6.0.0/16 via 10.5.0.2 dev h0", routes);
	CHECK_CONTAINS("default via fe80::1 dev e0", routes);
}

TEST(routes_with_several_next_hops_are_counted)
{
	struct two_devices two = make_two_devices(tb);
	struct xvs_addresses *set;

	netns_ip(&two.near, "address add 192.0.2.10/24 dev e0\n"
			    "route add 10.1.0.0/16 nexthop via 192.0.2.1 dev e0 nexthop via "
			    "192.0.2.2 dev e0\n"
			    "route add 2001:db8:9::/48 nexthop via fe80::1 dev e0 nexthop via "
			    "fe80::2 dev h0\n"
			    "nexthop add id 7 via 192.0.2.3 dev e0\n"
			    "route add 10.3.0.0/16 nhid 7\n");
	set = read_addresses(&two, "e0");
	CHECK_EQUAL(1, xvs_addresses_count(set));
	CHECK_EQUAL(3, xvs_addresses_unmovable(set));
	CHECK_EQUAL(1, xvs_addresses_unmovable(read_addresses(&two, "h0")));
}

/* A program of somebody else: lets everything pass on. */
static int other_program(const char *name)
{
	const struct bpf_insn next[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = -1},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, name, "GPL", next, 2, NULL);

	CHECK(fd >= 0);
	return fd;
}

/* On the device by tcx, as long as the returned link is open. */
static int attach_other(struct testbed *tb, const char *device, const char *name, bool egress)
{
	int program = other_program(name), link;

	netns_enter(&tb->host);
	link = bpf_link_create(program, if_nametoindex(device),
		egress ? XVS_ATTACH_TCX_EGRESS : XVS_ATTACH_TCX_INGRESS, NULL);
	netns_leave();
	close(program);
	CHECK(link >= 0);
	return link;
}

static unsigned int count_tcx(struct testbed *tb, const char *device, enum bpf_attach_type type)
{
	LIBBPF_OPTS(bpf_prog_query_opts, query);
	int error;

	netns_enter(&tb->host);
	error = bpf_prog_query_opts(if_nametoindex(device), type, &query);
	netns_leave();
	CHECK_EQUAL(0, error);
	return query.prog_cnt;
}

/* What the port says of others, a line each; "" = nothing. Digits of ids are left out. */
static char *foreign(struct testbed *tb, const char *port)
{
	json_t *list = json_object_get(testbed_port(tb, port), "foreign"), *item;
	char *text = strdup("");
	size_t i;

	json_array_foreach (list, i, item) {
		const char *line = json_string_value(item), *id = strstr(line, " (id ");

		text = id ? test_text(
				    "%s%.*s%s\n", text, (int)(id - line), line, strchr(id, ')') + 1)
			  : test_text("%s%s\n", text, line);
	}
	return text;
}

static void purge_beside_others(struct testbed *tb)
{
	testbed_stop(tb);
	run(&tb->host, "%s --purge --socket %s --pin-dir %s --state-dir %s/state",
		control_program("xvswitchd"), tb->socket, tb->pins, tb->folder);
}

TEST(programs_of_others_are_shown_and_left_alone)
{
	struct station *a, *b;
	struct frame frame;
	int before, behind, out;

	if (strcmp("tcx", json_text(testbed_json(tb, "show"), "agent.hook")) != 0)
		SKIP("this kernel has no tcx");
	a = testbed_guest(tb, "a");
	b = testbed_guest(tb, "b");
	before = attach_other(tb, "a", "other_first", false);
	testbed_apply(tb, TWO_PORTS);
	behind = attach_other(tb, "a", "other_last", false);
	out = attach_other(tb, "a", "other_out", true);
	CHECK_TEXT("tcx ingress: program 'other_first', before ours\n"
		   "tcx ingress: program 'other_last', after ours\n"
		   "tcx egress: program 'other_out', after ours\n",
		foreign(tb, "a"));
	CHECK_CONTAINS("program 'other_last'", testbed_command(tb, "port show a"));
	CHECK_TEXT("", foreign(tb, "b"));
	frame = frame_new(a->mac, MAC_BROADCAST);
	expect_delivery(a, &frame, b);

	testbed_kill(tb);
	testbed_start(tb);
	CHECK_EQUAL(3, count_tcx(tb, "a", XVS_ATTACH_TCX_INGRESS));
	testbed_apply(tb, PRIVATE_SWITCH);
	CHECK_EQUAL(2, count_tcx(tb, "a", XVS_ATTACH_TCX_INGRESS));
	CHECK_EQUAL(1, count_tcx(tb, "a", XVS_ATTACH_TCX_EGRESS));
	testbed_apply(tb, TWO_PORTS);
	purge_beside_others(tb);
	CHECK_EQUAL(2, count_tcx(tb, "a", XVS_ATTACH_TCX_INGRESS));
	CHECK_EQUAL(1, count_tcx(tb, "a", XVS_ATTACH_TCX_EGRESS));
	close(before);
	close(behind);
	close(out);
}

TEST(filters_of_others_are_shown_and_left_alone)
{
	static const char filters[] = "tc filter show dev a ingress; tc filter show dev a egress";

	testbed_purge(tb);
	tb->hook = "clsact";
	testbed_start(tb);
	testbed_guest(tb, "a");
	testbed_guest(tb, "b");
	testbed_apply(tb, TWO_PORTS);
	run(&tb->host, "tc filter add dev a ingress protocol ip prio 9 u32 match u32 0 0 flowid "
		       "1:7");
	run(&tb->host, "tc filter add dev a egress prio 11 bpf bytecode '1,6 0 0 1,' flowid 1:1");
	CHECK_TEXT("clsact filter on ingress, priority 9: u32\n"
		   "clsact filter on egress, priority 11: bpf\n",
		foreign(tb, "a"));
	CHECK_TEXT("", foreign(tb, "b"));
	testbed_apply(tb, PRIVATE_SWITCH);
	CHECK_CONTAINS("pref 9", shell(&tb->host, filters));
	CHECK_CONTAINS("pref 11", shell(&tb->host, filters));
	CHECK(!strstr(shell(&tb->host, filters), "xvs"));
	testbed_apply(tb, TWO_PORTS);
	purge_beside_others(tb);
	CHECK_CONTAINS("pref 9", shell(&tb->host, filters));
	CHECK_CONTAINS("pref 11", shell(&tb->host, filters));
	run(&tb->host, "tc qdisc del dev a clsact");
}

/* As ip(8) and tc(8) show it, of the devices `a` and `nic0`. */
static char *settings(struct testbed *tb)
{
	return shell(&tb->host, "ip -d -4 addr show dev a | sed 's/promiscuity [0-9]*//'; "
				"ip -d -4 addr show dev nic0 | sed 's/promiscuity [0-9]*//'; "
				"tc qdisc show dev a; tc qdisc show dev nic0; ip route");
}

TEST(qdiscs_addresses_and_routes_of_others_are_shown_and_left_alone)
{
	static const char both[] = "switches: {s: {type: external, uplink: nic0}}\n"
				   "ports: {a: {switch: s, interface: a}}\n";
	char *was;

	testbed_guest(tb, "a");
	testbed_guest(tb, "nic0");
	netns_ip(&tb->host, "address add 192.0.2.1/24 dev a\n"
			    "address add 198.51.100.1/24 dev nic0\n"
			    "route add 10.7.0.0/16 via 192.0.2.2 dev a\n"
			    "route add default via 198.51.100.2 dev nic0\n");
	run(&tb->host, "tc qdisc add dev a root tbf rate 1gbit burst 1mb latency 10ms");
	run(&tb->host, "tc qdisc add dev nic0 root tbf rate 1gbit burst 1mb latency 10ms");
	was = settings(tb);
	testbed_apply(tb, both);
	CHECK_TEXT("qdisc tbf (root)\naddress 192.0.2.1/24\n", foreign(tb, "a"));
	CHECK_TEXT("qdisc tbf (root)\n"
		   "address 198.51.100.1/24: the host's own, beside the switch\n",
		foreign(tb, "s/uplink"));
	CHECK(!json_object_get(json_array_get(testbed_json(tb, "port list"), 0), "foreign"));
	testbed_apply(tb, "switches: {s: {type: external, uplink: nic0}}\n");
	testbed_apply(tb, "switches: {}\n");
	CHECK_TEXT(was, settings(tb));
	testbed_apply(tb, both);
	purge_beside_others(tb);
	CHECK_TEXT(was, settings(tb));
}
