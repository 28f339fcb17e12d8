// SPDX-License-Identifier: GPL-2.0-only
/* A set of addresses in a file of the agent's own. */
#include <net/if.h> /* before linux/if_addr.h, by way of linux/rtnetlink.h */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/address_set.h"
#include "agent/file.h"

#define STORED_MAGIC 0x31737661u /* with the version in its first byte */
#define STORED_SIZE_MAX (16u << 20)

/* A file: this, then the items as they are in memory. */
struct stored {
	uint32_t magic;
	uint32_t item_size; /* of struct xvs_item */
	uint32_t ifindex;
	char device[IFNAMSIZ];
};

int xvs_addresses_store(const struct xvs_addresses *set, const char *path)
{
	struct stored head = {STORED_MAGIC, sizeof(struct xvs_item), set->ifindex, ""};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int error;

	if (!out)
		return -ENOMEM;
	memcpy(head.device, set->device, sizeof(head.device));
	fwrite(&head, sizeof(head), 1, out);
	for (size_t i = 0; i < set->count; i++)
		fwrite(set->item[i], sizeof(struct xvs_item) + set->item[i]->size, 1, out);
	if (fclose(out)) {
		free(text);
		return -ENOMEM;
	}
	error = xvs_file_stage(path, text, size, false);
	free(text);
	if (error)
		return error;
	error = xvs_file_commit(path);
	if (error)
		xvs_file_unstage(path);
	return error;
}

/* Takes the items out of `text`. */
static int load_items(struct xvs_addresses *set, const char *text, size_t size)
{
	while (size) {
		struct xvs_item head, *item;

		if (size < sizeof(head))
			return -EPROTO;
		memcpy(&head, text, sizeof(head));
		if (head.size > XVS_ITEM_MAX || head.head > head.size ||
			size < sizeof(head) + head.size)
			return -EPROTO;
		item = malloc(sizeof(head) + head.size);
		if (!item)
			return -ENOMEM;
		memcpy(item, text, sizeof(head) + head.size);
		if (xvs_addresses_append(set, item))
			return -ENOMEM;
		text += sizeof(head) + head.size;
		size -= sizeof(head) + head.size;
	}
	return 0;
}

int xvs_addresses_load(const char *path, struct xvs_addresses **ret)
{
	struct xvs_addresses *set = NULL;
	struct stored head;
	char *text;
	size_t size;
	int error = xvs_file_read(path, STORED_SIZE_MAX, &text, &size);

	if (error)
		return error;
	if (size >= sizeof(head))
		memcpy(&head, text, sizeof(head));
	if (size < sizeof(head) || head.magic != STORED_MAGIC ||
		head.item_size != sizeof(struct xvs_item))
		error = -EPROTO;
	else if (!(set = xvs_addresses_new(head.ifindex, head.device)))
		error = -ENOMEM;
	error = error ?: load_items(set, text + sizeof(head), size - sizeof(head));
	free(text);
	if (error)
		xvs_addresses_free(set);
	else
		*ret = set;
	return error;
}
