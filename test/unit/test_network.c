// SPDX-License-Identifier: GPL-2.0-only
/* Virtual networks and records in the desired state; prefixes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/model.h"
#include "agent/prefix.h"

static const struct xvs_place place = {"x.yaml", 3, 5};

static struct xvs_prefix prefix(const char *text)
{
	struct xvs_prefix ret;

	cr_assert_eq(xvs_prefix_parse(text, &ret), 0, "%s", text);
	return ret;
}

static const char *lowest(const char *text)
{
	static char buffer[XVS_PREFIX_TEXT_SIZE];
	const struct xvs_prefix from = prefix(text), found = xvs_prefix_lowest(&from);

	cr_expect(xvs_prefix_is_whole(&found));
	return xvs_prefix_format(&found, buffer);
}

Test(network, lowest_address_of_a_prefix)
{
	cr_expect_str_eq(lowest("10.0.1.0/24"), "10.0.1.1");
	cr_expect_str_eq(lowest("10.0.0.0/8"), "10.0.0.1");
	cr_expect_str_eq(lowest("10.0.1.4/30"), "10.0.1.5");
	cr_expect_str_eq(lowest("10.0.1.4/31"), "10.0.1.4", "RFC 3021: both are hosts");
	cr_expect_str_eq(lowest("10.0.1.7"), "10.0.1.7");
	cr_expect_str_eq(lowest("fd00:1::/64"), "fd00:1::1");
	cr_expect_str_eq(lowest("fd00:1::4/126"), "fd00:1::5");
	cr_expect_str_eq(lowest("fd00:1::4/127"), "fd00:1::4", "RFC 6164");
	cr_expect_str_eq(lowest("fd00:1::7"), "fd00:1::7");
}

static bool contains(const char *outer, const char *inner)
{
	const struct xvs_prefix a = prefix(outer), b = prefix(inner);

	cr_expect_eq(xvs_prefix_overlaps(&b, &a), xvs_prefix_overlaps(&a, &b));
	return xvs_prefix_contains(&a, &b);
}

Test(network, prefix_contains)
{
	cr_expect(contains("10.0.0.0/8", "10.1.2.0/24"));
	cr_expect(contains("10.0.0.0/8", "10.0.0.0/8"));
	cr_expect(contains("0.0.0.0/0", "192.0.2.1"));
	cr_expect(contains("10.0.1.128/25", "10.0.1.255"));
	cr_expect(contains("10.0.1.7", "10.0.1.7"));
	cr_expect(contains("fd00::/9", "fd7f::1"));
	cr_expect_not(contains("fd00::/9", "fd80::1"));
	cr_expect_not(contains("10.1.2.0/24", "10.0.0.0/8"));
	cr_expect_not(contains("10.0.1.128/25", "10.0.1.127"));
	cr_expect_not(contains("10.0.1.7", "10.0.1.6"));
	cr_expect_not(contains("0.0.0.0/0", "::/0"), "another family");
	cr_expect_not(contains("any", "10.0.0.0/8"), "no address at all");
	cr_expect_not(contains("02:00:00:00:00:01", "02:00:00:00:00:01"), "a MAC address");
}

Test(network, prefix_overlaps_either_way)
{
	const struct xvs_prefix a = prefix("10.0.0.0/8"), b = prefix("10.1.0.0/16");
	const struct xvs_prefix c = prefix("10.2.0.0/16");

	cr_expect(xvs_prefix_overlaps(&a, &b));
	cr_expect(xvs_prefix_overlaps(&b, &a));
	cr_expect_not(xvs_prefix_overlaps(&b, &c));
}

static bool is_multicast(const char *text)
{
	const struct xvs_prefix address = prefix(text);

	return xvs_prefix_is_multicast(&address);
}

Test(network, prefix_is_multicast)
{
	cr_expect(is_multicast("224.0.0.1"));
	cr_expect(is_multicast("239.255.255.255"));
	cr_expect(is_multicast("ff05::1"));
	cr_expect_not(is_multicast("223.255.255.255"));
	cr_expect_not(is_multicast("240.0.0.1"));
	cr_expect_not(is_multicast("fe80::1"));
	cr_expect_not(is_multicast("224.0.0.0/3"), "not all of it");
	cr_expect_not(is_multicast("any"));
}

Test(network, prefix_order_puts_what_contains_first)
{
	const struct xvs_prefix a = prefix("10.0.0.0/8"), b = prefix("10.0.0.0/24");
	const struct xvs_prefix c = prefix("10.0.0.1"), d = prefix("::/0");

	cr_expect_lt(xvs_prefix_compare(&a, &b), 0);
	cr_expect_lt(xvs_prefix_compare(&b, &c), 0);
	cr_expect_lt(xvs_prefix_compare(&c, &d), 0);
	cr_expect_gt(xvs_prefix_compare(&b, &a), 0);
	cr_expect_eq(xvs_prefix_compare(&b, &b), 0);
}

static void add_subnet(struct xvs_network *item, const char *name, uint32_t vsid, const char *first,
	const char *second)
{
	struct xvs_subnet_setting *subnet = &item->subnets[item->subnet_count++];

	*subnet = (struct xvs_subnet_setting){.place = place, .vsid = vsid};
	strcpy(subnet->name, name);
	subnet->prefixes = calloc(2, sizeof(*subnet->prefixes));
	subnet->prefixes[subnet->prefix_count++] = prefix(first);
	if (second)
		subnet->prefixes[subnet->prefix_count++] = prefix(second);
}

static struct xvs_network *make_network(const char *name)
{
	struct xvs_network *item = xvs_network_new(name);

	strcpy(item->switch_name, "prod");
	item->place = place;
	item->subnets = calloc(2, sizeof(*item->subnets));
	add_subnet(item, "web", 5001, "fd00:1::/64", "10.0.1.0/24");
	add_subnet(item, "db", 5002, "10.0.2.0/24", NULL);
	item->subnets[0].group = prefix("239.1.1.1");
	item->routes = calloc(1, sizeof(*item->routes));
	item->routes[item->route_count++] =
		(struct xvs_customer_route){place, prefix("0.0.0.0/0"), prefix("10.0.1.254"), 10};
	return item;
}

static struct xvs_record_setting make_record(uint32_t vsid, const char *address, uint8_t last)
{
	return (struct xvs_record_setting){
		.place = place,
		.vsid = vsid,
		.address = address ? prefix(address) : (struct xvs_prefix){0},
		.mac = {{0x52, 0x54, 0, 0, 0, last}},
		.provider = prefix("192.0.2.2"),
	};
}

static struct xvs_config *make_config(void)
{
	struct xvs_config *config = xvs_config_new();
	struct xvs_switch *item = xvs_switch_new("prod");
	struct xvs_port_setting *port = xvs_port_setting_new("vm1");

	item->host_port.present = item->host_port.provider = true;
	item->host_port.routes = calloc(1, sizeof(*item->host_port.routes));
	item->host_port.routes[item->host_port.route_count++] = (struct xvs_provider_route){
		place, prefix("198.51.100.0/24"), prefix("192.0.2.254"), 100};
	port->vsid = 5001;
	xvs_config_add_switch(config, item);
	xvs_config_add_port(config, port);
	xvs_config_add_network(config, make_network("red"));
	xvs_config_add_network(config, xvs_network_new("blue"));
	for (uint8_t i = 0; i < 5; i++) {
		const struct xvs_record_setting record = make_record(5001, NULL, i);

		cr_assert_eq(xvs_config_add_record(config, &record), 0);
	}
	config->record_folder = strdup("/etc/xvswitch/records");
	return config;
}

Test(network, defaults)
{
	struct xvs_network *item = xvs_network_new("red");
	char text[XVS_MAC_TEXT_SIZE];

	cr_expect_str_eq(item->name, "red");
	cr_expect_str_eq(xvs_mac_format(&item->gateway_mac, text), XVS_GATEWAY_MAC);
	cr_expect_not(item->learn);
	cr_expect_not(item->clamp);
	cr_expect_eq(item->subnet_count, 0);
	xvs_network_free(item);
}

/* The original is freed first, so that a sanitizer sees what the clone shares with it. */
Test(network, clone_is_whole_and_shares_nothing)
{
	struct xvs_config *config = make_config(), *clone = NULL;
	const struct xvs_network *item;
	const struct xvs_switch *prod;
	struct xvs_record_setting more;

	cr_assert_eq(xvs_config_clone(config, &clone), 0);
	cr_expect(xvs_network_equal(
		xvs_config_network(config, "red"), xvs_config_network(clone, "red")));
	cr_expect(xvs_switch_equal(
		xvs_config_switch(config, "prod"), xvs_config_switch(clone, "prod")));
	cr_expect(xvs_records_equal(config, clone));
	cr_expect(xvs_record_folders_equal(config, clone));
	memset(config->networks->subnets[0].prefixes, 0xff, sizeof(struct xvs_prefix));
	memset(config->networks->routes, 0xff, sizeof(*config->networks->routes));
	memset(config->switches->host_port.routes, 0xff, sizeof(struct xvs_provider_route));
	memset(config->records, 0xff, sizeof(*config->records));
	config->record_folder[0] = 'x';
	xvs_config_free(config);

	item = xvs_config_network(clone, "red");
	cr_expect_eq(clone->networks, item, "in the order of the original");
	cr_expect_str_eq(item->switch_name, "prod");
	cr_expect_null(item->place.file);
	cr_assert_eq(item->subnet_count, 2);
	cr_expect_null(item->subnets[0].place.file);
	cr_expect_eq(item->subnets[0].prefixes[0].length, 64);
	cr_expect_null(item->routes[0].place.file);
	cr_expect_eq(item->routes[0].metric, 10);
	prod = xvs_config_switch(clone, "prod");
	cr_expect(prod->host_port.provider);
	cr_assert_eq(prod->host_port.route_count, 1);
	cr_expect_eq(prod->host_port.routes[0].metric, 100);
	cr_expect_null(prod->host_port.routes[0].place.file);
	cr_expect_eq(xvs_config_port(clone, "vm1")->vsid, 5001);
	cr_assert_eq(clone->record_count, 5);
	cr_expect_eq(clone->records[0].vsid, 5001);
	cr_expect_null(clone->records[0].place.file);
	cr_expect_str_eq(clone->record_folder, "/etc/xvswitch/records");
	more = make_record(5002, "10.0.2.1", 9);
	for (int i = 0; i < 10; i++) /* also where there was room for more than there were */
		cr_expect_eq(xvs_config_add_record(clone, &more), 0);
	cr_expect_eq(clone->records[14].vsid, 5002);
	xvs_config_free(clone);
}

