/* SPDX-License-Identifier: MIT */
/* errnos: the errors with which each system call may fail. */
#define MAY(number, ...) case number: { static const int some[] = { __VA_ARGS__, 0 }; return some; }

static const int never[] = { 0 };

static const int *for_descriptor(const struct plan_record *r)
{
	switch (r->file * 1000 + r->number) {
	MAY(PLAN_FUSE_DEVICE * 1000 + SYS_read, EINTR, EAGAIN, ENOENT)
	MAY(PLAN_FUSE_DEVICE * 1000 + SYS_writev, EINTR, EAGAIN, EINVAL)
	MAY(PLAN_PEER * 1000 + SYS_read, EINTR, PLAN_SHORT)
	MAY(PLAN_PEER * 1000 + SYS_write, EINTR, PLAN_SHORT)
	MAY(PLAN_FILE * 1000 + SYS_read, EIO, EINTR, PLAN_SHORT)
	MAY(PLAN_FILE * 1000 + SYS_write, ENOSPC, EIO, EINTR, PLAN_SHORT)
	MAY(PLAN_FILE * 1000 + SYS_pread64, EIO)
	MAY(PLAN_FILE * 1000 + SYS_pwrite64, ENOSPC, EIO, PLAN_SHORT)
	MAY(PLAN_PROC * 1000 + SYS_read, EIO, EINTR, PLAN_SHORT)
	MAY(PLAN_PROC * 1000 + SYS_write, EPERM, EINVAL)
	MAY(PLAN_OTHER * 1000 + SYS_write, EPIPE, EINTR)
	}
	return never;
}

/* A kernel or sandbox that lacks a call lacks it every time: whether to fail all calls of this
   kind. */
static bool is_lacking(const struct plan_record *r, int how)
{
	bool is_new = r->number == 457 || r->number == 458 || r->number == SYS_fsopen;

	return how == ENOSYS || ((how == EPERM || how == EOVERFLOW) && is_new);
}

