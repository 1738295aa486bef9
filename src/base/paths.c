#include "rehearse/base/paths.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool rh_beside_program(const char *name, char *buf, size_t size)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return false;
    self[n] = '\0';
    char *slash = strrchr(self, '/');
    if (!slash)
        return false;
    *slash = '\0';
    int len = snprintf(buf, size, "%s/%s", self, name);
    return len > 0 && (size_t)len < size;
}

bool rh_web_dir(char *buf, size_t size)
{
    static const char *const places[] = {"web", "../web", "../share/rehearse/web"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char index[PATH_MAX + 16];
        if (!rh_beside_program(places[i], buf, size))
            continue;
        (void)snprintf(index, sizeof index, "%.*s/index.html", PATH_MAX, buf);
        if (access(index, R_OK) == 0)
            return true;
    }
    if (size)
        buf[0] = '\0';
    return false;
}
