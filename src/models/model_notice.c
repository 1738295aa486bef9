#include "model_internal.h"

#include <stdarg.h>
#include <stdio.h>

void rh_model_notice(const rh_model_pull_options *o, const char *fmt, ...)
{
    if (!o->notice)
        return;
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    o->notice(o->user, text);
}
