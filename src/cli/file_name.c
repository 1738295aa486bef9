#include "file_name.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/utf8.h"

enum { WIDEST = 4 }; /* "\xff" or a character of four bytes */

/* Bytes of the character at `s`, 0 when there is none. */
static size_t character(const char *s)
{
    for (size_t n = 1; n <= 4 && s[n - 1]; n++)
        if (rh_utf8_valid(s, n))
            return n;
    return 0;
}

/* C0, DEL and C1 (U+0080 to U+009F): they steer terminals. */
static bool is_control(const unsigned char *s, size_t n)
{
    return n == 1 ? s[0] < 0x20 || s[0] == 0x7f : n == 2 && s[0] == 0xc2 && s[1] < 0xa0;
}

static size_t escape(char *to, unsigned char byte)
{
    int letter = byte == '\t' ? 't' : byte == '\n' ? 'n' : byte == '\r' ? 'r' : 0;
    int n = letter ? snprintf(to, WIDEST + 1, "\\%c", letter) : snprintf(to, WIDEST + 1, "\\x%02x", byte);
    return (size_t)n;
}

static char *shown(const char *name, bool line)
{
    char *out = rh_alloc(strlen(name) * WIDEST + 1), *to = out;
    while (out && *name) {
        size_t n = character(name);
        if (n && !(line && is_control((const unsigned char *)name, n))) {
            memcpy(to, name, n);
            to += n;
            name += n;
        } else if (line) {
            to += escape(to, (unsigned char)*name++);
        } else {
            memcpy(to, "\xef\xbf\xbd", 3);
            to += 3;
            name++;
        }
    }
    if (out)
        *to = '\0';
    return out;
}

char *rh_cli_name_utf8(const char *name)
{
    return shown(name, false);
}

char *rh_cli_name_line(const char *name)
{
    return shown(name, true);
}
