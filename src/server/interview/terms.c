#include "terms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"

enum {
    MAX_TOKENS = 6000,
    SKILL_WORDS = 3,
    NAME_WORDS = 3,
    CUE_REACH = 14,
    MIN_WORD = 4,
    STEM = 4,
    ENDING = 4,
    MAX_WEIGHT = 3
};

/* Words that any advertisement or any question has. */
static const char common[] =
    "a able about across after again against all also always among an and another any applicant apply are around as ask at "
    "back based be because been before being below benefit best better between both business but by can candidate candidates "
    "career come company could day days deal describe did different do does done during each employee employer employment "
    "environment ever every example excellent experience experienced first for from full future gave get give given go good "
    "great had has have having help her here high him his how if ideal in into is it its job join just keep kind know "
    "knowledge last least less like line long look looking made make many may me mean month months more most much must my "
    "need needs never new next no not now of off offer often on once one only opportunity or other our out over own part "
    "people person plus position possible proven provide requirement requirements required responsibilities responsibility "
    "responsible role salary same say see seek set several shall she should show similar since skill skills so some someone "
    "something soon still strong success such take talk team teams tell than that the their them then there these they thing "
    "things think this those three through time times to together too two under understanding until up upon us use used "
    "using various very want was way we week well were what when where whether which while who whole whom why will with "
    "within without work worked working world would year years yes yet you your";
/* After these comes what is asked for. */
static const char cues[] =
    "background certificate certification certified command competence competent experience experienced expert expertise "
    "familiar familiarity fluency fluent hands including knowledge like proficiency proficient skilled skills such "
    "understanding use using via";
/* No part of what somebody can do. */
static const char closed[] =
    "a all an and any as at both by each for from in is it its least many more of on one or other our related relevant "
    "same several similar some such that the their these this those to using various we what with within working years you "
    "your";
static const char skill_heads[] = "experience expertise knowledge understanding";
static const char skill_joiners[] = "in of with";
/* Capitals that name no skill. */
static const char no_names[] =
    "ag arabic chinese danish dutch finnish french german greek hindi italian japanese norwegian polish portuguese russian spanish swedish "
    "turkish april aug august bonus ceo co corp cto cv dec december demonstrable dr eeo english eu europe european f feb february "
    "fri friday gmbh gb hr i inc jan january july june kg llc llp ltd m mar march may mon monday mr mrs ms nov november oct "
    "october paid plc pm pto qualifications remote requirements responsibilities sat saturday sep september sun sunday thu "
    "thursday tue tuesday uk united us usa vat wed wednesday";

typedef struct {
    const char *s;
    size_t n;
    char key[RH_WORD_BYTES];
    bool opens;   /* the first of a sentence or a line */
    bool breaks;  /* something parts it from the next */
    bool shouted; /* in a line of capitals */
} token;

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Signs inside a name: "C++", "Node.js", "CI/CD", "e-commerce". */
static size_t token_at(const char *s)
{
    size_t n = 0;
    while (is_letter(s[n]) || is_digit(s[n]) || (n && (s[n] == '+' || s[n] == '#')) ||
           (s[n] && strchr("./-&'", s[n]) && n && (is_letter(s[n + 1]) || is_digit(s[n + 1]))))
        n++;
    return n;
}

/* Capitals are headings where there is nothing else on the line. */
static void find_shouts(token *t, size_t first, size_t end)
{
    size_t lower = 0;
    for (size_t i = first; i < end; i++)
        for (size_t k = 0; k < t[i].n; k++)
            lower += t[i].s[k] >= 'a' && t[i].s[k] <= 'z';
    for (size_t i = first; i < end && lower == 0; i++)
        t[i].shouted = true;
}

static size_t split(const char *s, token *t)
{
    size_t n = 0, line = 0;
    bool opens = true;
    for (; *s && n < MAX_TOKENS;) {
        size_t len = token_at(s);
        if (len) {
            t[n] = (token){.s = s, .n = len, .opens = opens};
            (void)rh_word_form(s, len, "", t[n].key);
            n++;
            s += len;
            opens = false;
            continue;
        }
        if (n && !strchr(" \t", *s))
            t[n - 1].breaks = true;
        opens |= strchr(".!?:;\n\r*", *s) || (unsigned char)*s >= 0x80;
        if (*s == '\n') {
            find_shouts(t, line, n);
            line = n;
        }
        s++;
    }
    find_shouts(t, line, n);
    return n;
}

/* ---- words that count ---- */

static rh_term_word *find_word(rh_terms *t, const char *key)
{
    for (size_t i = 0; i < t->n_words; i++)
        if (strcmp(t->words[i].key, key) == 0)
            return &t->words[i];
    return NULL;
}

static void add_words(rh_terms *t, const token *list, size_t n, int weight)
{
    for (size_t i = 0; i < n; i++) {
        const char *key = list[i].key;
        if (strlen(key) < MIN_WORD || is_digit(key[0]) || rh_word_in(key, common))
            continue;
        rh_term_word *w = find_word(t, key);
        if (!w && t->n_words < RH_TERM_WORDS) {
            w = &t->words[t->n_words++];
            *w = (rh_term_word){0};
            (void)snprintf(w->key, sizeof w->key, "%s", key);
        }
        if (w && w->weight < 2 * MAX_WEIGHT)
            w->weight += weight;
    }
}

/* "test" and "testing", "customer" and "customers". */
static bool same_word(const char *a, const char *b)
{
    size_t p = 0, n = strlen(a), m = strlen(b), least = n < m ? n : m, most = n < m ? m : n;
    while (p < least && a[p] == b[p])
        p++;
    return p >= STEM && p + 1 >= least && most - p <= ENDING;
}

