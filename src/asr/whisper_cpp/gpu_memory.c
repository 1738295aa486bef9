/* gpu_memory.c - how much of a GPU's memory is free, before ggml touches it.
 *
 * ggml ends the process where a GPU has no room for what every program needs there (half a GB),
 * and already when it is asked for the free memory. CUDA's driver, which ggml has loaded by
 * then, says no in a status. Source: the CUDA driver API. */
#include <dlfcn.h>
#include <ggml-backend.h>
#include <stdatomic.h>
#include <string.h>
#include "whisper_cpp_internal.h"

typedef struct {
    int (*device_get)(int *device, int ordinal);
    int (*context_retain)(void **context, int device);
    int (*context_release)(int device);
    int (*context_push)(void *context);
    int (*context_pop)(void **context);
    int (*memory)(size_t *free_bytes, size_t *all);
} driver;

/* A function from an object pointer, in the way that POSIX has for it. */
static bool find(void *library, const char *name, void *function)
{
    *(void **)function = dlsym(library, name);
    return *(void **)function != NULL;
}

static bool open_driver(driver *d)
{
    void *lib = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    return lib && find(lib, "cuDeviceGet", &d->device_get) &&
           find(lib, "cuDevicePrimaryCtxRetain", &d->context_retain) &&
           find(lib, "cuDevicePrimaryCtxRelease_v2", &d->context_release) &&
           find(lib, "cuCtxPushCurrent_v2", &d->context_push) && find(lib, "cuCtxPopCurrent_v2", &d->context_pop) &&
           find(lib, "cuMemGetInfo_v2", &d->memory);
}

static size_t free_by_ggml(void)
{
    size_t free_bytes = 0, all;
    ggml_backend_dev_t gpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_GPU);
    if (gpu)
        ggml_backend_dev_memory(gpu, &free_bytes, &all);
    return free_bytes;
}

bool rh_ggml_gpu_has_room(const char *kind, size_t wanted, size_t *there)
{
    /* Kept once there was room, since what it holds is then in use. */
    static atomic_bool kept;
    driver d;
    int device;
    void *context, *same;
    size_t all;
    *there = 0;
    if (strcmp(kind, "cuda") != 0 || !open_driver(&d)) {
        *there = free_by_ggml();
        return *there >= wanted;
    }
    if (d.device_get(&device, 0) != 0 || d.context_retain(&context, device) != 0)
        return false;
    if (d.context_push(context) == 0) {
        if (d.memory(there, &all) != 0)
            *there = 0;
        (void)d.context_pop(&same);
    }
    bool room = *there >= wanted;
    if (!room || atomic_exchange(&kept, true))
        (void)d.context_release(device);
    return room;
}