static const int *may_fail_with(const struct plan_record *r)
{
	switch (r->number) {
	case SYS_read: case SYS_write: case SYS_writev: case SYS_pread64: case SYS_pwrite64:
		return for_descriptor(r);
	MAY(SYS_openat, EMFILE, EACCES, ENOENT, ENOMEM)
	MAY(SYS_close, EIO, EINTR)
	MAY(SYS_poll, EINTR)
	MAY(SYS_pipe2, EMFILE)
	case SYS_fcntl: case SYS_rt_sigaction: case SYS_rt_sigprocmask: case SYS_wait4:
		return never;	/* these calls do not fail with the arguments that fusebox uses */
	MAY(SYS_dup2, EMFILE)
	MAY(SYS_readlinkat, EACCES, ENOENT)
	MAY(SYS_getdents64, ENOENT, EIO)
	MAY(SYS_mkdir, EACCES, ENOSPC)
	MAY(SYS_link, EXDEV, EPERM, ENOSPC)
	MAY(SYS_symlink, EACCES, ENOSPC)
	MAY(SYS_unlink, EACCES)
	MAY(SYS_chdir, EACCES, ENOENT)
	MAY(SYS_fchdir, EACCES)
	MAY(SYS_getcwd, ENOENT)
	MAY(SYS_mount, EPERM, ENODEV, ENOMEM, EINVAL)
	MAY(SYS_umount2, EBUSY, EPERM, EINVAL)
	MAY(SYS_setns, EPERM, EINVAL)
	MAY(SYS_unshare, EPERM, ENOSPC, EINVAL)
	MAY(SYS_fsopen, ENOSYS, EPERM, ENODEV, EMFILE)
	MAY(SYS_fsconfig, EINVAL, EPERM, ENOMEM)
	MAY(SYS_fsmount, EPERM, EMFILE, ENOMEM)
	MAY(SYS_move_mount, EINVAL, EPERM, ENOENT)
	MAY(SYS_ioctl, ENOTTY, EINVAL, EPERM, ENOMEM)
	MAY(SYS_statx, ENOENT, EACCES, ENOSYS, ENOMEM)
	MAY(SYS_faccessat, EACCES, ENOENT)
	MAY(439, ENOSYS, EPERM, EACCES)
	MAY(457, ENOSYS, EPERM, ENOENT, EOVERFLOW)
	MAY(458, ENOSYS, EPERM, EINVAL)
	MAY(SYS_clone, EAGAIN, ENOMEM)
	MAY(SYS_clone3, EAGAIN)
	MAY(SYS_execve, ENOENT, EACCES, ENOEXEC, ENOMEM)
	MAY(SYS_kill, ESRCH, EPERM)
	MAY(SYS_setsid, EPERM)
	MAY(SYS_prctl, EINVAL, EPERM)
	MAY(SYS_mmap, ENOMEM)
	MAY(SYS_mremap, ENOMEM)
	MAY(SYS_socket, EMFILE, EACCES)
	MAY(SYS_socketpair, EMFILE, ENOMEM)
	MAY(SYS_accept4, EMFILE, ECONNABORTED)
	MAY(SYS_bind, EADDRINUSE, EACCES)
	MAY(SYS_listen, EADDRINUSE)
	MAY(SYS_sendto, ECONNREFUSED, EAGAIN)
	MAY(SYS_sendmsg, EPIPE, EAGAIN)
	MAY(SYS_recvmsg, ECONNRESET, EINTR, ENOMEM)
	MAY(SYS_getsockopt, ENOTSOCK)
	MAY(SYS_capget, EPERM)
	MAY(SYS_capset, EPERM)
	MAY(SYS_setresuid, EAGAIN, EPERM)
	MAY(SYS_setresgid, EPERM)
	MAY(SYS_setfsuid, EPERM)
	MAY(SYS_setfsgid, EPERM)
	MAY(SYS_setgroups, EPERM, ENOMEM)
	MAY(SYS_prlimit64, EPERM)
	MAY(SYS_sched_setaffinity, EINVAL, EPERM)
	MAY(SYS_sched_getaffinity, ENOSYS)
	MAY(SYS_io_uring_setup, ENOSYS, EPERM, ENOMEM, EMFILE)
	MAY(SYS_io_uring_register, EINVAL, EPERM)
	MAY(SYS_io_uring_enter, EINTR)
	MAY(SYS_futex, EINTR)
	MAY(SYS_mkdirat, ENOSPC, EIO)
	MAY(SYS_mknodat, ENOSPC, EPERM)
	MAY(SYS_symlinkat, ENOSPC, EROFS)
	MAY(SYS_linkat, EMLINK, EIO)
	MAY(SYS_unlinkat, EIO, EBUSY)
	MAY(SYS_renameat2, EIO, EINVAL, ENOSPC)
	MAY(SYS_truncate, EIO, EFBIG)
	MAY(SYS_ftruncate, EIO, EINTR)
	MAY(SYS_fallocate, EOPNOTSUPP, ENOSPC, EINTR)
	MAY(SYS_fsync, EIO)
	MAY(SYS_fdatasync, EIO)
	MAY(SYS_syncfs, EIO)
	MAY(SYS_fstatfs, EIO, ENOSYS)
	MAY(SYS_fchmodat, EPERM, EIO)
	MAY(SYS_fchownat, EPERM, EIO)
	MAY(SYS_utimensat, EPERM, EINVAL)
	MAY(SYS_getxattr, ENODATA, EOPNOTSUPP, EIO)
	MAY(SYS_listxattr, EOPNOTSUPP, EIO)
	MAY(SYS_setxattr, ENOSPC, EOPNOTSUPP)
	MAY(SYS_removexattr, ENODATA, EIO)
	MAY(SYS_lseek, ENXIO, EINVAL)
	MAY(SYS_flock, EINTR, ENOLCK)
	MAY(SYS_copy_file_range, EXDEV, EIO, ENOSPC)
	MAY(SYS_name_to_handle_at, EOPNOTSUPP, EOVERFLOW)
	MAY(SYS_open_by_handle_at, ESTALE, EPERM)
	MAY(434, ENOSYS, ESRCH)
	MAY(437, ENOSYS, EXDEV)
	MAY(438, ENOSYS, EPERM)
	MAY(SYS_pwritev2, ENOSPC, EOPNOTSUPP)
	default:
		switch (0) { MAY(0, EIO) }
	}
	return NULL;
}

