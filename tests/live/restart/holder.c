// Copyright (c) 2026 The bottomup.security authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// A process in a wanted situation: does what its arguments say, one after the other, says "ready" and waits for a signal.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void map(const char *path, int protection, int flags)
{
    int file = open(path, O_RDWR);
    if (file < 0) err(1, "open %s", path);
    if (mmap(NULL, 4096, protection, flags, file, 0) == MAP_FAILED) err(1, "mmap %s", path);
    close(file);
}

static void memory_file(int protection)
{
    int file = memfd_create("code", 0);
    if (file < 0 || ftruncate(file, 4096)) err(1, "memfd");
    if (mmap(NULL, 4096, protection, MAP_SHARED, file, 0) == MAP_FAILED) err(1, "mmap memfd");
}

static void shared_memory(void)
{
    int segment = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0700);
    if (segment < 0 || shmat(segment, NULL, 0) == (void *)-1) err(1, "shm");
    if (shmctl(segment, IPC_RMID, NULL)) err(1, "shm rmid");
    if (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) err(1, "shared zero");
}

static void private_mounts(void)
{
    if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) err(1, "unshare");
}

// The new root must be a mount of its own; the old one is let go.
static void pivot(const char *root)
{
    if (mount(root, root, NULL, MS_BIND | MS_REC, NULL) || chdir(root) || syscall(SYS_pivot_root, ".", ".")) err(1, "pivot_root %s", root);
    if (umount2(".", MNT_DETACH) || chdir("/")) err(1, "old root");
}

int main(int count, char **words)
{
    for (int i = 1; i < count; i++) {
        const char *word = words[i];
        const char *path = i + 1 < count ? words[i + 1] : "";
        if (!strcmp(word, "dlopen")) {
            if (!dlopen(path, RTLD_NOW)) errx(1, "%s", dlerror());
            i++;
        } else if (!strcmp(word, "map-code")) {
            map(path, PROT_READ | PROT_EXEC, MAP_PRIVATE), i++;
        } else if (!strcmp(word, "map-data")) {
            map(path, PROT_READ | PROT_WRITE, MAP_SHARED), i++;
        } else if (!strcmp(word, "open")) {
            if (open(path, O_WRONLY | O_APPEND) < 0) err(1, "open %s", path);
            i++;
        } else if (!strcmp(word, "memfd-data")) {
            memory_file(PROT_READ | PROT_WRITE);
        } else if (!strcmp(word, "memfd-code")) {
            memory_file(PROT_READ | PROT_WRITE | PROT_EXEC);
        } else if (!strcmp(word, "shared-memory")) {
            shared_memory();
        } else if (!strcmp(word, "private-mounts")) {
            private_mounts();
        } else if (!strcmp(word, "bind")) {
            if (mount(path, words[i + 2], NULL, MS_BIND, NULL)) err(1, "bind %s", path);
            i += 2;
        } else if (!strcmp(word, "pivot")) {
            pivot(path), i++;
        } else if (!strcmp(word, "chroot")) {
            if (chroot(path) || chdir("/")) err(1, "chroot %s", path);
            i++;
        } else {
            errx(1, "unknown word %s", word);
        }
    }
    puts("ready");
    fflush(stdout);
    for (;;) pause();
}
