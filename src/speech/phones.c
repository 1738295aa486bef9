/* phones.c - the cheapest way to lay the words' sounds over the steps (Viterbi). */
#include "rehearse/speech/phones.h"

#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"

enum {
    ANY = RH_PHONES,    /* a state that takes the likeliest sound of every step */
    ANY_COSTS_MORE = 8, /* than the sound itself, a step: a known word is preferred */
    STAY = 0,
    NEXT = 1,
    SKIP = 2,
};

typedef struct {
    uint8_t phone;
    bool optional; /* silence between words */
    size_t word;
} state;

typedef struct {
    const rh_phone_steps *steps;
    const rh_word *words;
    rh_pronunciation (*ways)[RH_WAYS]; /* [n_words] */
    size_t *n_ways;
    state *states; /* room for all of them */
    size_t n_states;
    uint32_t *cost; /* [2 * n_states] */
    uint8_t *back;  /* [n steps * n_states] */
    uint32_t *at;   /* state of each step */
} aligner;

static uint32_t cost_of(const rh_phone_steps *s, size_t step, int phone)
{
    const uint8_t *c = s->cost + step * RH_PHONES;
    if (phone != ANY)
        return c[phone];
    uint32_t best = 255;
    for (int p = 1; p < RH_PHONES; p++)
        best = c[p] < best ? c[p] : best;
    return best + ANY_COSTS_MORE;
}

/* Lays states[0..n) over steps first .. first + n_steps - 1, filling at[]; UINT32_MAX when they do not fit. */
static uint32_t lay(const aligner *a, const state *states, size_t n, size_t first, size_t n_steps, uint32_t *at)
{
    uint32_t *was = a->cost, *is = a->cost + n;
    for (size_t s = 0; s < n; s++)
        was[s] = UINT32_MAX;
    for (size_t t = 0; t < n_steps; t++) {
        for (size_t s = 0; s < n; s++) {
            uint32_t best = t == 0 ? (s == 0 || (s == 1 && states[0].optional) ? 0 : UINT32_MAX) : was[s];
            uint8_t from = STAY;
            if (t > 0 && s > 0 && was[s - 1] < best) {
                best = was[s - 1];
                from = NEXT;
            }
            if (t > 0 && s > 1 && states[s - 1].optional && was[s - 2] < best) {
                best = was[s - 2];
                from = SKIP;
            }
            is[s] = best == UINT32_MAX ? best : best + cost_of(a->steps, first + t, states[s].phone);
            a->back[t * n + s] = from;
        }
        uint32_t *swap = was;
        was = is;
        is = swap;
    }
    size_t s = n - 1;
    if (n > 1 && states[s].optional && was[s - 1] < was[s])
        s--;
    if (was[s] == UINT32_MAX)
        return UINT32_MAX;
    uint32_t total = was[s];
    for (size_t t = n_steps; t-- > 0;) {
        at[t] = (uint32_t)s;
        s -= a->back[t * n + s];
    }
    return total;
}

static void add(aligner *a, uint8_t phone, bool optional, size_t word)
{
    a->states[a->n_states++] = (state){phone, optional, word};
}

static void add_word(aligner *a, size_t word, const rh_pronunciation *p)
{
    for (size_t i = 0; i < p->n; i++)
        add(a, p->at[i], false, word);
}

static void add_all(aligner *a, size_t n_words)
{
    for (size_t w = 0; w < n_words; w++) {
        add(a, RH_PHONE_SILENCE, true, w);
        if (a->n_ways[w])
            add_word(a, w, &a->ways[w][0]);
        else
            add(a, ANY, false, w);
    }
    add(a, RH_PHONE_SILENCE, true, n_words);
}

static rh_phone_said said_from(const aligner *a, const state *s, size_t from, size_t end)
{
    const rh_phone_steps *x = a->steps;
    rh_phone_said out = {.phone = s->phone,
                         .word = s->word,
                         .start = x->start_s + x->step_s * (float)from,
                         .end = x->start_s + x->step_s * (float)end};
    uint32_t own = 0, best = UINT32_MAX;
    for (int p = 1; p < RH_PHONES; p++) {
        uint32_t sum = 0;
        for (size_t t = from; t < end; t++)
            sum += x->cost[t * RH_PHONES + (size_t)p];
        if (p == s->phone) {
            own = sum;
        } else if (sum < best) {
            best = sum;
            out.rival = p;
        }
    }
    float nats = 1.0f / (RH_PHONE_COST_A_NAT * (float)(end - from));
    out.logp = -nats * (float)own;
    out.margin = nats * ((float)best - (float)own);
    return out;
}

