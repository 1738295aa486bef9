/* config_file.c - any bytes as a settings file: settings are shown, errors have words. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "rehearse/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show_all(const rh_config *cfg)
{
    char text[512];
    for (size_t i = 0; i < rh_config_count(); i++) {
        const rh_config_key *k = rh_config_at(i);
        if (!rh_config_show(cfg, k, text, sizeof text) || !rh_config_where(cfg, k, text, sizeof text))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    char path[32];
    rh_config cfg = {0};
    rh_error err = {0};
    if (fd < 0 && (fd = memfd_create("settings", MFD_CLOEXEC)) < 0)
        abort();
    if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        abort();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (rh_config_init(&cfg, &err) != RH_OK)
        return 0;
    if (rh_config_load(&cfg, path, &err) == RH_OK)
        show_all(&cfg);
    else if (!err.msg[0])
        abort();
    rh_config_done(&cfg);
    return 0;
}
