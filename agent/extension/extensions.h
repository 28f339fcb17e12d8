/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Extensions of switches. An extension's file is an object (object.h); an extension on a switch is
 * an instance, with maps of its own; what the frames of a port go through is a chain of programs.
 *
 *   objects.c   objects that are in use: read, linked behind the entry, proved
 *   copies.c    copies of them, for the next start
 *   certificate.c  which of them are certified
 *   load.c      the kernel's side of that: an object's code, with an instance's maps
 *   instance.c  instances: ids, maps and their pins, counters
 *   weave.c     code of chains: the switch's part around that of instances
 *   program.c   programs of it
 *   chain.c     from the configuration to chains and slots
 *   values.c    settings, into the map that the instance reads
 */
#ifndef XVS_AGENT_EXTENSION_EXTENSIONS_H
#define XVS_AGENT_EXTENSION_EXTENSIONS_H

#include <limits.h>
#include "agent/agent.h"
#include "agent/extension/object.h"
#include "agent/extension/weave.h"

#define XVS_SETTINGS_MAP "xvs_settings" /* of an object that has settings */

/* An object of the configuration. Never changes once it is here. */
struct xvs_extension {
	struct xvs_object object; /* key of the hash: its digest */
	void *linked; /* behind the entry of its kind: what is loaded. Owned */
	size_t linked_size;
	uint32_t instructions; /* that the verifier looked at, once it is proved */
	uint32_t used; /* generation of the last configuration that has it */
	UT_hash_handle hh;
};

/* A map of an instance. */
struct xvs_own_map {
	char name[64]; /* its pin's: without what libbpf puts in front */
	int fd;
};
#define XVS_OWN_MAPS 40 /* an object's 32, and those of its variables */
#define XVS_OWN_CONSTANTS 8

/* An extension on a switch, enabled or not. */
struct xvs_instance_state {
	struct xvs_instance_key {
		char of_switch[XVS_NAME_SIZE], extension[XVS_NAME_SIZE];
		char digest[XVS_INSTANCE_DIGEST]; /* of its object: another one is another instance
						   */
	} key;
	uint32_t id;
	bool beside; /* its folder has its id in the name, as another one of the name is there */
	struct xvs_own_map maps[XVS_OWN_MAPS];
	size_t map_count;
	int constants[XVS_OWN_CONSTANTS]; /* maps of these */
	size_t constants_count;
	struct xvs_code code; /* with these maps; empty until a chain has it */
	uint32_t used; /* generation of the last configuration that has it */
	UT_hash_handle hh;
};

/* What makes one chain like another: instances in the order of the frame. */
struct xvs_chain_key {
	struct xvs_chain_link {
		uint32_t instance;
	} in[XVS_EXTENSIONS_MAX], out[XVS_EXTENSIONS_MAX], forward;
	uint32_t missing; /* enum xvs_chain_missing */
};

struct xvs_known_chain {
	struct xvs_chain_key key;
	struct xvs_chain chain; /* as packets see it */
	uint16_t id;
	uint32_t used; /* generation of the last half that has it */
	UT_hash_handle hh;
};

struct xvs_switch_part; /* program.c */

struct xvs_extensions {
	struct xvs_extension *objects; /* by digest */
	struct xvs_instance_state *instances; /* by key */
	struct xvs_known_chain *chains; /* by key */
	struct xvs_switch_part *part; /* of their programs; NULL until it is needed */
	uint8_t taken[2][XVS_SLOT_MAX / 8]; /* slots in use: of ingress, of egress */
	uint8_t chain_taken[XVS_CHAIN_MAX / 8];
	struct xvs_missing *missing; /* extensions that can't be loaded, by name */
	struct xvs_saved_copy *copies; /* by name */
	unsigned int overdue; /* ticks: a trial kept what it has taken away */
};

/* Which object the copy of an extension is. */
struct xvs_saved_copy {
	char name[XVS_NAME_SIZE];
	char digest[sizeof(((struct xvs_object *)0)->digest)];
	UT_hash_handle hh;
};

/* Why an extension of the running configuration can't be called. */
struct xvs_missing {
	char name[XVS_NAME_SIZE];
	char why[XVS_OBJECT_WORDS];
	bool passes; /* it lets everything pass then; an object that can't be read doesn't */
	UT_hash_handle hh;
};

/* copies.c */
void xvs_copy_path(const struct xvs_agent *agent, const char *name, char path[PATH_MAX]);
/* Of what is in force, and of nothing else. */
void xvs_copies_save(struct xvs_agent *agent);
void xvs_copies_remove(const struct xvs_agent *agent);
/* Forgets which there are. */
void xvs_copies_close(struct xvs_agent *agent);

