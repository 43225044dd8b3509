/* Stands between a program and the C library where files are changed; loaded with LD_PRELOAD.
 *
 * It numbers the calls that change something below a folder, over all threads, and at a chosen one ends the program or
 * begins to refuse, as a kill or a disk would. It knows calls and numbers, and nothing of what the program is doing.
 *
 *   DISTURB_BELOW=FOLDER  the folder, absolute and without links; nothing else is counted or refused
 *   DISTURB_TRACE=FILE    takes a line for each call, before it is made: `made` or `refused`, its name, and the path
 *   DISTURB_AT=N          the call, from 1
 *   DISTURB_HOW=kill      the program is killed before the call
 *               kill-after    after it
 *               short         halfway: a write writes one half of its bytes
 *               enospc        this call and all later ones are refused, if they are of those that need room,
 *               eacces        ... or permission to change a folder or a file,
 *               erofs eio     ... or whatever they are
 *               edquot-once   this call alone is refused, if it is one that needs room
 *               gone          another program removes the file or the folder just before the call
 *   DISTURB_FREE=BYTES    how much room every file system says that it has
 *   DISTURB_LACKS=WORDS   what the file system cannot do: `exchange` (rename with flags), `links` (hard ones), `moments`
 *                         (times within a second), `changes` (the time of a change, beside that of a write)
 *   DISTURB_USER=N        the user whom the program takes itself for
 *   DISTURB_TIME=N        the time of day, in seconds since 1970
 *
 * What the program starts is left alone: the variables are taken away, and a fork is not counted. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* What a call needs; a call that needs nothing of these changes what is there already. */
enum { NOTHING = 0, ROOM = 1, PERMISSION = 2, DATA = 4 };

/* What becomes of a call. */
enum fate { MADE, REFUSED, HALVED, KILLED, GONE };

/* The ways to refuse, and what a call has to need to be refused. */
static const struct refusal {
    const char *how;
    int error, needs, once;
} REFUSALS[] = {{"enospc", ENOSPC, ROOM, 0},
                {"eacces", EACCES, PERMISSION, 0},
                {"erofs", EROFS, 0, 0},
                {"eio", EIO, 0, 0},
                {"edquot-once", EDQUOT, ROOM, 1}};

static struct {
    pid_t process;
    const char *below, *how, *room, *lacks, *user, *time;
    const struct refusal *refusal;
    long at;
    int trace;
} plan;

static atomic_long calls;

/* Whether the call that this thread is making is the last thing that the program does. */
static _Thread_local int last;

static const char *take(const char *name) {
    const char *value = getenv(name);
    char *kept = value == NULL ? NULL : strdup(value);
    unsetenv(name);
    return kept;
}

__attribute__((constructor)) static void begin(void) {
    const char *at = take("DISTURB_AT"), *trace = take("DISTURB_TRACE");
    plan.process = getpid();
    plan.below = take("DISTURB_BELOW");
    plan.room = take("DISTURB_FREE");
    plan.lacks = take("DISTURB_LACKS");
    plan.user = take("DISTURB_USER");
    plan.time = take("DISTURB_TIME");
    plan.how = take("DISTURB_HOW");
    plan.at = at == NULL ? 0 : atol(at);
    int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
    plan.trace = trace == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, trace, flags, 0666);
    for (size_t number = 0; plan.how != NULL && number < sizeof REFUSALS / sizeof *REFUSALS; number++)
        if (strcmp(plan.how, REFUSALS[number].how) == 0) plan.refusal = &REFUSALS[number];
    take("LD_PRELOAD");
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* Writes down where a path below an open folder is, or an open file if there is no path. */
static void locate(int folder, const char *path, char *place, size_t size) {
    char link[64] = "/proc/self/cwd";
    ssize_t length = 0;
    if (folder != AT_FDCWD) snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    if (path == NULL || path[0] != '/') length = readlink(link, place, size - 1);
    place[length < 0 ? 0 : length] = 0;
    if (path != NULL) snprintf(place + strlen(place), size - strlen(place), "%s%s", path[0] == '/' ? "" : "/", path);
}

