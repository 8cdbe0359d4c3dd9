/* SPDX-License-Identifier: MIT */
/* keep_direct: servers that can go on with a connection that they did not begin: fuse_resume.h says what they are
 * handed. See keep_mode.h. */
#include <errno.h>

#include "cli/env.h"
#include "clones.h"
#include "fuse_resume.h"
#include "keep_fdstore.h"
#include "keep_queue.h"
#include "keep_stores.h"
#include "keep_mode.h"
#include "out.h"
#include "sys.h"
#include "sys/keep.h"

enum { OWN = 64 * 1024 };	/* the keeper's part of the memory */

static struct {
	const struct mountpoint *at;
	int device, memory;
	int store;			/* the server's end of its store's socket */
	struct fuse_resume *head;	/* A server may write anything there. */
	struct keep_stores stores;
	uint32_t life;
} direct = { .stores = { .hold = { -1, -1 }, .before = { -1, -1 } } };

static int take_over(const struct mountpoint *at, int device, uint32_t *last)
{
	int err;

	direct.at = at;
	direct.device = device;
	direct.stores = KEEP_STORES_NONE;
	err = keep_fdstore_end_server(device, last);
	direct.life = *last;
	return err;
}

static int prepare_memory(void)
{
	_Static_assert(sizeof(*direct.head) <= OWN, "the keeper's part");
	direct.memory = keep_fdstore_memory();
	if (direct.memory < 0)
		direct.memory = sys_memory_file("fuse-resume", KEEP_MEMORY_SIZE);
	if (direct.memory < 0)
		return direct.memory;
	direct.memory = sys_renumber(direct.memory);
	direct.head = sys_map_shared(direct.memory, 0, sizeof(*direct.head));
	if (!direct.head)
		return -ENOMEM;
	direct.head->magic = FUSE_RESUME_MAGIC;
	direct.head->version = FUSE_RESUME_VERSION;
	direct.head->own = OWN;
	direct.head->device = (uint64_t)direct.at->mounted.dev_major << 32 | direct.at->mounted.dev_minor;
	return sys_set_cloexec(direct.memory, false);
}

static int prepare(void)
{
	int err = prepare_memory();

	if (!err)
		err = keep_stores_prepare(&direct.stores, direct.head->held);
	if (!err)
		keep_fdstore_save_mount(direct.at->mounted.dev_minor, direct.device, direct.memory);
	return err;
}

static int begin(uint32_t life)
{
	int err = keep_stores_begin(&direct.stores, life, &direct.store);

	direct.life = life;
	if (!err)
		direct.head->lives = life;
	return err;
}

/* Each server gets its two sockets under the same numbers, which direct.stores reserves, so that no other
   descriptor of the server has them. */
static int set_environment(void)
{
	static char memory[32], store[48];
	struct out out = OUT_TEXT(memory), to = OUT_TEXT(store);

	out_fmt(&out, "FUSE_RESUME=%d", direct.memory);
	out_text(&out);
	out_fmt(&to, "FUSE_RESUME_STORE=%d,%d", direct.stores.place[0], direct.stores.place[1]);
	out_text(&to);
	return env_set(memory) < 0 ? -ENOMEM : env_set(store);
}

/* Waits until the keeper has told the service manager of this process. */
static int become(void)
{
	char byte;

	if (sys_read(direct.store, &byte, 1) != 1)
		return -EPIPE;
	keep_stores_give(&direct.stores, direct.store);
	return set_environment();
}

static void begun(int server)
{
	keep_fdstore_save_server(direct.life, server);
	sys_write(direct.stores.hold.socket, "", 1);
	sys_close(direct.store);
}

static bool has_filled_store(void)
{
	return direct.head->held == direct.life;
}

static bool wait(int signals, int server, bool *works)
{
	(void)server;
	sys_release_stack();
	sys_release_program();
	if (sys_poll_either(signals, direct.stores.hold.socket, -1) <= 0)
		return true;
	if (!keep_stores_serves(&direct.stores))
		return false;
	*works = true;
	if (has_filled_store())
		keep_stores_drop_before(&direct.stores);
	return false;
}

static const char *refuse(const struct fmount *f, int status, bool (*has_children)(void))
{
	(void)f, (void)status, (void)has_children;
	return direct.head->init_size || keep_queue_has_init(direct.device) ? NULL
	       : "it cannot take over a mount from the process before it (FUSE_RESUME)";
}

static void end(bool over, int *status)
{
	(void)over, (void)status;
	keep_stores_ended(&direct.stores, has_filled_store());
	keep_fdstore_drop_server(direct.life);
}

static void close_stores(void)
{
	keep_stores_close(&direct.stores);
	keep_fdstore_drop_mount(direct.at->mounted.dev_minor, direct.life);
}

const struct keep_mode keep_direct = {
	.take_over = take_over, .prepare = prepare, .begin = begin, .become = become, .begun = begun, .wait = wait,
	.refuse = refuse, .end = end, .close = close_stores, .leave = clones_close,
};
