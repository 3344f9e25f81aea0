/* sys: the only folder that calls the kernel. Files, locks, sockets, the clock, chance, signals and the
 * hardening of the process. C strings are paths here; nothing above this folder knows a file descriptor
 * by another name than `fd`.
 *
 * Files are opened O_CLOEXEC. What must survive a crash goes through file_write_atomic() or through
 * file_sync() and dir_sync(): a failing sync is BROKEN IO, because after it nobody knows what the disk
 * holds, and is never retried (fsync on Linux reports an error once). ENOSPC and EDQUOT are LATER DISK_FULL. */
#ifndef LETTERLOCK_SYS_H
#define LETTERLOCK_SYS_H

#include "base/base.h"
#include "sys/sockets.h"

#include <sys/types.h>

/* The real clock and the kernel's randomness (getrandom). */
struct clock sys_clock(void);
struct entropy sys_entropy(void);

void fd_done(int *fd); /* for OWNED: closes unless -1 */

/* From errno: ENOENT is NEVER NOT_FOUND, EEXIST NEVER EXISTS, EACCES/EPERM NEVER DENIED, ENOSPC/EDQUOT LATER
 * DISK_FULL, EMFILE/ENFILE/ENOMEM LATER MEMORY, everything else BROKEN IO. */
err sys_failed(int error);

enum file_flags {
	FILE_READ = 0,
	FILE_NEW = 1,      /* create, must not exist */
	FILE_APPEND = 2,   /* create if needed */
	FILE_NO_LINKS = 4, /* no symbolic link as the last component */
	FILE_REGULAR = 8,  /* NEVER DENIED for directories, devices, pipes */
};
err file_open(const char *path, int flags, mode_t mode, int *fd);
err file_size(int fd, uint64_t *out);
err file_modified(int fd, moment *out);
/* What tells one state of one file from others; compared as a whole. Clocks are coarse and may be set: who relies on it
 * compares the bytes' digest too. */
struct file_identity {
	uint64_t device, inode, size;
	int64_t modified_s, modified_ns, changed_s, changed_ns;
};
err file_identify(int fd, struct file_identity *out);
err file_read_all(struct arena *a, const char *path, size_t max, str *out); /* NEVER LIMIT beyond max */
/* For keys and secrets: as file_read_all, and NEVER KEY if group or others may read it. */
err file_read_private(struct arena *secret, const char *path, size_t max, str *out);
err file_read(int fd, void *to, size_t max, size_t *got); /* what is there; got 0: the end */
err file_write(int fd, str bytes);                        /* all of it */
err file_sync(int fd);                                    /* fdatasync */
err file_reserve(int fd, uint64_t bytes); /* blocks of an empty file; OK where the file system knows no such thing */
err disk_room(const char *path, uint64_t *bytes); /* that a program may still write where `path` is */
void file_release(int fd);                        /* empties it */
/* All of them, opened before they were written, on one file system; quicker than one by one. */
err files_sync(const int *fds, size_t count);
void file_start_write(int fd); /* towards the disk, without waiting: makes a later file_sync() short */
err file_read_at(int fd, uint64_t offset, void *to, size_t max, size_t *got); /* less than max only at the end */
err dir_sync(const char *path);
/* Temporary name beside it, write, fsync, rename, fsync of the directory. */
err file_write_atomic(const char *path, str bytes, mode_t mode);
/* As file_write_atomic, but NEVER EXISTS instead of replacing. */
err file_write_new(const char *path, str bytes, mode_t mode);
err file_rename(const char *from, const char *to);
err file_remove(const char *path); /* OK if it is not there */
bool file_exists(const char *path);
err dir_make(const char *path, mode_t mode); /* OK if it is there; not its parents */
err dir_check_private(
	const char *path); /* NEVER KEY if anyone but its owner may enter, or its owner is neither us nor root */
err dir_list(struct arena *a, const char *path, str **names, size_t *count); /* sorted, without . and .. */
err path_join(struct arena *a, const char *dir, str name,
	      const char **out); /* NEVER DENIED for "", "." , "..", '/' or NUL in name */

err path_real(struct arena *a, const char *path, const char **out); /* absolute, without links; it must exist */

struct path_facts {
	bool directory, regular;
	bool ours; /* owned by us or by root */
	bool others_read, others_write, we_write;
	mode_t mode;
	uint64_t size;
	moment written_at;
};
err path_look(const char *path, struct path_facts *out); /* follows links */
err dir_remove(const char *path);                        /* an empty one; OK if it is not there */
err dir_remove_all(const char *path);                    /* with all that is in it; links are not followed */

/* Runs argv (ended by null, found by PATH, no shell) with empty input and gives back what it printed: for secrets
 * kept elsewhere. NEVER SYSTEM if it fails, LATER TIMEOUT, NEVER LIMIT beyond max. */
err child_output(struct arena *a, const char *const *argv, size_t max, span timeout, str *out);

/* A name from outside, below one directory: NEVER DENIED for what is absolute, leads out of it by ".." or by a
 * link, or is no regular file; NEVER NOT_FOUND if nothing is there. `a` is used while it runs. */
err dir_open(const char *path, int *fd);
err file_open_beneath(struct arena *a, int dir_fd, str path, int *fd);

err file_source(struct arena *a, int fd, struct source *out); /* reads fd to its end; closes it when done */
err file_sink(struct arena *a, int fd, struct sink *out);     /* buffered; finish flushes, never closes nor syncs */

/* A file written as a stream. Until the sink is finished it has a temporary name beside `path`; then it is synced and
 * gets its own. Abandoning removes it. NEVER EXISTS unless `replace`. */
err file_put(struct arena *a, const char *path, mode_t mode, bool replace, struct sink *out);

/* An exclusive lock that ends with the process, however it ends. LATER BUSY if another holds it. */
err lock_take(const char *path, int *fd);
/* The same on a file that is open, for as long as it is; where locks are not to be had, nobody has one. */
err lock_open_file(int fd);
bool lock_held(const char *path); /* by anyone; false too if the file is not there, true if that cannot be told */

/* Before anything secret is read: no core files, not dumpable, umask 077, SIGPIPE ignored, fds 0-2 open. */
void sys_harden(void);
/* For a process of many short-lived threads: at most `pools` pools of memory, each of which keeps up to `kept` bytes
 * that were freed, instead of giving them back to the kernel and asking for them again with the next request. */
void memory_keep(size_t kept, unsigned pools);

/* SIGINT and SIGTERM ask once to stop and drain; the second ends the process at once (status 130). */
void stop_watch(void);
bool stop_wanted(void);
void stop_request(void); /* the same from inside, for tests and for doors */
int stop_fd(void);       /* readable from the moment stopping is wanted */
bool sys_sleep(span s);  /* false if stopping was wanted before the time was over */

/* SIGHUP asks to load again what may have changed: true once for each time. */
void reload_watch(void);
bool reload_wanted(void);

/* To the service manager, if one started us: "READY=1" (sd_notify(3)). */
void sys_notify(const char *words);

bool sys_is_terminal(int fd);
int sys_columns(int fd);  /* width of the terminal, 80 if unknown */
int sys_processors(void); /* that this process may use */

#endif