/* certificate.c */
/* Is there a certificate of the object with this digest? */
bool xvs_certificate_valid(const char *state_dir, const char *digest);
/*
 * Keeps a report: as the certificate, or of the object's being caught, which takes the certificate
 * away. 0 or -errno; -EPERM: no certificate, as it was caught before.
 */
int xvs_certificate_save(const char *state_dir, const char *digest, bool caught, const char *text);

/* objects.c */
/*
 * Reads the file, and takes over an object that has been judged. 0 with the digest; -EINVAL: it is
 * refused, `words` says why, and *ret_passes whether it says that all may pass without it; -ENOENT:
 * it can't be read; -ENOMEM.
 */
int xvs_extension_take(struct xvs_agent *agent, const char *file,
	char digest[sizeof(((struct xvs_object *)0)->digest)], bool *ret_passes,
	char words[XVS_OBJECT_WORDS]);
/* Reads and looks through the file alone. As xvs_extension_take(). */
int xvs_extension_read(const char *file, struct xvs_object *ret, char words[XVS_OBJECT_WORDS]);
struct xvs_extension *xvs_extension_find(const struct xvs_agent *agent, const char *digest);
void xvs_extension_free(struct xvs_extension *extension);
/* Of an extension of the configuration. NULL: it is missing. */
struct xvs_extension *xvs_extension_of(
	const struct xvs_agent *agent, const struct xvs_config *config, const char *name);
const struct xvs_missing *xvs_missing_find(const struct xvs_agent *agent, const char *name);
int xvs_missing_note(struct xvs_agent *agent, const char *name, const char *why, bool passes);
void xvs_missing_forget(struct xvs_agent *agent, const char *name);

/* load.c */
/* Links the object behind the entry of its kind. 0, -EINVAL with `words`, or -errno. */
int xvs_extension_link(struct xvs_extension *extension, char words[XVS_OBJECT_WORDS]);
/* Has the kernel look at it, with maps that go again. 0, or -EINVAL with `words`. */
int xvs_extension_prove(struct xvs_extension *extension, const struct xvs_switch_part *part,
	char words[XVS_OBJECT_WORDS]);
/*
 * The instance's code, if it hasn't been made yet, and the maps that it lacks. 0 or -errno, logged.
 */
int xvs_instance_make_code(struct xvs_agent *agent, struct xvs_extension *extension,
	struct xvs_instance_state *instance);

/* Its programs, and all their maps, which belong to no switch. */
struct xvs_extension_apart {
	struct bpf_object *own; /* its maps */
	struct xvs_switch_part *part; /* and those of the switch's part */
	int in, out; /* programs; -1: there is none */
};
/*
 * `next`: the slot behind it; `committed`: a destination that each route has already, 0 = none. 0,
 * or -errno with `words`.
 */
int xvs_extension_load_apart(const struct xvs_extension *extension, uint32_t next,
	uint32_t committed, struct xvs_extension_apart *ret, char words[XVS_OBJECT_WORDS]);
void xvs_extension_close_apart(struct xvs_extension_apart *apart);

/* program.c */
enum xvs_program_which {
	XVS_PROGRAM_IN,
	XVS_PROGRAM_OUT,
	XVS_PROGRAM_FORWARD,
	XVS_PROGRAMS,
};

/* A part of a chain. */
struct xvs_program {
	enum xvs_program_which which;
	struct xvs_program_link {
		const struct xvs_code *code;
		const struct xvs_object *object;
		uint32_t instance;
	} links[XVS_PROGRAM_LINKS];
	uint32_t link_count;
	uint32_t next; /* slot behind it */
	uint32_t committed; /* port that a route has already, 0 = none */
};

/* What all programs of chains share. `pin_dir`: NULL for maps of its own. 0 or -errno. */
int xvs_switch_part_open(const char *pin_dir, struct xvs_switch_part **ret);
void xvs_switch_part_close(struct xvs_switch_part *part);
const struct bpf_object *xvs_switch_part_object(const struct xvs_switch_part *part);
/* A file descriptor, or -errno. `log`: the verifier's words, or NULL. */
int xvs_program_load(const struct xvs_switch_part *part, const struct xvs_program *program,
	char *log, size_t log_size);

/* instance.c */
/*
 * The instance, made if there is none; it begins with the state of the one that the extension had
 * with another object, as far as both say that it is the same. 0 or -errno: -ENOSPC too many.
 */