/* The sounds of one word, which was found in steps from .. end - 1, the way that fits best. */
static size_t take_word(aligner *a, size_t word, size_t from, size_t end, rh_phone_said *out)
{
    size_t best = 0, n = 0;
    uint32_t least = UINT32_MAX;
    for (size_t k = 0; k <= a->n_ways[word]; k++) {
        size_t way = k < a->n_ways[word] ? k : best; /* the best one once more, to read its path */
        a->n_states = 0;
        add_word(a, word, &a->ways[word][way]);
        uint32_t cost = lay(a, a->states, a->n_states, from, end - from, a->at + from);
        if (cost < least) {
            least = cost;
            best = way;
        }
    }
    for (size_t t = from, start = from; t < end; t++)
        if (t + 1 == end || a->at[t + 1] != a->at[t]) {
            out[n++] = said_from(a, &a->states[a->at[t]], start, t + 1);
            start = t + 1;
        }
    return n;
}

static size_t take_words(aligner *a, size_t n_words, uint32_t *word_at, rh_phone_said *out)
{
    size_t n = 0, n_steps = a->steps->n;
    for (size_t t = 0; t < n_steps; t++) /* the states are about to be used anew */
        word_at[t] = a->states[a->at[t]].optional ? UINT32_MAX : (uint32_t)a->states[a->at[t]].word;
    for (size_t t = 0; t < n_steps;) {
        size_t from = t;
        while (t < n_steps && word_at[t] == word_at[from])
            t++;
        if (word_at[from] < n_words && a->n_ways[word_at[from]])
            n += take_word(a, word_at[from], from, t, out + n);
    }
    return n;
}

static size_t look_up(aligner *a, size_t n)
{
    size_t most = 1;
    for (size_t w = 0; w < n; w++) {
        size_t longest = 1;
        a->n_ways[w] = rh_lexicon_find(a->words[w].text, a->ways[w]);
        for (size_t k = 0; k < a->n_ways[w]; k++)
            longest = a->ways[w][k].n > longest ? a->ways[w][k].n : longest;
        most += 1 + longest;
    }
    return most;
}

static rh_status run(aligner *a, size_t n, rh_phone_said **out, size_t *n_out)
{
    a->ways = rh_alloc_array(n, sizeof *a->ways);
    a->n_ways = rh_alloc_array(n, sizeof *a->n_ways);
    if (!a->ways || !a->n_ways)
        return RH_ERR_NOMEM;
    size_t most = look_up(a, n), n_steps = a->steps->n;
    a->states = rh_alloc_array(most, sizeof *a->states);
    a->cost = rh_alloc_array(2 * most, sizeof *a->cost);
    a->back = rh_alloc_array(n_steps, most);
    a->at = rh_alloc_array(2 * n_steps, sizeof *a->at);
    rh_phone_said *said = rh_alloc_array(most < n_steps ? most : n_steps, sizeof *said);
    if (a->states && a->cost && a->back && a->at && said) {
        add_all(a, n);
        if (lay(a, a->states, a->n_states, 0, n_steps, a->at) != UINT32_MAX)
            *n_out = take_words(a, n, a->at + n_steps, said);
        *out = said;
        return RH_OK;
    }
    rh_free(said);
    return RH_ERR_NOMEM;
}

rh_status rh_phones_align(const rh_phone_steps *steps, const rh_word *words, size_t n, rh_phone_said **out,
                          size_t *n_out, rh_error *err)
{
    aligner a = {.steps = steps, .words = words};
    *out = NULL;
    *n_out = 0;
    if (n == 0 || steps->n == 0)
        return RH_OK;
    rh_status st = run(&a, n, out, n_out);
    rh_free(a.ways);
    rh_free(a.n_ways);
    rh_free(a.states);
    rh_free(a.cost);
    rh_free(a.back);
    rh_free(a.at);
    return st == RH_OK ? st : rh_fail(err, st, "sounds of words: out of memory");
}

float rh_phone_score(const rh_phone_said *p)
{
    return 100.0f / (1.0f + expf(-p->margin));
}

/* Changes that good speakers make too: t in "city", d and z at the end, -in' for -ing. */
static bool is_usual(const char *phone, const char *rival)
{
    static const char *const pairs[][2] = {{"T", "D"},  {"D", "T"},  {"Z", "S"},  {"V", "F"},  {"NG", "N"},
                                           {"N", "NG"}, {"DH", "D"}, {"DH", "T"}, {"DH", "N"}, {"SH", "S"},
                                           {"S", "SH"}, {"S", "Z"},  {"T", "CH"}, {"D", "JH"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (strcmp(phone, pairs[i][0]) == 0 && strcmp(rival, pairs[i][1]) == 0)
            return true;
    return false;
}

bool rh_phone_is_off(const rh_phone_said *p, bool understood)
{
    static const float LEAST_S = 0.039f, OFF = -1.5f, VOWEL_OFF = -2.5f; /* vowels shade into each other */
    static const float UNDERSTOOD_OFF = -2.5f;                           /* more */
    bool vowel = rh_phone_is_vowel(p->phone);
    if (p->end - p->start < LEAST_S || vowel != rh_phone_is_vowel(p->rival)) /* else its place was missed */
        return false;
    float limit = (vowel ? VOWEL_OFF : OFF) + (understood ? UNDERSTOOD_OFF : 0.0f);
    return p->margin < limit && !is_usual(rh_phone_name(p->phone), rh_phone_name(p->rival));
}
