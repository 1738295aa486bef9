#include "rehearse/base/alloc.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#ifdef __GLIBC__
void rh_alloc_keep_little(int n_cpus)
{
    /* By default there are 8 pools a processor, and blocks of up to 32 MB stay in them once one
     * was freed: with 25 threads that doubled what the server holds (bench/load). */
    enum { BIG_BLOCK = 1 << 20, SPARE = 4 << 20, MAX_POOLS = 8 };
    (void)mallopt(M_ARENA_MAX, n_cpus < 2 ? 2 : n_cpus < MAX_POOLS ? n_cpus : MAX_POOLS);
    (void)mallopt(M_MMAP_THRESHOLD, BIG_BLOCK);
    (void)mallopt(M_TRIM_THRESHOLD, SPARE);
}

void rh_alloc_give_back(void)
{
    (void)malloc_trim(0);
}
#else
void rh_alloc_keep_little(int n_cpus)
{
    (void)n_cpus;
}

void rh_alloc_give_back(void)
{
}
#endif

static atomic_long fail_at; /* 0 = off */
static _Thread_local unsigned long n_failed;

static bool should_fail(void)
{
    if (atomic_load_explicit(&fail_at, memory_order_relaxed) == 0)
        return false;
    return atomic_fetch_sub(&fail_at, 1) == 1;
}

void rh_alloc_fail_at(long n)
{
    atomic_store(&fail_at, n);
}

static void *noted(void *p)
{
    n_failed += !p;
    return p;
}

unsigned long rh_alloc_failures(void)
{
    return n_failed;
}

void *rh_alloc(size_t size)
{
    return noted(should_fail() ? NULL : malloc(size ? size : 1));
}

void *rh_calloc(size_t n, size_t size)
{
    return noted(should_fail() ? NULL : calloc(n ? n : 1, size ? size : 1));
}

void *rh_realloc(void *p, size_t size)
{
    return noted(should_fail() ? NULL : realloc(p, size ? size : 1));
}

void *rh_alloc_array(size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        return noted(NULL);
    return rh_alloc(bytes);
}

void *rh_alloc_aligned(size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX - 64 || should_fail())
        return noted(NULL);
    return noted(aligned_alloc(64, bytes ? (bytes + 63) / 64 * 64 : 64));
}

void *rh_calloc_large(size_t n, size_t size)
{
    static const size_t PAGE = 1 << 21;
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX - PAGE || should_fail())
        return noted(NULL);
    bytes = bytes ? (bytes + PAGE - 1) / PAGE * PAGE : PAGE;
    void *p = aligned_alloc(PAGE, bytes);
    if (p) {
        (void)madvise(p, bytes, MADV_HUGEPAGE); /* a wish */
        memset(p, 0, n * size);
    }
    return noted(p);
}

void rh_free(void *p)
{
    free(p);
}

char *rh_strndup(const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *d = rh_alloc(len + 1);
    if (d) {
        memcpy(d, s, len);
        d[len] = '\0';
    }
    return d;
}

char *rh_strdup(const char *s)
{
    return rh_strndup(s, SIZE_MAX - 1);
}

size_t rh_resident_bytes(void)
{
    size_t pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f)
        return 0;
    if (fscanf(f, "%*s %zu", &pages) != 1)
        pages = 0;
    (void)fclose(f);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}