Test(network, add_put_take)
{
	struct xvs_config *config = make_config();
	struct xvs_network *item = xvs_network_new("red");

	cr_expect_eq(xvs_config_add_network(config, item), -EEXIST);
	item->learn = true;
	xvs_config_put_network(config, item);
	cr_expect_str_eq(config->networks->name, "red", "still the first");
	cr_expect(config->networks->learn);
	cr_expect_eq(config->networks->subnet_count, 0);
	cr_expect_str_eq(xvs_config_near_network(config, "bleu"), "blue");
	cr_expect_null(xvs_config_near_network(config, "tenant"));
	item = xvs_config_network(config, "red");
	xvs_config_take_network(config, item);
	xvs_network_free(item);
	cr_expect_null(xvs_config_network(config, "red"));
	xvs_config_put_network(config, xvs_network_new("red"));
	cr_expect_not_null(xvs_config_network(config, "red"));
	xvs_config_free(config);
}

Test(network, subnets_are_found)
{
	struct xvs_config *config = make_config();
	const struct xvs_network *red = xvs_config_network(config, "red");
	const struct xvs_prefix inside = prefix("10.0.2.7"), outside = prefix("10.0.3.7");
	struct xvs_network *found = NULL;
	struct xvs_prefix gateway;

	cr_expect_eq(xvs_config_subnet(config, 5002, &found), &red->subnets[1]);
	cr_expect_eq(found, red);
	cr_expect_eq(xvs_config_subnet(config, 5001, NULL), &red->subnets[0]);
	cr_expect_null(xvs_config_subnet(config, 5003, &found));
	cr_expect_eq(xvs_network_subnet(red, "db"), &red->subnets[1]);
	cr_expect_null(xvs_network_subnet(red, "d"));
	cr_expect_eq(xvs_network_subnet_of(red, &inside), &red->subnets[1]);
	cr_expect_null(xvs_network_subnet_of(red, &outside));
	cr_assert(xvs_subnet_gateway(&red->subnets[0], XVS_ADDRESS_IPV4, &gateway));
	cr_expect_eq(gateway.byte[3], 1);
	cr_assert(xvs_subnet_gateway(&red->subnets[0], XVS_ADDRESS_IPV6, &gateway));
	cr_expect_eq(gateway.byte[15], 1);
	cr_expect_not(xvs_subnet_gateway(&red->subnets[1], XVS_ADDRESS_IPV6, &gateway));
	xvs_config_free(config);
}

