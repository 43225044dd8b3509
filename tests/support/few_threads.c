// Lets a program start only so many threads (FEW_THREADS); more fail as they do where the system has no more to give.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_int asked;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*work)(void *), void *argument) {
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) = dlsym(RTLD_NEXT, "pthread_create");
    const char *few = getenv("FEW_THREADS");
    if (few && atomic_fetch_add(&asked, 1) >= atoi(few)) return EAGAIN;
    return real(thread, attributes, work, argument);
}
