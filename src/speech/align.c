/* align.c - order-keeping alignment of two word lists.
 *
 * Least total cost by dynamic programming over the whole table: a missed or an
 * added word costs 1, a replaced one 0.6 to 1.3 by how different the letters
 * are, so that "bear" for "beer" pairs and "bear" for "seventeen" is rather one
 * missed and one added when neighbours fit better that way.
 * Memory: one byte a cell for the way back. */
#include <string.h>
#include "rehearse/base/alloc.h"
#include "speech_internal.h"

size_t rh_letters_apart(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    if (m > RH_WORD_BYTES)
        m = RH_WORD_BYTES;
    size_t row[RH_WORD_BYTES + 1];
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t up = row[j], best = diagonal + (a[i - 1] != b[j - 1]);
            if (up + 1 < best)
                best = up + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
            diagonal = up;
        }
    }
    return row[m];
}

static float replace_cost(const char *a, const char *b)
{
    if (strcmp(a, b) == 0)
        return 0.0f;
    size_t n = strlen(a), m = strlen(b), longest = n > m ? n : m;
    if (longest == 0 || longest > RH_WORD_BYTES)
        return 1.3f;
    return 0.6f + 0.7f * (float)rh_letters_apart(a, b) / (float)longest;
}

enum { BOTH, DROP_A, DROP_B };

static void trace_back(const unsigned char *way, size_t n_a, size_t n_b, int32_t *pair_a, int32_t *pair_b)
{
    size_t i = n_a, j = n_b;
    while (i > 0 || j > 0) {
        unsigned char w = way[i * (n_b + 1) + j];
        if (w == BOTH) {
            i--;
            j--;
            pair_a[i] = (int32_t)j;
            pair_b[j] = (int32_t)i;
        } else if (w == DROP_A) {
            pair_a[--i] = -1;
        } else {
            pair_b[--j] = -1;
        }
    }
}

rh_status rh_align_words(const char *const *a, size_t n_a, const char *const *b, size_t n_b, int32_t *pair_a,
                         int32_t *pair_b, rh_error *err)
{
    if (n_a > RH_ALIGN_MAX_WORDS || n_b > RH_ALIGN_MAX_WORDS)
        return rh_fail(err, RH_ERR_LIMIT, "%zu words against %zu: at most %d can be compared", n_a, n_b,
                       RH_ALIGN_MAX_WORDS);
    unsigned char *way = rh_alloc_array(n_a + 1, n_b + 1);
    float *cost = rh_alloc_array(n_b + 1, sizeof *cost);
    if (!way || !cost) {
        rh_free(way);
        rh_free(cost);
        return rh_fail(err, RH_ERR_NOMEM, "word alignment: out of memory");
    }
    for (size_t j = 0; j <= n_b; j++) {
        cost[j] = (float)j;
        way[j] = DROP_B;
    }
    for (size_t i = 1; i <= n_a; i++) {
        unsigned char *row = way + i * (n_b + 1);
        float diagonal = cost[0];
        cost[0] = (float)i;
        row[0] = DROP_A;
        for (size_t j = 1; j <= n_b; j++) {
            float both = diagonal + replace_cost(a[i - 1], b[j - 1]);
            float drop_a = cost[j] + 1.0f, drop_b = cost[j - 1] + 1.0f;
            diagonal = cost[j];
            row[j] = BOTH;
            cost[j] = both;
            if (drop_a < cost[j]) {
                cost[j] = drop_a;
                row[j] = DROP_A;
            }
            if (drop_b < cost[j]) {
                cost[j] = drop_b;
                row[j] = DROP_B;
            }
        }
    }
    trace_back(way, n_a, n_b, pair_a, pair_b);
    rh_free(way);
    rh_free(cost);
    return RH_OK;
}
