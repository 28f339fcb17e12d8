// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/model.h"

Test(model, mac_parse_good)
{
	static const struct {
		const char *text;
		uint64_t number;
	} rows[] = {
		{"00:00:00:00:00:00", 0},
		{"02:00:5e:10:00:ff", 0x02005e1000ff},
		{"02-00-5e-10-00-ff", 0x02005e1000ff},
		{"AB:CD:EF:ab:cd:ef", 0xabcdefabcdef},
		{"ff:ff:ff:ff:ff:ff", 0xffffffffffff},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct xvs_mac mac;

		cr_expect_eq(xvs_mac_parse(rows[i].text, &mac), 0, "%s", rows[i].text);
		cr_expect_eq(xvs_mac_number(&mac), rows[i].number, "%s", rows[i].text);
	}
}

Test(model, mac_parse_bad_leaves_target)
{
	static const char *const rows[] = {"", "02", "02:00:5e:10:00", "02:00:5e:10:00:ff:00",
		"02:00:5e:10:00:f", "02:00:5e:10:00:fg", "2:00:5e:10:00:ff0", "02005e1000ff",
		"02:00:5e:10:00:ff ", " 2:00:5e:10:00:ff", "02.00.5e.10.00.ff", "+2:00:5e:10:00:ff",
		"02:00:5e:10:00-0x"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct xvs_mac mac = {{1, 2, 3, 4, 5, 6}};

		cr_expect_eq(xvs_mac_parse(rows[i], &mac), -EINVAL, "'%s'", rows[i]);
		cr_expect_eq(xvs_mac_number(&mac), 0x010203040506, "'%s'", rows[i]);
	}
}

Test(model, mac_format_and_number_turn_back)
{
	static const uint64_t rows[] = {0, 1, 0x020000000001, 0x0a0b0c0d0e0f, 0xffffffffffff};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct xvs_mac mac = xvs_mac_from_number(rows[i]), again;
		char text[XVS_MAC_TEXT_SIZE];

		cr_expect_eq(xvs_mac_number(&mac), rows[i]);
		cr_expect_eq(xvs_mac_parse(xvs_mac_format(&mac, text), &again), 0);
		cr_expect_eq(xvs_mac_number(&again), rows[i]);
	}
	struct xvs_mac mac = {{0x02, 0, 0x5e, 0xAB, 0, 9}};
	char text[XVS_MAC_TEXT_SIZE];

	cr_expect_str_eq(xvs_mac_format(&mac, text), "02:00:5e:ab:00:09");
}

