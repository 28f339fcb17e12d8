// SPDX-License-Identifier: GPL-2.0-only
/* The MAC pool's leases on disk: JSON, {"port": "02:…"}. They outlive a reboot. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-id128.h>
#include <unistd.h>
#include "agent/file.h"
#include "agent/log.h"
#include "agent/switch/switching.h"

#define POOL_APP_ID SD_ID128_MAKE(5b, 1c, 52, 0e, 8a, 7d, 4c, 31, 9e, 24, 66, d0, 3f, b7, 18, a9)
#define LEASES_SIZE_MAX (16u << 20)

void xvs_leases_file(const struct xvs_agent *agent, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/mac-leases.json", agent->options.state_dir);
}

/* What tells this host, and this agent on it, from others. */
static struct xvs_mac default_first(const struct xvs_agent *agent)
{
	struct {
		sd_id128_t machine;
		char pin_dir[256];
	} unique = {0};

	if (sd_id128_get_machine_app_specific(POOL_APP_ID, &unique.machine) < 0 &&
		sd_id128_get_boot(&unique.machine) < 0)
		xvs_log(LOG_WARNING, "no machine id: give mac-pool a range of its own");
	snprintf(unique.pin_dir, sizeof(unique.pin_dir), "%s", agent->options.pin_dir);
	return xvs_pool_default_first(&unique, sizeof(unique));
}

void xvs_leases_range(const struct xvs_agent *agent, const struct xvs_config *config,
	struct xvs_mac *ret_first, uint32_t *ret_size)
{
	*ret_first = config->mac_pool.given ? config->mac_pool.first : default_first(agent);
	*ret_size = config->mac_pool.size;
}

int xvs_leases_make(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_wanted_list *wanted, struct xvs_pool *ret)
{
	const struct xvs_switching *switching = agent->switching;
	struct xvs_pool pool = {0};
	struct xvs_mac first, mac;
	uint32_t size;
	int error = 0;

	xvs_leases_range(agent, config, &first, &size);
	xvs_pool_set_range(&pool, &first, size);
	for (size_t i = 0; i < wanted->count; i++) {
		const struct xvs_wanted *item = &wanted->item[i];

		if (item->mac && item->mac->source == XVS_MAC_POOL &&
			!xvs_pool_address(&switching->pool, item->name, &mac))
			xvs_pool_restore(&pool, item->name, &mac);
	}
	for (size_t i = 0; !error && i < wanted->count; i++) {
		const struct xvs_wanted *item = &wanted->item[i];

		if (item->mac && item->mac->source == XVS_MAC_POOL)
			error = xvs_pool_lend(&pool, item->name, &mac);
	}
	if (error)
		xvs_pool_clear(&pool);
	else
		*ret = pool;
	return error;
}

bool xvs_leases_same(const struct xvs_pool *a, const struct xvs_pool *b)
{
	struct xvs_lease *lease, *next;
	struct xvs_mac mac;

	if (a->first != b->first || a->size != b->size || xvs_pool_used(a) != xvs_pool_used(b))
		return false;
	HASH_ITER (by_holder, a->by_holder, lease, next)
		if (xvs_pool_address(b, lease->holder, &mac) ||
			xvs_mac_number(&mac) != lease->number)
			return false;
	return true;
}

int xvs_leases_load(struct xvs_agent *agent)
{
	char path[PATH_MAX], *text;
	json_t *leases, *value;
	const char *holder;
	size_t size;
	int error;

	xvs_leases_file(agent, path);
	xvs_file_unstage(path); /* a killed agent's */
	error = xvs_file_read(path, LEASES_SIZE_MAX, &text, &size);
	if (error)
		return error == -ENOENT ? 0 : error;
	leases = json_loadb(text, size, 0, NULL);
	free(text);
	if (!leases)
		xvs_log(LOG_WARNING, "%s is not JSON; MAC addresses are handed out anew", path);
	json_object_foreach (leases, holder, value) {
		struct xvs_mac mac;

		if (json_is_string(value) && !xvs_mac_parse(json_string_value(value), &mac))
			xvs_pool_restore(&agent->switching->pool, holder, &mac);
	}
	json_decref(leases);
	return 0;
}

int xvs_leases_stage(const struct xvs_agent *agent)
{
	char path[PATH_MAX], mac[XVS_MAC_TEXT_SIZE], *text;
	struct xvs_lease *lease, *next;
	json_t *leases = json_object();
	int error;

	HASH_ITER (by_holder, agent->switching->pool.by_holder, lease, next) {
		struct xvs_mac address = xvs_mac_from_number(lease->number);

		json_object_set_new(
			leases, lease->holder, json_string(xvs_mac_format(&address, mac)));
	}
	text = json_dumps(leases, JSON_INDENT(1) | JSON_SORT_KEYS);
	json_decref(leases);
	if (!text)
		return -ENOMEM;
	if (mkdir(agent->options.state_dir, 0755) && errno != EEXIST) {
		free(text);
		return -errno;
	}
	xvs_leases_file(agent, path);
	error = xvs_file_stage(path, text, strlen(text), true);
	free(text);
	return error;
}

void xvs_leases_remove(const struct xvs_agent *agent)
{
	char path[PATH_MAX];

	xvs_leases_file(agent, path);
	unlink(path);
	rmdir(agent->options.state_dir); /* if nothing else is in it */
}
