#include "agent/address.h"
int xvs_addresses_read(struct xvs_links *links, uint32_t ifindex, struct xvs_addresses **ret){*ret=NULL;return 0;}
void xvs_addresses_free(struct xvs_addresses *set){}
size_t xvs_addresses_count(const struct xvs_addresses *set){return 0;}
int xvs_addresses_add(struct xvs_links *links, const struct xvs_addresses *set, uint32_t ifindex){return 0;}
int xvs_addresses_move(struct xvs_links *links, uint32_t from, uint32_t to, const char *const *except){return 0;}
int xvs_link_has_address(struct xvs_links *links, uint32_t ifindex, const char *address){return -1;}