Test(model, name_validity)
{
	char longest[XVS_NAME_SIZE + 1];

	memset(longest, 'a', sizeof(longest));
	longest[XVS_NAME_SIZE - 1] = '\0';
	cr_expect(xvs_name_valid(longest), "63 characters fit");
	longest[XVS_NAME_SIZE - 1] = 'a';
	longest[XVS_NAME_SIZE] = '\0';
	cr_expect_not(xvs_name_valid(longest), "64 do not");

	static const char *const good[] = {"a", "0", "vm1-eth0", "A.b_c-d", "9.", "uplink"};
	static const char *const bad[] = {
		"", "-a", "_a", ".", "a b", "a/b", "a:b", "\xc3\xa4", "a\xc3\xa4", "a\n", "*"};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		cr_expect(xvs_name_valid(good[i]), "'%s'", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_not(xvs_name_valid(bad[i]), "'%s'", bad[i]);
}

Test(model, defaults)
{
	struct xvs_config *config = xvs_config_new();
	struct xvs_switch *item = xvs_switch_new("s");
	struct xvs_port_setting *port = xvs_port_setting_new("p");

	cr_expect_eq(config->mac_pool.size, 256);
	cr_expect_not(config->mac_pool.given);
	cr_expect_null(config->switches);
	cr_expect_null(config->ports);
	cr_expect_str_eq(item->name, "s");
	cr_expect_eq(item->ageing_s, 300);
	cr_expect_eq(item->mac_table_size, XVS_FDB_SIZE_DEFAULT);
	cr_expect_eq(item->xdp, XVS_XDP_AUTO);
	cr_expect_eq(item->host_port.mac.source, XVS_MAC_POOL);
	cr_expect_not(item->host_port.present);
	cr_expect_str_eq(port->name, "p");
	cr_expect_eq(port->vlan.mode, XVS_VLAN_UNTAGGED);
	cr_expect_eq(port->mac.source, XVS_MAC_NONE);
	cr_expect_not(port->priority_tag);
	cr_expect_eq(port->learning_limit, 0);
	cr_expect_str_eq(port->vm, "");
	cr_expect_eq(port->security.storm_limit, -1);
	cr_expect_not(port->security.mac_spoofing);
	cr_expect_eq(port->flow_limit, XVS_FLOW_LIMIT_DEFAULT);
	cr_expect_not(port->acl_strict);
	xvs_switch_free(item);
	xvs_port_setting_free(port);
	xvs_config_free(config);
	xvs_config_free(NULL);
}

Test(model, switches_by_name)
{
	struct xvs_config *config = xvs_config_new();
	struct xvs_switch *first = xvs_switch_new("b"), *second = xvs_switch_new("a");
	struct xvs_switch *again = xvs_switch_new("b");

	cr_expect_eq(xvs_config_add_switch(config, first), 0);
	cr_expect_eq(xvs_config_add_switch(config, second), 0);
	cr_expect_eq(xvs_config_add_switch(config, again), -EEXIST);
	cr_expect_eq(xvs_config_switch(config, "b"), first);
	cr_expect_eq(xvs_config_switch(config, "a"), second);
	cr_expect_null(xvs_config_switch(config, "c"));
	cr_expect_eq(HASH_COUNT(config->switches), 2);
	cr_expect_eq(config->switches, first, "in the order of adding");
	xvs_switch_free(again); /* still ours */
	xvs_config_free(config);
}

Test(model, ports_by_name)
{
	struct xvs_config *config = xvs_config_new();
	struct xvs_port_setting *first = xvs_port_setting_new("b");
	struct xvs_port_setting *again = xvs_port_setting_new("b");
	size_t count = 0;

	cr_expect_eq(xvs_config_add_port(config, first), 0);
	cr_expect_eq(xvs_config_add_port(config, xvs_port_setting_new("a")), 0);
	cr_expect_eq(xvs_config_add_port(config, again), -EEXIST);
	cr_expect_eq(xvs_config_port(config, "b"), first);
	cr_expect_null(xvs_config_port(config, "bb"));
	XVS_EACH_PORT (config, port)
		cr_expect_str_eq(port->name, count++ ? "a" : "b");
	cr_expect_eq(count, 2);
	xvs_port_setting_free(again);
	xvs_config_free(config);
}

static struct xvs_acl *make_acl(const char *name)
{
	struct xvs_acl *acl = xvs_acl_new(name);

	acl->place = (struct xvs_place){"f.yaml", 3, 4};
	acl->rules = calloc(1, sizeof(*acl->rules));
	acl->rules[acl->count++] = xvs_rule_default;
	acl->rules[0].weight = 7;
	acl->rules[0].place = acl->place;
	return acl;
}

static void add_use(struct xvs_extension_use **uses, size_t *count, const char *name)
{
	static const struct xvs_place place = {"f.yaml", 3, 4};
	struct xvs_extension_use *use;

	*uses = realloc(*uses, (*count + 1) * sizeof(*use));
	use = &(*uses)[(*count)++];
	*use = (struct xvs_extension_use){.place = place, .enabled = -1, .value_count = 1};
	strcpy(use->name, name);
	use->values = calloc(1, sizeof(*use->values));
	use->values[0] = (struct xvs_extension_value){place, strdup("rate"), strdup("200")};
}

static struct xvs_extension_file *make_extension(const char *name, const char *path)
{
	struct xvs_extension_file *item = xvs_extension_file_new(name);

	item->place = (struct xvs_place){"f.yaml", 3, 4};
	item->file = strdup(path);
	return item;
}

/* A configuration with something behind every pointer. */
static struct xvs_config *make_config(void)
{
	static const struct xvs_place place = {"f.yaml", 3, 4};
	struct xvs_config *config = xvs_config_new();
	struct xvs_switch *item = xvs_switch_new("s");
	struct xvs_port_setting *port = xvs_port_setting_new("p");

	config->mac_pool = (struct xvs_mac_pool){place, true, {{2, 0, 0, 0, 0, 1}}, 7};
	item->place = item->host_port.place = port->place = place;
	item->ageing_s = 77;
	item->host_port.vlan.allowed = calloc(1, sizeof(struct xvs_vlan_set));
	item->host_port.addresses = calloc(2, sizeof(char *));
	item->host_port.addresses[item->host_port.address_count++] = strdup("192.0.2.1/24");
	item->host_port.addresses[item->host_port.address_count++] = strdup("2001:db8::1/64");
	item->static_entries = calloc(1, sizeof(*item->static_entries));
	item->static_entries[item->static_entry_count++] =
		(struct xvs_static_entry){place, {{2, 0, 0, 0, 0, 9}}, 12, "p"};
	port->vlan.mode = XVS_VLAN_TRUNK;
	port->vlan.allowed = calloc(1, sizeof(*port->vlan.allowed));
	port->vlan.allowed->word[1] = 5;
	port->security.addresses = calloc(1, sizeof(*port->security.addresses));
	port->security.addresses[port->security.address_count++] =
		(struct xvs_prefix){XVS_ADDRESS_IPV4, 32, {192, 0, 2, 5}};
	strcpy(port->acl_name, "web");
	port->port_acl = make_acl("");
	xvs_config_add_acl(config, make_acl("web"));
	xvs_config_add_acl(config, make_acl("a"));
	xvs_config_add_port_acl(config, make_acl("metered"));
	add_use(&item->extensions, &item->extension_count, "limit");
	add_use(&item->extensions, &item->extension_count, "log");
	add_use(&port->extensions, &port->extension_count, "log");
	xvs_config_add_extension(config, make_extension("log", "/log.o"));
	xvs_config_add_extension(config, make_extension("limit", "/limit.o"));
	xvs_config_add_switch(config, item);
	xvs_config_add_switch(config, xvs_switch_new("a"));
	xvs_config_add_port(config, port);
	xvs_config_add_port(config, xvs_port_setting_new("b"));
	return config;
}

/* The original is freed first, so that a sanitizer sees what the clone shares with it. */
Test(model, clone_is_whole_and_shares_nothing)
{
	struct xvs_config *config = make_config(), *clone = NULL;
	const struct xvs_switch *item;
	const struct xvs_port_setting *port;

	cr_assert_eq(xvs_config_clone(config, &clone), 0);
	cr_expect_neq(xvs_config_port(clone, "p")->vlan.allowed,
		xvs_config_port(config, "p")->vlan.allowed);
	xvs_config_port(config, "p")->security.addresses[0].byte[0] = 1;
	memset(xvs_config_switch(config, "s")->static_entries, 0xff,
		sizeof(struct xvs_static_entry));
	xvs_config_switch(config, "s")->host_port.addresses[0][0] = 'x';
	xvs_config_acl(config, "web")->rules[0].weight = 8;
	xvs_config_port(config, "p")->port_acl->rules[0].weight = 8;
	xvs_config_switch(config, "s")->extensions[1].values[0].text[0] = 'x';
	xvs_config_port(config, "p")->extensions[0].values[0].name[0] = 'x';
	xvs_config_extension(config, "log")->file[0] = 'x';
	xvs_config_free(config);

	cr_expect(clone->mac_pool.given);
	cr_expect_eq(clone->mac_pool.size, 7);
	cr_expect_null(clone->mac_pool.place.file);
	item = xvs_config_switch(clone, "s");
	cr_expect_eq(clone->switches, item, "in the order of the original");
	cr_expect_not_null(xvs_config_switch(clone, "a"));
	cr_expect_eq(item->ageing_s, 77);
	cr_expect_null(item->place.file);
	cr_expect_null(item->host_port.place.file);
	cr_expect_not_null(item->host_port.vlan.allowed);
	cr_assert_eq(item->host_port.address_count, 2);
	cr_expect_str_eq(item->host_port.addresses[0], "192.0.2.1/24");
	cr_expect_str_eq(item->host_port.addresses[1], "2001:db8::1/64");
	cr_assert_eq(item->static_entry_count, 1);
	cr_expect_eq(item->static_entries[0].vlan, 12);
	cr_expect_str_eq(item->static_entries[0].port, "p");
	cr_expect_null(item->static_entries[0].place.file);
	port = xvs_config_port(clone, "p");
	cr_expect_eq(port->vlan.mode, XVS_VLAN_TRUNK);
	cr_expect_eq(port->vlan.allowed->word[1], 5);
	cr_assert_eq(port->security.address_count, 1);
	cr_expect_eq(port->security.addresses[0].byte[0], 192);
	cr_expect_null(port->place.file);
	cr_expect_str_eq(port->acl_name, "web");
	cr_expect_null(port->acl);
	cr_expect_eq(port->port_acl->rules[0].weight, 7);
	cr_expect_null(port->port_acl->rules[0].place.file);
	cr_expect_str_eq(clone->acls->name, "web", "in the order of the original");
	cr_expect_eq(xvs_config_acl(clone, "web")->rules[0].weight, 7);
	cr_expect_eq(xvs_config_acl(clone, "a")->rules[0].weight, 7);
	cr_expect_null(xvs_config_acl(clone, "web")->place.file);
	cr_expect_not_null(xvs_config_port_acl(clone, "metered"));
	cr_expect_null(xvs_config_acl(clone, "metered"), "the other kind");
	cr_assert_eq(item->extension_count, 2);
	cr_expect_str_eq(item->extensions[1].name, "log");
	cr_expect_null(item->extensions[1].place.file);
	cr_assert_eq(item->extensions[1].value_count, 1);
	cr_expect_str_eq(item->extensions[1].values[0].text, "200");
	cr_expect_null(item->extensions[1].values[0].place.file);
	cr_assert_eq(port->extension_count, 1);
	cr_expect_str_eq(port->extensions[0].values[0].name, "rate");
	cr_expect_str_eq(clone->extensions->name, "log", "in the order of the original");
	cr_expect_str_eq(xvs_config_extension(clone, "log")->file, "/log.o");
	cr_expect_null(xvs_config_extension(clone, "limit")->place.file);
	cr_expect_eq(HASH_COUNT(clone->ports), 2);
	cr_expect_eq(xvs_config_add_port(clone, xvs_port_setting_new("c")), 0);
	cr_expect_not_null(xvs_config_port(clone, "c"), "can be changed like any other");
	xvs_config_free(clone);
}

Test(model, put_takes_the_place_and_take_leaves_none)
{
	struct xvs_config *config = make_config();
	struct xvs_switch *item = xvs_switch_new("s");
	struct xvs_port_setting *port = xvs_port_setting_new("p");

	item->ageing_s = 11;
	xvs_config_put_switch(config, item);
	cr_expect_eq(HASH_COUNT(config->switches), 2);
	cr_expect_str_eq(config->switches->name, "s", "still the first");
	cr_expect_eq(xvs_config_switch(config, "s")->ageing_s, 11);
	xvs_config_put_switch(config, xvs_switch_new("z"));
	cr_expect_eq(HASH_COUNT(config->switches), 3);

	port->learning_limit = 12;
	xvs_config_put_port(config, port);
	cr_expect_eq(HASH_COUNT(config->ports), 2);
	cr_expect_str_eq(config->ports->name, "p");
	cr_expect_eq(xvs_config_port(config, "p")->learning_limit, 12);
	cr_expect_null(xvs_config_port(config, "p")->vlan.allowed);

	port = xvs_config_port(config, "p");
	xvs_config_take_port(config, port);
	cr_expect_null(xvs_config_port(config, "p"));
	xvs_port_setting_free(port);
	item = xvs_config_switch(config, "s");
	xvs_config_take_switch(config, item);
	cr_expect_null(xvs_config_switch(config, "s"));
	xvs_switch_free(item);
	xvs_config_free(config);
}

Test(model, lists_are_added_put_and_taken)
{
	struct xvs_config *config = make_config();
	struct xvs_acl *acl = make_acl("web"), *other = xvs_acl_new("z");

	cr_expect_eq(xvs_config_add_acl(config, acl), -EEXIST);
	acl->rules[0].weight = 11;
	xvs_config_put_acl(config, acl);
	cr_expect_eq(HASH_COUNT(config->acls), 2);
	cr_expect_str_eq(config->acls->name, "web", "still the first");
	cr_expect_eq(xvs_config_acl(config, "web")->rules[0].weight, 11);
	xvs_config_put_acl(config, other);
	cr_expect_eq(xvs_config_acl(config, "z"), other);
	xvs_config_take_acl(config, other);
	cr_expect_null(xvs_config_acl(config, "z"));
	cr_expect_eq(xvs_config_add_port_acl(config, other), 0, "a row of its own");
	xvs_config_put_port_acl(config, make_acl("metered"));
	cr_expect_eq(HASH_COUNT(config->port_acls), 2);
	xvs_config_take_port_acl(config, other);
	xvs_acl_free(other);
	xvs_config_free(config);
}

Test(model, extensions_are_added_put_and_taken)
{
	struct xvs_config *config = make_config();
	struct xvs_extension_file *item = make_extension("log", "/other.o");

	cr_expect_eq(xvs_config_add_extension(config, item), -EEXIST);
	cr_expect_not(xvs_extension_file_equal(item, xvs_config_extension(config, "log")));
	xvs_config_put_extension(config, item);
	cr_expect_eq(HASH_COUNT(config->extensions), 2);
	cr_expect_str_eq(config->extensions->name, "log", "still the first");
	cr_expect_str_eq(xvs_config_extension(config, "log")->file, "/other.o");
	item = make_extension("z", "/z.o");
	xvs_config_put_extension(config, item);
	cr_expect_eq(xvs_config_extension(config, "z"), item);
	cr_expect_str_eq(xvs_config_near_extension(config, "limt"), "limit");
	cr_expect_null(xvs_config_near_extension(config, "something"));
	xvs_config_take_extension(config, item);
	cr_expect_null(xvs_config_extension(config, "z"));
	xvs_extension_file_free(item);
	xvs_config_free(config);
}

Test(model, uses_of_extensions)
{
	struct xvs_config *config = make_config();
	struct xvs_switch *item = xvs_config_switch(config, "s");
	struct xvs_extension_use *uses = item->extensions, *use;

	use = xvs_extension_use_find(uses, item->extension_count, "log");
	cr_expect_eq(use, &uses[1]);
	cr_expect_null(xvs_extension_use_find(uses, item->extension_count, "lo"));
	cr_expect_null(xvs_extension_use_find(NULL, 0, "log"));
	cr_expect_str_eq(xvs_extension_uses_near(uses, item->extension_count, "lgo"), "log");
	cr_expect_null(xvs_extension_uses_near(NULL, 0, "log"));
	xvs_extension_uses_drop(uses, &item->extension_count, &uses[0]);
	cr_assert_eq(item->extension_count, 1);
	cr_expect_str_eq(uses[0].name, "log");
	cr_expect_str_eq(uses[0].values[0].text, "200");
	xvs_extension_uses_drop(uses, &item->extension_count, &uses[0]);
	cr_expect_eq(item->extension_count, 0);
	xvs_config_free(config);
}

/* Each of it counts, the order too. */
Test(model, extensions_count_in_a_comparison)
{
	struct xvs_switch *a = xvs_switch_new("s"), *b = xvs_switch_new("s");
	struct xvs_port_setting *port = xvs_port_setting_new("p");
	struct xvs_port_setting *other = xvs_port_setting_new("p");
	struct xvs_extension_use *use;

	add_use(&a->extensions, &a->extension_count, "x");
	add_use(&port->extensions, &port->extension_count, "x");
	cr_expect_not(xvs_switch_equal(a, b));
	cr_expect_not(xvs_port_setting_equal(port, other));
	add_use(&b->extensions, &b->extension_count, "x");
	cr_expect(xvs_switch_equal(a, b));
	use = b->extensions;
	use->enabled = 0;
	cr_expect_not(xvs_switch_equal(a, b));
	use->enabled = -1;
	use->name[0] = 'y';
	cr_expect_not(xvs_switch_equal(a, b));
	use->name[0] = 'x';
	use->values[0].text[0] = '3';
	cr_expect_not(xvs_switch_equal(a, b));
	use->values[0].text[0] = '2';
	use->values[0].name[0] = 'm';
	cr_expect_not(xvs_switch_equal(a, b));
	xvs_extension_use_clear(use);
	cr_expect_not(xvs_switch_equal(a, b));
	xvs_switch_free(a);
	xvs_switch_free(b);
	xvs_port_setting_free(port);
	xvs_port_setting_free(other);
}

Test(model, the_lists_of_a_port_count_in_a_comparison)
{
	struct xvs_port_setting *a = xvs_port_setting_new("p"), *b = xvs_port_setting_new("p");

	cr_expect(xvs_port_setting_equal(a, b));
	strcpy(a->acl_name, "web");
	cr_expect_not(xvs_port_setting_equal(a, b));
	strcpy(b->acl_name, "web");
	strcpy(b->port_acl_name, "m");
	cr_expect_not(xvs_port_setting_equal(a, b));
	strcpy(a->port_acl_name, "m");
	cr_expect(xvs_port_setting_equal(a, b));
	a->acl = make_acl("");
	cr_expect_not(xvs_port_setting_equal(a, b));
	b->acl = make_acl("");
	cr_expect(xvs_port_setting_equal(a, b));
	b->port_acl = make_acl("");
	cr_expect_not(xvs_port_setting_equal(a, b));
	a->port_acl = make_acl("");
	a->port_acl->rules[0].log = true;
	cr_expect_not(xvs_port_setting_equal(a, b));
	xvs_port_setting_free(a);
	xvs_port_setting_free(b);
}

/* Each key of security counts. */
Test(model, ports_differ_in_security)
{
	struct xvs_prefix address = {XVS_ADDRESS_IPV4, 32, {192, 0, 2, 5}};
	const struct xvs_security rows[] = {
		{.storm_limit = -1, .mac_spoofing = true},
		{.storm_limit = -1, .teaming = true},
		{.storm_limit = -1, .dhcp_guard = true},
		{.storm_limit = -1, .router_guard = true},
		{.storm_limit = -1, .address_guard = true},
		{.storm_limit = -1, .address_limit = 1},
		{.storm_limit = 0},
		{.storm_limit = -1, .addresses = &address, .address_count = 1},
	};
	struct xvs_port_setting *a = xvs_port_setting_new("p"), *b = xvs_port_setting_new("p");

	cr_expect(xvs_port_setting_equal(a, b));
	snprintf(b->vm, sizeof(b->vm), "one");
	cr_expect_not(xvs_port_setting_equal(a, b));
	b->vm[0] = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		b->security = rows[i];
		cr_expect_not(xvs_port_setting_equal(a, b), "row %zu", i);
	}
	b->security.addresses = NULL;
	xvs_port_setting_free(a);
	xvs_port_setting_free(b);
}

