/* A progress bar that keeps out of the way: only on a terminal, only for work
 * of more than half a second, and gone when the work is done. */
#include <stdio.h>
#include <unistd.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "cli.h"
#include "file_name.h"

enum { WIDTH = 30, PATIENCE_US = 500000, REDRAW_US = 100000 };

void rh_progress_start(rh_progress *p, const char *label)
{
    *p = (rh_progress){.label = label, .start_us = rh_now_us(), .on = isatty(STDERR_FILENO) == 1};
}

void rh_progress_update(void *progress, double done)
{
    rh_progress *p = progress;
    int64_t now = rh_now_us();
    if (!p->on || now - p->start_us < PATIENCE_US || now - p->drawn_us < REDRAW_US)
        return;
    if (!(done >= 0.0))
        done = 0.0;
    if (done > 1.0)
        done = 1.0;
    char bar[WIDTH + 1];
    for (int i = 0; i < WIDTH; i++)
        bar[i] = i < (int)(done * WIDTH) ? '#' : '.';
    bar[WIDTH] = '\0';
    char *label = rh_cli_name_line(p->label);
    fprintf(stderr, "\r%.40s [%s] %3d%% ", label ? label : "", bar, (int)(done * 100));
    rh_free(label);
    p->drawn_us = now;
    p->drawn = true;
}

void rh_progress_end(rh_progress *p)
{
    if (p->drawn)
        fputs("\r\033[K", stderr);
    p->drawn = false;
}
