/* model.bin of a CTranslate2 model: damaged ones must be refused. */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include "models/ct2_file_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const rh_ct2_file *f)
{
    static const char *const names[] = {"decoder/embeddings/weight", "encoder/conv1/weight", "a", ""};
    float x[64];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const rh_ct2_variable *v = rh_ct2_find(f, names[i]);
        size_t n = v ? (size_t)v->side[0] * v->side[1] * v->side[2] : 0;
        if (v)
            (void)rh_ct2_values(v, rh_ct2_find(f, "a_scale"), n > 64 ? n - 64 : 0, n < 64 ? n : 64, x, NULL);
        (void)rh_ct2_number(f, names[i], 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = memfd_create("model", 0);
    if (fd < 0)
        return 0;
    rh_ct2_file *f = NULL;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (write(fd, data, size) == (ssize_t)size && rh_ct2_open(&f, path, NULL) == RH_OK) {
        read_all(f);
        rh_ct2_close(f);
    }
    close(fd);
    return 0;
}
