// SPDX-License-Identifier: GPL-2.0-only
/* The interface org.varlink.service, which every Varlink service has: what is to be had here. */
#include <string.h>
#include "agent/client.h"
#include "agent/descriptions.h" /* made from the files *.varlink */

static const struct {
	const char *interface, *description;
} interfaces[] = {
	{XVS_SERVICE_INTERFACE, xvs_description_service},
	{XVS_CONTROL_INTERFACE, xvs_description_xvswitch},
};

#define INTERFACE_COUNT (sizeof(interfaces) / sizeof(interfaces[0]))

static int run_get_info(struct xvs_agent *agent, struct xvs_call *call)
{
	json_t *names = json_array();

	for (size_t i = 0; i < INTERFACE_COUNT; i++)
		json_array_append_new(names, json_string(interfaces[i].interface));
	return xvs_call_reply(call,
		json_pack("{s:s, s:s, s:s, s:s, s:o}", "vendor", "xvswitch", "product", "xvswitchd",
			"version", XVS_VERSION, "url", "man:xvswitchd(8)", "interfaces", names));
}

static int run_get_description(struct xvs_agent *agent, struct xvs_call *call)
{
	const char *name;
	int error = xvs_call_string(call, "interface", &name);

	if (error)
		return error;
	if (!name)
		return xvs_call_invalid(call, "interface", "must be given");
	for (size_t i = 0; i < INTERFACE_COUNT; i++)
		if (!strcmp(interfaces[i].interface, name))
			return xvs_call_reply(
				call, json_pack("{s:s}", "description", interfaces[i].description));
	return xvs_call_error(call, XVS_SERVICE_INTERFACE ".InterfaceNotFound",
		json_pack("{s:s}", "interface", name));
}

const struct xvs_method xvs_service_methods[] = {
	{"GetInfo", run_get_info, .reads = true},
	{"GetInterfaceDescription", run_get_description, .reads = true},
	{0},
};
