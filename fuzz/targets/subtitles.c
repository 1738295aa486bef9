/* Words of any bytes and times: the subtitles are valid, in order, short, and never overlap. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/asr/subtitles.h"
#include "rehearse/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

/* Characters of a line as it is seen. */
static size_t seen(const char *s, size_t n, rh_subtitle_form form)
{
    static const char *const names[] = {"&amp;", "&lt;", "&gt;"};
    size_t chars = rh_utf8_count(s, n);
    for (size_t i = 0; form == RH_SUBTITLES_VTT && i < n; i++)
        for (int k = 0; k < 3; k++)
            if (n - i >= strlen(names[k]) && memcmp(s + i, names[k], strlen(names[k])) == 0)
                chars -= strlen(names[k]) - 1;
    return chars;
}

static void check(const char *s, rh_subtitle_form form)
{
    long long last = -1, n = 0;
    must(rh_utf8_valid(s, strlen(s)), "not UTF-8");
    if (form == RH_SUBTITLES_VTT) {
        must(strncmp(s, "WEBVTT\n\n", 8) == 0, "no header");
        s += 8;
    }
    while (*s) {
        int used = 0, t[8];
        if (form == RH_SUBTITLES_SRT) {
            must(strtoll(s, NULL, 10) == ++n, "number");
            s = strchr(s, '\n') + 1;
        }
        char point[2];
        must(sscanf(s, "%d:%d:%d%c%d --> %d:%d:%d%c%d%n", t, t + 1, t + 2, point, t + 3, t + 4, t + 5, t + 6, point + 1,
                    t + 7, &used) == 10 &&
                 s[used] == '\n',
             "times");
        must(point[0] == point[1] && point[0] == (form == RH_SUBTITLES_SRT ? ',' : '.'), "the decimal mark");
        long long from = ((t[0] * 60LL + t[1]) * 60 + t[2]) * 1000 + t[3];
        long long to = ((t[4] * 60LL + t[5]) * 60 + t[6]) * 1000 + t[7];
        must(from >= last && to > from && to - from <= RH_CUE_MS, "order or length");
        last = to;
        s += used + 1;
        int lines = 0;
        for (; *s != '\n'; lines++) {
            size_t len = strcspn(s, "\n");
            must(s[len] == '\n' && len > 0, "the end of a line");
            must(seen(s, len, form) <= RH_CUE_LINE, "a line is too long");
            must(form == RH_SUBTITLES_SRT || !memmem(s, len, "-->", 3), "an arrow in the text");
            s += len + 1;
        }
        must(lines == 1 || lines == 2, "lines");
        s++;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    rh_subtitle_form form = data[0] & 1 ? RH_SUBTITLES_VTT : RH_SUBTITLES_SRT;
    rh_buf b;
    rh_subtitles s;
    rh_buf_init(&b, 64 << 20);
    rh_subtitles_init(&s, form, &b);
    float clock = 0;
    for (size_t i = 1; i + 4 <= size;) {
        size_t n = data[i + 1] % 80;
        n = n < size - i - 4 ? n : size - i - 4;
        const char *text = (const char *)data + i + 4;
        float length = (float)data[i + 2] / 16;
        if (data[i] == 255 && n >= sizeof clock)
            memcpy(&clock, text, sizeof clock); /* any number, and none */
        if (data[i] & 1)
            rh_subtitles_word(&s, text, n, (double)clock, (double)(clock + length), data[i] & 2);
        else
            rh_subtitles_text(&s, text, n, (double)clock, (double)(clock + length));
        if (data[i] & 4)
            rh_subtitles_break(&s);
        clock += (float)(int8_t)data[i + 3] / 32;
        i += 4 + n;
    }
    must(rh_subtitles_done(&s) == RH_OK, "failed");
    check(b.data ? b.data : "", form);
    rh_buf_done(&b);
    return 0;
}