/* Each change alone makes another one of it. */
Test(network, equality_sees_every_setting)
{
	struct xvs_network *a = make_network("red"), *b = make_network("red");

#define DIFFERS(change, back)                                                                      \
	do {                                                                                       \
		cr_expect(xvs_network_equal(a, b));                                                \
		change;                                                                            \
		cr_expect_not(xvs_network_equal(a, b), #change);                                   \
		back;                                                                              \
	} while (0)
	DIFFERS(b->name[0] = 'x', b->name[0] = 'r');
	DIFFERS(b->switch_name[0] = 'x', b->switch_name[0] = 'p');
	DIFFERS(b->gateway_mac.byte[5]++, b->gateway_mac.byte[5]--);
	DIFFERS(b->learn = true, b->learn = false);
	DIFFERS(b->clamp = true, b->clamp = false);
	DIFFERS(b->subnet_count--, b->subnet_count++);
	DIFFERS(b->subnets[1].vsid++, b->subnets[1].vsid--);
	DIFFERS(b->subnets[1].name[0] = 'x', b->subnets[1].name[0] = 'd');
	DIFFERS(b->subnets[0].prefix_count--, b->subnets[0].prefix_count++);
	DIFFERS(b->subnets[0].prefixes[1].length--, b->subnets[0].prefixes[1].length++);
	DIFFERS(b->subnets[0].group.byte[3]++, b->subnets[0].group.byte[3]--);
	DIFFERS(b->route_count--, b->route_count++);
	DIFFERS(b->routes[0].metric++, b->routes[0].metric--);
	DIFFERS(b->routes[0].to.length++, b->routes[0].to.length--);
	DIFFERS(b->routes[0].via.byte[0]++, b->routes[0].via.byte[0]--);
#undef DIFFERS
	cr_expect(xvs_network_equal(a, b));
	b->place.line = b->subnets[0].place.line = b->routes[0].place.line = 99;
	cr_expect(xvs_network_equal(a, b), "places don't count");
	xvs_network_free(a);
	xvs_network_free(b);
}

Test(network, equality_of_a_switch_sees_provider_settings)
{
	struct xvs_config *a = make_config(), *b = make_config();
	struct xvs_host_port *host = &b->switches->host_port;

	cr_expect(xvs_switch_equal(a->switches, b->switches));
	host->provider = false;
	cr_expect_not(xvs_switch_equal(a->switches, b->switches));
	host->provider = true;
	host->routes[0].metric++;
	cr_expect_not(xvs_switch_equal(a->switches, b->switches));
	host->routes[0].metric--;
	host->routes[0].to.length++;
	cr_expect_not(xvs_switch_equal(a->switches, b->switches));
	host->routes[0].to.length--;
	host->routes[0].via.byte[3]++;
	cr_expect_not(xvs_switch_equal(a->switches, b->switches));
	host->routes[0].via.byte[3]--;
	host->route_count--;
	cr_expect_not(xvs_switch_equal(a->switches, b->switches));
	host->route_count++;
	cr_expect(xvs_switch_equal(a->switches, b->switches));
	b->ports->vsid++;
	cr_expect_not(xvs_port_setting_equal(a->ports, b->ports));
	xvs_config_free(a);
	xvs_config_free(b);
}

Test(network, equality_of_records_sees_every_setting)
{
	const struct xvs_record_setting a = make_record(5001, "10.0.1.5", 5);
	struct xvs_record_setting b = a;

	b.place.line = 99;
	cr_expect(xvs_record_setting_equal(&a, &b), "places don't count");
	b.vsid++;
	cr_expect_not(xvs_record_setting_equal(&a, &b));
	b = a;
	b.rule = XVS_METHOD_REWRITE;
	cr_expect_not(xvs_record_setting_equal(&a, &b));
	b = a;
	b.kind = XVS_LOOKUP_DYNAMIC;
	cr_expect_not(xvs_record_setting_equal(&a, &b));
	b = a;
	b.mac.byte[5]++;
	cr_expect_not(xvs_record_setting_equal(&a, &b));
	b = a;
	b.address.byte[3]++;
	cr_expect_not(xvs_record_setting_equal(&a, &b));
	b = a;
	b.provider.byte[3]++;
	cr_expect_not(xvs_record_setting_equal(&a, &b));
}

Test(network, records_are_told_by_address_else_by_mac)
{
	struct xvs_config *config = make_config();
	const struct xvs_record_setting added = make_record(5001, "10.0.1.5", 2);
	struct xvs_record_setting like = make_record(5001, "10.0.1.5", 77), *found;

	cr_expect_null(xvs_config_record(config, &like));
	cr_assert_eq(xvs_config_add_record(config, &added), 0);
	found = xvs_config_record(config, &like);
	cr_expect_eq(found, &config->records[5], "by address, whatever the MAC address");
	like = make_record(5001, NULL, 2);
	cr_expect_eq(xvs_config_record(config, &like), &config->records[2], "not by address");
	like.vsid = 5002;
	cr_expect_null(xvs_config_record(config, &like));
	xvs_config_take_record(config, &config->records[2]);
	cr_assert_eq(config->record_count, 5);
	cr_expect_eq(config->records[1].mac.byte[5], 1);
	cr_expect_eq(config->records[2].mac.byte[5], 3);
	cr_expect_eq(config->records[4].address.byte[3], 5);
	xvs_config_free(config);
}