#ifdef __SANITIZE_ADDRESS__
int __lsan_do_recoverable_leak_check(void);

Test(model, clone_does_not_leak)
{
	struct xvs_config *config = make_config(), *clone = NULL;

	cr_assert_eq(xvs_config_clone(config, &clone), 0);
	xvs_config_free(config);
	xvs_config_free(clone);
	cr_expect_eq(__lsan_do_recoverable_leak_check(), 0, "memory leaks, see above");
}
#endif

Test(report, collects_with_place_and_bound)
{
	struct xvs_report report = {0};
	const struct xvs_place place = {"f.yaml", 3, 4};

	cr_expect_eq(xvs_report(&report, &place, "%s %d", "one", 1), -EINVAL);
	cr_expect_str_eq(report.problems[0].message, "one 1");
	cr_expect_str_eq(report.problems[0].place.file, "f.yaml");
	cr_expect_eq(report.problems[0].place.line, 3);
	cr_expect_eq(report.problems[0].place.column, 4);
	cr_expect_eq(xvs_report(&report, NULL, "two"), -EINVAL);
	cr_expect_null(report.problems[1].place.file);
	for (int i = 0; i < XVS_REPORT_MAX; i++)
		xvs_report(&report, &place, "more");
	cr_expect_eq(report.count, XVS_REPORT_MAX + 2, "counted past the bound");
	xvs_report_clear(&report);
	cr_expect_eq(report.count, 0);
}

Test(report, did_you_mean)
{
	static const char *const known[] = {"uplink", "host-port", "ageing", "xdp", NULL};
	static const struct {
		const char *word, *meant;
	} rows[] = {
		{"uplnik", "uplink"}, /* swapped */
		{"upink", "uplink"}, /* one missing */
		{"uplinks", "uplink"}, /* one too many */
		{"hostport", "host-port"},
		{"host_port", "host-port"},
		{"aging", "ageing"},
		{"xpd", "xdp"},
		{"speed-limit", NULL},
		{"", NULL},
		{"a-word-so-long-that-nobody-can-have-meant-anything-known", NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *meant = xvs_did_you_mean(rows[i].word, known);

		cr_expect_eq(!meant, !rows[i].meant, "'%s': %s", rows[i].word, meant);
		if (meant && rows[i].meant)
			cr_expect_str_eq(meant, rows[i].meant, "'%s'", rows[i].word);
	}
}
