// SPDX-License-Identifier: GPL-2.0-only
/* The methods of the daemon's tables, one a line: "read" or "write", and the whole name. */
#include <stdio.h>
#include "agent/client.h"

extern const struct xvs_method xvs_core_methods[];
extern const struct xvs_feature *const xvs_features[];

static void list(const char *interface, const struct xvs_method *methods)
{
	for (; methods && methods->name; methods++)
		printf("%s %s.%s\n", methods->reads ? "read" : "write", interface, methods->name);
}

int main(void)
{
	list(XVS_SERVICE_INTERFACE, xvs_service_methods);
	list(XVS_CONTROL_INTERFACE, xvs_core_methods);
	for (size_t i = 0; xvs_features[i]; i++)
		list(XVS_CONTROL_INTERFACE, xvs_features[i]->methods);
	return 0;
}
