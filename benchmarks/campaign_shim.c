/* Stands between a program and the C library, for campaign.py: counts the calls that change files below a folder, and
 * at one of them kills the process group, lets the call fail, or lets it and all later ones fail for want of room. Or
 * writes down every such call, so that campaign_power.py can say what a disk held at any of them.
 *
 *   cc -shared -fPIC -O2 -o shim.so campaign_shim.c
 *
 * CAMPAIGN_ROOT, CAMPAIGN_MODE (count, kill, EIO, ENOSPC, record), CAMPAIGN_AT (from 1), CAMPAIGN_COUNT (a file of 8
 * bytes that all processes share), CAMPAIGN_LOG. campaign_begin() reads them again, for a process that was forked.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
enum mode { OFF, COUNT, KILL, FAIL, FULL, RECORD };

static char root[PATH_MAX];
static size_t root_length;
static enum mode mode;
static long at;
static long *counter;
static int log_handle = -1;
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) void campaign_begin(void) {
    const char *folder = getenv("CAMPAIGN_ROOT"), *what = getenv("CAMPAIGN_MODE"), *number = getenv("CAMPAIGN_AT");
    mode = OFF;
    if (!folder || !what) return;
    root_length = strlen(strncpy(root, folder, sizeof root - 1));
    at = number ? atol(number) : 0;
    int shared = syscall(SYS_openat, AT_FDCWD, getenv("CAMPAIGN_COUNT"), O_RDWR, 0);
    counter = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, shared, 0);
    close(shared);
    if (counter == MAP_FAILED) abort();
    if (getenv("CAMPAIGN_LOG")) log_handle = syscall(SYS_openat, AT_FDCWD, getenv("CAMPAIGN_LOG"), O_WRONLY | O_APPEND | O_CREAT, 0600);
    mode = !strcmp(what, "kill") ? KILL : !strcmp(what, "EIO") ? FAIL : !strcmp(what, "ENOSPC") ? FULL
         : !strcmp(what, "record") ? RECORD : COUNT;
}

/* The whole path of a name, or of an open file; whether it lies in the folder. */
static int path_at(int folder, const char *name, char *path) {
    char base[PATH_MAX], link[64];
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
    } else {
        snprintf(link, sizeof link, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder);
        ssize_t length = readlink(link, base, sizeof base - 1);
        if (length < 0) return 0;
        base[length] = 0;
        if (snprintf(path, PATH_MAX, "%s/%s", base, name) >= PATH_MAX) return 0;
    }
    return !strncmp(path, root, root_length) && (path[root_length] == '/' || !path[root_length]);
}

static int path_of(int handle, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return !strncmp(path, root, root_length) && (path[root_length] == '/' || !path[root_length]);
}

/* 0: go on; -1: the call fails. `takes_room` is said of calls that a full disk refuses. */
static int refused(int takes_room) {
    if (mode == OFF || mode == RECORD) return 0;
    long number = __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
    if (mode == KILL && number == at) {
        kill(0, SIGKILL);
        for (;;) pause();
    }
    if (mode == FAIL && number == at) { errno = EIO; return -1; }
    if (mode == FULL && number >= at && takes_room) { errno = ENOSPC; return -1; }
    return 0;
}

static void record(char kind, int handle, uint64_t offset, const char *one, const char *other, const void *data, size_t size) {
    if (mode != RECORD) return;
    int kept = errno;
    struct stat about;
    uint64_t inode = handle >= 0 && !fstat(handle, &about) ? about.st_ino : 0;
    uint64_t head[6] = {(uint64_t)kind, inode, offset, strlen(one), strlen(other), size};
    struct iovec parts[] = {{head, sizeof head}, {(void *)one, head[3]}, {(void *)other, head[4]}, {(void *)data, size}};
    pthread_mutex_lock(&writing);
    if (syscall(SYS_writev, log_handle, parts, 4) < 0) abort();
    __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&writing);
    errno = kept;
}

ssize_t write(int handle, const void *data, size_t size) {
    char path[PATH_MAX];
    int ours = mode != OFF && path_of(handle, path);
    if (ours && refused(1)) return -1;
    ssize_t done = REAL(write)(handle, data, size);
    if (ours && done > 0) record('W', handle, lseek(handle, 0, SEEK_CUR) - done, "", "", data, done);
    return done;
}

ssize_t writev(int handle, const struct iovec *parts, int count) {
    char path[PATH_MAX];
    ssize_t all = 0;
    if (mode == OFF || !path_of(handle, path)) return REAL(writev)(handle, parts, count);
    for (int n = 0; n < count; n++) {
        ssize_t done = write(handle, parts[n].iov_base, parts[n].iov_len);
        if (done < 0) return all ? all : -1;
        all += done;
        if ((size_t)done < parts[n].iov_len) break;
    }
    return all;
}

