/* alloc.h - memory for the library's own objects.
 *
 * All modules allocate here so that tests can make the n-th allocation fail; so does jansson, since each
 * program begins with json_set_alloc_funcs(rh_alloc, rh_free).
 * Threads: any. */
#ifndef RH_ALLOC_H
#define RH_ALLOC_H

#include <stddef.h>

void *rh_alloc(size_t size);
void *rh_calloc(size_t n, size_t size);
void *rh_realloc(void *p, size_t size); /* on NULL the old block is untouched */
/* n * size bytes, uninitialised; NULL when the product overflows. */
void *rh_alloc_array(size_t n, size_t size);
/* 64-byte aligned, for vector kernels; freed by rh_free(). */
void *rh_alloc_aligned(size_t n, size_t size);
/* The same, zeroed, in large pages where the system has them, for what is read after long pauses: addresses are cold
 * then too. Takes whole megabytes. */
void *rh_calloc_large(size_t n, size_t size);
void rh_free(void *p); /* NULL is fine */
char *rh_strdup(const char *s);
char *rh_strndup(const char *s, size_t n);

/* Allocations of this thread that have failed so far. Makers of JSON compare it before and after: they would else
 * hand out what is there without the parts that there was no memory for. */
unsigned long rh_alloc_failures(void);

/* How the C library keeps freed memory, for programs that run long: few pools,
 * large blocks straight back to the system. To be called before any thread starts. */
void rh_alloc_keep_little(int n_cpus);
void rh_alloc_give_back(void); /* what is free, to the system: after large jobs */
/* Memory of this process that is resident, by /proc; 0 where it is not told. */
size_t rh_resident_bytes(void);

/* Test hook: the n-th allocation from now (1 = the next) returns NULL, then
 * the hook is off; 0 switches it off. Process-wide. */
void rh_alloc_fail_at(long n);

#endif