int xvs_instance_get(struct xvs_agent *agent, const char *of_switch, const char *name,
	const struct xvs_extension *extension, struct xvs_instance_state **ret);
/* `extension` may be NULL: there is none then. */
/* NULL: there is none; id 0: never one. */
struct xvs_instance_state *xvs_instance_by_id(const struct xvs_agent *agent, uint32_t id);
struct xvs_instance_state *xvs_instance_find(const struct xvs_agent *agent, const char *of_switch,
	const char *name, const struct xvs_extension *extension);
/* The only one left of an extension gets the folder of its name. */
void xvs_instances_settle(struct xvs_agent *agent);
/* What is remembered of a port goes with it. */
void xvs_instances_forget_port(struct xvs_agent *agent, uint32_t port);
/* The object that it is of, NULL: it is not in use any more. */
struct xvs_extension *xvs_instance_object(
	const struct xvs_agent *agent, const struct xvs_instance_state *instance);
/* Its folder of pins. */
void xvs_instance_folder(
	const struct xvs_agent *agent, const struct xvs_instance_state *instance, char path[600]);
/* -1: none. */
int xvs_instance_map(const struct xvs_instance_state *instance, const char *name);
/* Takes over a map that was made for it, and pins it. 0 or -errno. */
int xvs_instance_keep(
	struct xvs_agent *agent, struct xvs_instance_state *instance, const char *name, int fd);
/* Holds on to a map of constants, which is not pinned. A file descriptor, or -errno. */
int xvs_instance_keep_constants(struct xvs_instance_state *instance, int fd);
void xvs_instance_drop_code(struct xvs_instance_state *instance);
void xvs_instance_drop_map(
	struct xvs_agent *agent, struct xvs_instance_state *instance, const char *name);
void xvs_instance_remove(struct xvs_agent *agent, struct xvs_instance_state *instance);
/* Finds those of an earlier run. 0 or -errno. */
int xvs_instances_open(struct xvs_agent *agent);
void xvs_instances_close(struct xvs_agent *agent);
/* Of all that ever had an id, by id; the caller frees it. NULL: out of memory. */
struct xvs_extension_counters *xvs_instances_count(const struct xvs_agent *agent);
/* What of these `sums` is of the instance: since it was installed. */
void xvs_instance_since(const struct xvs_agent *agent, const struct xvs_instance_state *instance,
	const struct xvs_extension_counters *sums, struct xvs_extension_counters *ret);

/* chain.c */
/* The switch's part of their programs, opened if it isn't yet. 0 or -errno, logged. */
int xvs_chains_part(struct xvs_agent *agent, const struct xvs_switch_part **ret);
int xvs_chains_open(struct xvs_agent *agent);
void xvs_chains_close(struct xvs_agent *agent);
/* Makes the chains that ports of the configuration have and that are not there yet. 0 or -errno. */
int xvs_chains_prepare(struct xvs_agent *agent, const struct xvs_config *config);
int xvs_chains_fill(struct xvs_agent *agent, const struct xvs_switch *item,
	const struct xvs_config *config, const struct xvs_port_setting *setting,
	struct xvs_port_config *port);
/* Has a port of the configuration a chain that is not made yet? */
bool xvs_chains_differ(const struct xvs_agent *agent, const struct xvs_config *config);
/* No packet reads those of before the last flip. */
void xvs_chains_after_grace(struct xvs_agent *agent);
/* Is the use in force at the port? `setting`: NULL for the switch itself. */
bool xvs_extension_enabled(
	const struct xvs_extension_use *use, const struct xvs_port_setting *setting);

/* values.c */
/* What holds at the port (NULL: at the switch) into the author's struct. -EINVAL with `words`. */
int xvs_values_make(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_object *object, const struct xvs_extension_use *use,
	const struct xvs_port_setting *port, const char *of_switch,
	uint8_t ret[XVS_SETTINGS_SIZE_MAX], const struct xvs_place **ret_place,
	char words[XVS_OBJECT_WORDS]);
/* For the spare half. 0 or -errno. */
int xvs_values_write_half(struct xvs_agent *agent, const struct xvs_config *config);
bool xvs_values_differ(struct xvs_agent *agent, const struct xvs_config *config);

/* validate.c, methods.c */
int xvs_extensions_validate(
	const struct xvs_agent *agent, const struct xvs_config *config, struct xvs_report *report);
extern const struct xvs_method xvs_extension_methods[];

#endif
