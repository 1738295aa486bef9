#include "terms_option.h"

#include <string.h>
#include <unistd.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/file.h"

enum { MOST_BYTES = 64 * 1024 };

rh_status rh_cli_terms(rh_terms **out, json_t **list, const char *given, rh_error *err)
{
    const char *terms[RH_TERMS_MAX + 1], *between = ",\n";
    rh_buf text;
    rh_error why;
    size_t n = 0;
    *out = NULL;
    if (!given)
        return RH_OK;
    rh_buf_init(&text, MOST_BYTES);
    rh_status st = RH_OK;
    if (access(given, F_OK) == 0) {
        between = "\r\n";
        st = rh_file_read(given, &text, &why);
        if (st != RH_OK)
            st = rh_fail(err, st, "the file of --terms can't be read: %s", why.msg);
    } else {
        st = rh_buf_puts(&text, given);
        if (st != RH_OK)
            st = rh_fail(err, st, "--terms: at most %d bytes", MOST_BYTES);
    }
    if (st == RH_OK && rh_buf_add(&text, "", 1) != RH_OK)
        st = rh_fail(err, RH_ERR_NOMEM, "--terms: out of memory");
    char *save = NULL;
    for (char *t = st == RH_OK ? strtok_r((char *)text.data, between, &save) : NULL; t && n <= RH_TERMS_MAX;
         t = strtok_r(NULL, between, &save))
        terms[n++] = t;
    if (st == RH_OK)
        st = rh_terms_new(out, terms, n, err);
    if (list)
        *list = json_array();
    for (size_t i = 0; list && st == RH_OK && i < n; i++)
        if (json_array_append_new(*list, json_string(terms[i])) != 0)
            st = rh_fail(err, RH_ERR_NOMEM, "--terms: out of memory");
    rh_buf_done(&text);
    return st;
}
