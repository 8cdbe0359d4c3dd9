/* passfs: what the parts of the applet share. */
#ifndef FUSEBOX_PASSFS_H
#define FUSEBOX_PASSFS_H

#include <stdbool.h>
#include <stdint.h>

#include "fuse_fs.h"
#include "inodes.h"
#include "passview.h"
#include "serve.h"
#include "session.h"
#include "sysfs.h"

enum pass_cache { CACHE_AUTO, CACHE_NONE, CACHE_ALWAYS };

struct passfs {
	struct serve_args serve;	/* the first: SERVE_OPTIONS write there */
	struct opt_set set_ro, set_cache, set_map, set_perms, set_hide;
	bool no_passthrough, writeback, locks, export, no_symlinks_out, no_xattrs;
	int timeout;			/* seconds; -1: as the cache says */
	enum pass_cache cache;
	struct passview view;

	struct inodes inodes;
	struct passhandles *handles;	/* with --export */
	uint64_t device;		/* of the root */
	bool quiet_close;		/* its close(2) writes nothing and tells nothing */
	uint32_t steady_from;		/* FUSE's minor from which its directories are: see passfs.c */
	bool passthrough;		/* as long as nothing has spoken against it */
	bool making_room;
	uint32_t limit;			/* of files known, before room is made */
};

static inline struct passfs *pass_of(const struct fuse_req *req)
{
	return fuse_fs(req);
}

/* A node's descriptor, or -ESTALE; and a directory's for a name in it: hidden, if that is
   not to be seen. */
int pass_fd(const struct fuse_req *req, uint64_t node);
int pass_dir(const struct fuse_req *req, uint64_t node, const char *name, int hidden);

/* The descriptor of an open directory. */
int pass_list_fd(const struct fuse_req *req, uint64_t handle);

/* Attributes of SOURCE become those that are shown: by the options, and one number a file. */
void pass_show(const struct passfs *fs, struct sysfs_stat *st);

/* Takes lookups back. */
void pass_forget(struct fuse_req *req, uint64_t node, uint64_t count);

/* What is made from now on is the caller's; pass_made() ends that, and replies with what
   became of the name, if err is 0. */
int pass_as_caller(const struct fuse_req *req, uint32_t umask);
int pass_made(struct fuse_req *req, int err, uint64_t parent, const char *name);

/* passfs_file.c: what is done with open files. */
int pass_open(struct fuse_req *req, uint64_t node, uint32_t flags);
int pass_create(struct fuse_req *req, uint64_t parent, const char *name, const struct fuse_create_in *in);
int pass_tmpfile(struct fuse_req *req, uint64_t parent, const struct fuse_create_in *in);
int pass_read(struct fuse_req *req, uint64_t node, uint64_t offset, uint32_t size);
int pass_write(struct fuse_req *req, uint64_t node, const struct fuse_write_in *in);
int pass_flush(struct fuse_req *req, uint64_t node, const struct fuse_flush_in *in);
int pass_fsync(struct fuse_req *req, uint64_t node, const struct fuse_fsync_in *in);
int pass_release(struct fuse_req *req, uint64_t node, const struct fuse_release_in *in);
int pass_fallocate(struct fuse_req *req, uint64_t node, const struct fuse_fallocate_in *in);
int pass_lseek(struct fuse_req *req, uint64_t node, const struct fuse_lseek_in *in);
int pass_copy(struct fuse_req *req, uint64_t node, const struct fuse_copy_file_range_in *in);
int pass_ioctl(struct fuse_req *req, uint64_t node, const struct fuse_ioctl_in *in);
int pass_set_size(struct fuse_req *req, uint64_t node, const struct fuse_setattr_in *in);

/* The handle of an open file: the user who opened it, who counts for it; how it is written
   (writer_mode's number, and 1); and its descriptor, or NOT_OPEN where the kernel reads and
   writes the file by itself. */
enum { NOT_OPEN = 0x3fffffff };
static inline uint64_t pass_handle(uint32_t uid, int way, int fd)
{
	return (uint64_t)uid << 32 | (uint32_t)(way + 1) << 30 | (uint32_t)fd;
}
static inline int pass_handle_fd(uint64_t handle)
{
	return (int)(handle & NOT_OPEN);
}

/* A descriptor to work on for the time of a request: that of the handle, or, where the
   kernel reads and writes by itself and nothing was opened here, one for this time. */
struct pass_file { int fd; bool borrowed; };
struct pass_file pass_use(const struct fuse_req *req, uint64_t node, uint64_t handle, int flags);
int pass_done(struct pass_file file, int err);

/* passfs_limit.c: asks the kernel to forget some of the files that nobody uses; and file
   handles: 0 or -errno, and a descriptor or -errno, -ESTALE if there is nothing to open. */
void pass_make_room(struct fuse_session *session);
int pass_export(struct passfs *fs);
int pass_open_again(struct passfs *fs, uint64_t node);

/* Where several users may come in: counts an open file, or a lock's owner, for a user. 0, or
   -EMFILE: the user holds as many as are free, and so leaves as many to others. Root may hold
   all. pass_release_hold() takes it back. */
int pass_prepare_holds(struct passfs *fs);
int pass_hold(uint32_t uid);
void pass_release_hold(uint32_t uid);

/* inodes_take() of what fd holds, with its handle, and the generation that the reply tells. */
uint64_t pass_take(struct fuse_req *req, int fd, const struct sysfs_stat *st);

/* passfs_lock.c: POSIX and flock(2) locks, with --locks. */
int pass_getlk(struct fuse_req *req, uint64_t node, const struct fuse_lk_in *in);
int pass_setlk(struct fuse_req *req, uint64_t node, const struct fuse_lk_in *in, bool wait);
void pass_interrupt(struct fuse_req *req, uint64_t unique);
void pass_unlock_owner(uint64_t node, uint64_t owner);
void pass_unlock_handle(uint64_t node, uint64_t handle);
void pass_retry_locks(void);

#endif