ssize_t pwrite64(int handle, const void *data, size_t size, off64_t offset) {
    char path[PATH_MAX];
    int ours = mode != OFF && path_of(handle, path);
    if (ours && refused(1)) return -1;
    ssize_t done = REAL(pwrite64)(handle, data, size, offset);
    if (ours && done > 0) record('W', handle, offset, "", "", data, done);
    return done;
}
ssize_t pwrite(int handle, const void *data, size_t size, off_t offset) { return pwrite64(handle, data, size, offset); }

/* Copies within the kernel are told to be done by write(). */
ssize_t sendfile(int to, int from, off_t *offset, size_t size) {
    char path[PATH_MAX];
    if (mode != OFF && path_of(to, path)) { errno = ENOTSOCK; return -1; }
    return REAL(sendfile)(to, from, offset, size);
}
ssize_t sendfile64(int to, int from, off64_t *offset, size_t size) { return sendfile(to, from, offset, size); }
ssize_t copy_file_range(int from, off64_t *a, int to, off64_t *b, size_t size, unsigned flags) {
    char path[PATH_MAX];
    if (mode != OFF && path_of(to, path)) { errno = EXDEV; return -1; }
    return REAL(copy_file_range)(from, a, to, b, size, flags);
}

static int synced(int handle, int (*real)(int)) {
    char path[PATH_MAX];
    int ours = mode != OFF && path_of(handle, path);
    if (ours && refused(0)) return -1;
    int done = real(handle);
    if (ours && !done) record('S', handle, 0, "", "", "", 0);
    return done;
}
int fsync(int handle) { return synced(handle, REAL(fsync)); }
int fdatasync(int handle) { return synced(handle, REAL(fdatasync)); }
void sync(void) { REAL(sync)(); record('A', -1, 0, "", "", "", 0); }

int ftruncate64(int handle, off64_t size) {
    char path[PATH_MAX];
    int ours = mode != OFF && path_of(handle, path);
    if (ours && refused(0)) return -1;
    int done = REAL(ftruncate64)(handle, size);
    if (ours && !done) record('T', handle, size, "", "", "", 0);
    return done;
}
int ftruncate(int handle, off_t size) { return ftruncate64(handle, size); }
int truncate(const char *name, off_t size) {
    int handle = open(name, O_WRONLY);
    if (handle < 0) return -1;
    int done = ftruncate64(handle, size);
    close(handle);
    return done;
}

static int moved(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    char one[PATH_MAX], other[PATH_MAX];
    int ours = mode != OFF && path_at(to_folder, to, other);
    if (ours) path_at(from_folder, from, one);
    if (ours && refused(0)) return -1;
    int done = syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    if (ours && !done) record(flags == 2 ? 'X' : 'R', -1, 0, one, other, "", 0);
    return done;
}
int rename(const char *from, const char *to) { return moved(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int a, const char *from, int b, const char *to) { return moved(a, from, b, to, 0); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) { return moved(a, from, b, to, flags); }

int unlinkat(int folder, const char *name, int flags) {
    char path[PATH_MAX];
    int ours = mode != OFF && path_at(folder, name, path);
    if (ours && refused(0)) return -1;
    int done = syscall(SYS_unlinkat, folder, name, flags);
    if (ours && !done) record('U', -1, 0, path, "", "", 0);
    return done;
}
int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }
int mkdirat(int folder, const char *name, mode_t bits) {
    char path[PATH_MAX];
    if (mode != OFF && path_at(folder, name, path) && refused(1)) return -1;
    return syscall(SYS_mkdirat, folder, name, bits);
}
int mkdir(const char *name, mode_t bits) { return mkdirat(AT_FDCWD, name, bits); }

static int opened(int folder, const char *name, int flags, mode_t bits) {
    char path[PATH_MAX];
    int ours = mode != OFF && (flags & (O_CREAT | O_TRUNC)) && path_at(folder, name, path);
    int is_new = ours && syscall(SYS_faccessat, folder, name, F_OK);
    if (ours && is_new && refused(1)) return -1;
    int handle = syscall(SYS_openat, folder, name, flags, bits);
    if (ours && handle >= 0 && is_new) record('C', handle, 0, path, "", "", 0);
    if (ours && handle >= 0 && !is_new && (flags & O_TRUNC)) record('T', handle, 0, "", "", "", 0);
    return handle;
}
#define OPENED(folder, name, flags)                                                                                    \
    mode_t bits = 0;                                                                                                   \
    if (flags & (O_CREAT | O_TMPFILE)) { va_list rest; va_start(rest, flags); bits = va_arg(rest, mode_t); va_end(rest); } \
    return opened(folder, name, flags, bits)
int open(const char *name, int flags, ...) { OPENED(AT_FDCWD, name, flags); }
int open64(const char *name, int flags, ...) { OPENED(AT_FDCWD, name, flags); }
int openat(int folder, const char *name, int flags, ...) { OPENED(folder, name, flags); }
int openat64(int folder, const char *name, int flags, ...) { OPENED(folder, name, flags); }