int rh_terms_met(const rh_terms *t, const char *text)
{
    int met = 0;
    for (size_t n; *text; text += n ? n : 1) {
        char key[RH_WORD_BYTES];
        n = token_at(text);
        if (n < MIN_WORD || rh_word_form(text, n, "", key) < MIN_WORD || rh_word_in(key, common))
            continue;
        for (size_t i = 0; i < t->n_words; i++)
            if (same_word(t->words[i].key, key)) {
                met += t->words[i].weight;
                break;
            }
    }
    return met;
}

/* ---- things named ---- */

/* Written as only names are: "SQL", "PostgreSQL", "C++", "Node.js". */
static bool is_technical(const token *t)
{
    size_t capitals = 0, letters = 0;
    bool sign = false;
    if (!is_letter(t->s[0]) || t->shouted)
        return false;
    for (size_t i = 0; i < t->n; i++) {
        capitals += i > 0 && is_upper(t->s[i]);
        letters += is_letter(t->s[i]);
        sign |= t->s[i] == '+' || t->s[i] == '#' || (t->s[i] == '.' && i > 0);
    }
    return (capitals > 0 || sign) && letters > 0 && t->n > 1 && !rh_word_in(t->key, no_names) &&
           !(t->n == 3 && t->s[1] == '.'); /* "e.g" */
}

static bool is_capital(const token *t)
{
    return is_upper(t->s[0]) && !t->opens && !t->shouted && !rh_word_in(t->key, no_names) && t->n > 1;
}

/* Not far before it, in the same sentence, stands what asks for something. */
static bool is_cued(const token *t, size_t i)
{
    for (size_t k = i; k-- > 0 && i - k <= CUE_REACH && !t[k + 1].opens;)
        if (rh_word_in(t[k].key, cues))
            return true;
    return false;
}

static bool in_text(const char *text, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = text; (at = strstr(at, name)); at++)
        if ((at == text || !(is_letter(at[-1]) || is_digit(at[-1]))) && !is_letter(at[n]) && !is_digit(at[n]))
            return true;
    return false;
}

static void add_name(rh_terms *t, const char *s, size_t n, bool skill, int weight, const char *cv)
{
    char text[RH_TERM_BYTES];
    if (n >= sizeof text)
        return;
    (void)snprintf(text, sizeof text, "%.*s", (int)n, s);
    for (size_t i = 0; i < t->n_names; i++)
        if (strcmp(t->names[i].text, text) == 0) {
            t->names[i].weight++;
            return;
        }
    rh_term_name name = {.skill = skill, .in_cv = in_text(cv, text), .weight = weight};
    (void)snprintf(name.text, sizeof name.text, "%s", text);
    name.weight += 2 * name.in_cv;
    if (t->n_names < RH_TERM_NAMES)
        t->names[t->n_names++] = name;
}

/* The end of a name that begins at `i`: "Google Analytics". */
static size_t name_end(const token *t, size_t n, size_t i)
{
    size_t end = i + 1;
    while (end < n && end - i < NAME_WORDS && !t[end - 1].breaks && !t[end].opens &&
           (is_technical(&t[end]) || is_capital(&t[end])))
        end++;
    return end;
}

/* "knowledge of employment law": where what is asked for ends; 0 = it is no such thing. */
static size_t skill_end(const token *t, size_t n, size_t i)
{
    if (!rh_word_in(t[i].key, skill_heads) || i + 2 >= n || t[i].breaks || !rh_word_in(t[i + 1].key, skill_joiners) ||
        t[i + 1].breaks)
        return 0;
    size_t end = i + 2;
    for (; end < n && end - i - 2 < SKILL_WORDS; end++) {
        bool plain = t[end].s[0] >= 'a' && t[end].s[0] <= 'z';
        if (!plain || rh_word_in(t[end].key, closed) || (end > i + 2 && t[end - 1].breaks))
            break;
    }
    bool whole = end == n || t[end - 1].breaks || rh_word_in(t[end].key, "and or as at for is on to within");
    bool telling = end > i + 3 || (end == i + 3 && !rh_word_in(t[i + 2].key, common));
    return telling && whole ? end : 0;
}

static int by_weight(const void *a, const void *b)
{
    return ((const rh_term_name *)b)->weight - ((const rh_term_name *)a)->weight;
}

static void find_names(rh_terms *out, const token *t, size_t n, const char *cv)
{
    for (size_t i = 0; i < n;) {
        size_t end = skill_end(t, n, i);
        const char *s = t[i].s;
        if (end) {
            bool lower = s[0] >= 'a' && s[0] <= 'z';
            if (lower)
                add_name(out, s, (size_t)(t[end - 1].s + t[end - 1].n - s), true, 3, cv);
            i = end;
            continue;
        }
        bool cued = is_cued(t, i);
        if ((is_technical(&t[i]) && !t[i].shouted) || (cued && is_capital(&t[i]))) {
            end = name_end(t, n, i);
            add_name(out, s, (size_t)(t[end - 1].s + t[end - 1].n - s), false, 2 + 3 * cued, cv);
            i = end;
            continue;
        }
        i++;
    }
}

void rh_terms_find(const char *ad, const char *cv, rh_terms *out)
{
    token *t = rh_calloc(MAX_TOKENS, sizeof *t);
    memset(out, 0, sizeof *out);
    if (!t)
        return;
    size_t n = split(ad, t);
    add_words(out, t, n, 2);
    find_names(out, t, n, cv);
    n = split(cv, t);
    add_words(out, t, n, 1);
    rh_free(t);
    qsort(out->names, out->n_names, sizeof *out->names, by_weight);
}
