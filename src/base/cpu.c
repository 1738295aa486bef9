#include "rehearse/base/cpu.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#elif defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

static rh_cpu_features features;
static char name[96], key[128];
static pthread_once_t once = PTHREAD_ONCE_INIT;

#if defined(__x86_64__)
/* The operating system must grant the AMX tile state (Linux: arch_prctl
 * ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18). */
static bool amx_granted(void)
{
    return syscall(SYS_arch_prctl, 0x1023, 18) == 0;
}

static void detect(void)
{
    __builtin_cpu_init();
    features.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    features.avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    features.avx512_vnni = features.avx512 && __builtin_cpu_supports("avx512vnni");
    unsigned a, b, c, d;
    features.evex_vnni = features.avx512_vnni;
    if (__get_cpuid_count(7, 1, &a, &b, &c, &d)) {
        features.avx_vnni = features.avx2 && (a >> 4 & 1);
        features.avx512_bf16 = features.avx512 && (a >> 5 & 1);
    }
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && (d >> 24 & 1) && amx_granted()) {
        features.amx_bf16 = d >> 22 & 1;
        features.amx_int8 = d >> 25 & 1;
    }
    unsigned regs[12];
    if (__get_cpuid(0x80000000, &a, &b, &c, &d) && a >= 0x80000004) {
        for (unsigned i = 0; i < 3; i++)
            __get_cpuid(0x80000002 + i, &regs[i * 4], &regs[i * 4 + 1], &regs[i * 4 + 2], &regs[i * 4 + 3]);
        memcpy(name, regs, sizeof regs);
    }
}
#elif defined(__aarch64__)
static void detect(void)
{
    features.neon = true;
    features.neon_dot = getauxval(AT_HWCAP) & HWCAP_ASIMDDP;
    (void)snprintf(name, sizeof name, "arm64");
}
#else
static void detect(void)
{
    (void)snprintf(name, sizeof name, "generic");
}
#endif

static void cap(const char *isa)
{
    if (strcmp(isa, "avx512") == 0)
        return;
    features.avx512 = features.avx512_vnni = features.avx512_bf16 = false;
    features.amx_int8 = features.amx_bf16 = false;
    if (strcmp(isa, "avxvnni") == 0)
        return;
    features.avx_vnni = features.evex_vnni = false;
    if (strcmp(isa, "avx2") == 0)
        return;
    features.avx2 = false;
    if (strcmp(isa, "neon") == 0)
        return;
    features.neon = features.neon_dot = false;
}

static void init(void)
{
    detect();
    (void)snprintf(key, sizeof key, "%s %d%d%d%d%d%d%d", name, features.avx2, features.avx512, features.avx512_vnni,
                   features.avx_vnni, features.avx512_bf16, features.amx_int8, features.amx_bf16);
    const char *isa = getenv("REHEARSE_ISA");
    if (isa && *isa)
        cap(isa);
}

const rh_cpu_features *rh_cpu(void)
{
    pthread_once(&once, init);
    return &features;
}

const char *rh_cpu_name(void)
{
    pthread_once(&once, init);
    return name[0] ? name : "unknown";
}

const char *rh_cpu_key(void)
{
    pthread_once(&once, init);
    return key;
}

int rh_cpu_count(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    FILE *f = fopen("/sys/fs/cgroup/cpu.max", "r"); /* container quota, cgroup v2 */
    long quota, period;
    if (f) {
        if (fscanf(f, "%ld %ld", &quota, &period) == 2 && quota > 0 && period > 0) {
            long q = (quota + period - 1) / period;
            if (q < n)
                n = (int)q;
        }
        fclose(f);
    }
    return n > 0 ? n : 1;
}
