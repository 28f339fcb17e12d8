// SPDX-License-Identifier: GPL-2.0-only
#include "agent/nvgre/nvgre.h"
int xvs_folder_set(struct xvs_agent *agent, const char *path){return 0;}
void xvs_folder_close(struct xvs_agent *agent){}
size_t xvs_folder_count(const struct xvs_agent *agent){return 0;}
struct xvs_store_part xvs_folder_part(const struct xvs_agent *agent, size_t index){return (struct xvs_store_part){0};}
void xvs_folder_refuse(struct xvs_agent *agent, uint16_t source, const struct xvs_clash *clash){}
const char *xvs_folder_source(const struct xvs_agent *agent, uint16_t source){return NULL;}
json_t *xvs_folder_describe(const struct xvs_agent *agent){return json_array();}