/* A call that would fail on any disk is not counted: making what is there, opening or removing what is not. */
static int is_there(int folder, const char *path) { return faccessat(folder, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0; }

static int is_watched(const char *place) {
    size_t length = strlen(plan.below);
    return strncmp(place, plan.below, length) == 0 && (place[length] == '/' || place[length] == 0);
}

static void note(enum fate fate, const char *name, const char *place) {
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%s %s %s\n", fate == REFUSED ? "refused" : "made", name, place);
    if (plan.trace >= 0) syscall(SYS_write, plan.trace, line, (size_t)length);
}

/* What becomes of the call of a number; `last` says whether the program is killed with it. */
static enum fate decide(long number, int needs) {
    if (plan.how == NULL || plan.at == 0 || number < plan.at) return MADE;
    if (strcmp(plan.how, "gone") == 0) return number == plan.at ? GONE : MADE;
    if (plan.refusal != NULL && plan.refusal->once && number > plan.at) return MADE;
    if (plan.refusal != NULL) return (needs & plan.refusal->needs) == plan.refusal->needs ? REFUSED : MADE;
    last = number == plan.at;
    if (!last || strcmp(plan.how, "kill-after") == 0) return MADE;
    return strcmp(plan.how, "short") == 0 && (needs & DATA) ? HALVED : KILLED;
}

/* Counts a call that is about to be made, and decides about it. */
static enum fate meet(const char *name, int folder, const char *path, int needs) {
    char place[PATH_MAX];
    last = 0;
    if (plan.below == NULL || getpid() != plan.process) return MADE;
    locate(folder, path, place, sizeof place);
    if (!is_watched(place)) return MADE;
    enum fate fate = decide(atomic_fetch_add(&calls, 1) + 1, needs);
    note(fate, name, place);
    if (fate == KILLED) die();
    if (fate == REFUSED) errno = plan.refusal->error;
    return fate;
}

/* Whether the file systems lack something. */
static int lacks(const char *what) { return plan.lacks != NULL && strstr(plan.lacks, what) != NULL; }

/* Refuses what the file system cannot do. */
static int cannot(int error) {
    errno = error;
    return -1;
}

static long made(long result) {
    if (last) die();
    return result;
}

#define MEET(name, folder, path, needs, call) return meet(name, folder, path, needs) == REFUSED ? -1 : made(call)

static int open_file(int folder, const char *path, int flags, mode_t mode) {
    int changes = flags & (O_CREAT | O_WRONLY | O_RDWR | O_TRUNC), there = is_there(folder, path);
    if (!changes || (there && (flags & O_EXCL)) || !(there || (flags & O_CREAT)))
        return syscall(SYS_openat, folder, path, flags, mode);
    /* A file that is there needs no room to be opened. */
    MEET("open", folder, path, PERMISSION | (there ? 0 : ROOM), syscall(SYS_openat, folder, path, flags, mode));
}

/* The mode that follows the flags of a call that may create a file. */
#define WITH_MODE(call) \
    va_list more; \
    va_start(more, flags); \
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0; \
    va_end(more); \
    return call

int open(const char *path, int flags, ...) { WITH_MODE(open_file(AT_FDCWD, path, flags, mode)); }
int open64(const char *path, int flags, ...) { WITH_MODE(open_file(AT_FDCWD, path, flags, mode)); }
int openat(int folder, const char *path, int flags, ...) { WITH_MODE(open_file(folder, path, flags, mode)); }
int openat64(int folder, const char *path, int flags, ...) { WITH_MODE(open_file(folder, path, flags, mode)); }

int creat(const char *path, mode_t mode) {
    return open_file(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* A call that can be made in half; `half` is that. */
#define MEET_DATA(name, file, half, call) \
    enum fate fate = meet(name, file, NULL, ROOM | DATA); \
    if (fate == HALVED) made(half); \
    return fate == REFUSED ? -1 : made(call)

ssize_t write(int file, const void *bytes, size_t count) {
    MEET_DATA("write", file, syscall(SYS_write, file, bytes, count / 2), syscall(SYS_write, file, bytes, count));
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t start) {
    MEET_DATA("write", file, syscall(SYS_pwrite64, file, bytes, count / 2, start),
              syscall(SYS_pwrite64, file, bytes, count, start));
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    MEET_DATA("write", file, syscall(SYS_writev, file, parts, count / 2), syscall(SYS_writev, file, parts, count));
}

ssize_t copy_file_range(int from, off64_t *start, int to, off64_t *place, size_t count, unsigned flags) {
    MEET_DATA("copy_file_range", to, syscall(SYS_copy_file_range, from, start, to, place, count / 2, flags),
              syscall(SYS_copy_file_range, from, start, to, place, count, flags));
}

ssize_t sendfile64(int to, int from, off64_t *start, size_t count) {
    MEET_DATA("sendfile", to, syscall(SYS_sendfile, to, from, start, count / 2),
              syscall(SYS_sendfile, to, from, start, count));
}

static int move_file(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    if (flags != 0 && lacks("exchange")) return cannot(EINVAL);
    MEET("rename", to_folder, to, ROOM | PERMISSION,
         syscall(SYS_renameat2, from_folder, from, to_folder, to, flags));
}

int rename(const char *from, const char *to) { return move_file(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    return move_file(from_folder, from, to_folder, to, 0);
}
int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    return move_file(from_folder, from, to_folder, to, flags);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    if (lacks("links")) return cannot(EXDEV);
    MEET("link", to_folder, to, ROOM | PERMISSION, syscall(SYS_linkat, from_folder, from, to_folder, to, flags));
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int symlink(const char *text, const char *path) {
    MEET("symlink", AT_FDCWD, path, ROOM | PERMISSION, syscall(SYS_symlinkat, text, AT_FDCWD, path));
}

int mkdirat(int folder, const char *path, mode_t mode) {
    if (is_there(folder, path)) return syscall(SYS_mkdirat, folder, path, mode);
    MEET("mkdir", folder, path, ROOM | PERMISSION, syscall(SYS_mkdirat, folder, path, mode));
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int unlinkat(int folder, const char *path, int flags) {
    if (!is_there(folder, path)) return syscall(SYS_unlinkat, folder, path, flags);
    enum fate fate = meet(flags & AT_REMOVEDIR ? "rmdir" : "unlink", folder, path, PERMISSION);
    if (fate == GONE) syscall(SYS_unlinkat, folder, path, flags);
    return fate == REFUSED ? -1 : made(syscall(SYS_unlinkat, folder, path, flags));
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int fchmodat(int folder, const char *path, mode_t mode, int flags) {
    (void)flags;
    MEET("chmod", folder, path, NOTHING, syscall(SYS_fchmodat, folder, path, mode));
}
int chmod(const char *path, mode_t mode) { return fchmodat(AT_FDCWD, path, mode, 0); }
int fchmod(int file, mode_t mode) { MEET("chmod", file, NULL, NOTHING, syscall(SYS_fchmod, file, mode)); }

int utimensat(int folder, const char *path, const struct timespec times[2], int flags) {
    MEET("utimens", folder, path, NOTHING, syscall(SYS_utimensat, folder, path, times, flags));
}
int futimens(int file, const struct timespec times[2]) {
    struct timespec kept[2] = {times[0], times[1]};
    for (int side = 0; side < 2 && lacks("moments"); side++)
        if (kept[side].tv_nsec != UTIME_OMIT) kept[side].tv_nsec = 0;
    MEET("utimens", file, NULL, NOTHING, syscall(SYS_utimensat, file, NULL, kept, 0));
}

int ftruncate64(int file, off64_t size) {
    MEET("truncate", file, NULL, ROOM, syscall(SYS_ftruncate, file, size));
}
int ftruncate(int file, off_t size) { return ftruncate64(file, size); }

int fsync(int file) { MEET("fsync", file, NULL, ROOM, syscall(SYS_fsync, file)); }
int fdatasync(int file) { MEET("fsync", file, NULL, ROOM, syscall(SYS_fdatasync, file)); }

/* What a file system says of itself, with the room that it is told to have. */
#define WITH_ROOM(name, place, type) \
    int (*real)(__typeof__(place), struct type *) = dlsym(RTLD_NEXT, #name); \
    int result = real(place, found); \
    if (result == 0 && plan.room != NULL) \
        found->f_bfree = found->f_bavail = strtoull(plan.room, NULL, 10) / found->f_frsize; \
    return result

int statvfs(const char *path, struct statvfs *found) { WITH_ROOM(statvfs, path, statvfs); }
int statvfs64(const char *path, struct statvfs64 *found) { WITH_ROOM(statvfs64, path, statvfs64); }
int fstatvfs(int file, struct statvfs *found) { WITH_ROOM(fstatvfs, file, statvfs); }
int fstatvfs64(int file, struct statvfs64 *found) { WITH_ROOM(fstatvfs64, file, statvfs64); }

int statx(int folder, const char *path, int flags, unsigned mask, struct statx *found) {
    int result = (int)syscall(SYS_statx, folder, path, flags, mask, found);
    if (result == 0 && lacks("changes")) found->stx_ctime = found->stx_mtime;
    return result;
}

uid_t geteuid(void) { return plan.user == NULL ? (uid_t)syscall(SYS_geteuid) : (uid_t)atol(plan.user); }

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (plan.time != NULL && clock == CLOCK_REALTIME) *time = (struct timespec){atol(plan.time), 0};
    return result;
}
