/* key_names.c - rules and limits: docs/scoring.md, Key terms. */
#include <ctype.h>
#include <string.h>
#include "key_terms_internal.h"
#include "rehearse/base/alloc.h"

enum { SKILL_WORDS = 3, NAME_WORDS = 3, CUE_REACH = 14 };

/* After these comes what is asked for. */
static const char CUES[] =
    "background certificate certification certified command competence competent experience experienced expert expertise "
    "familiar familiarity fluency fluent hands including knowledge like proficiency proficient skilled skills such "
    "understanding use using via";
/* Capitals that name no skill. */
static const char NO_NAMES[] =
    "ag arabic chinese danish dutch finnish french german greek hindi italian japanese norwegian polish portuguese russian spanish swedish "
    "turkish april aug august bonus ceo co corp cto cv dec december demonstrable dr eeo english eu europe european f feb february "
    "fri friday gmbh gb hr i inc jan january july june kg llc llp ltd m mar march may mon monday mr mrs ms nov november oct "
    "october paid plc pm pto qualifications remote requirements responsibilities sat saturday sep september sun sunday thu "
    "thursday tue tuesday uk united us usa vat wed wednesday";

typedef struct {
    rh_text_tokens in;
    bool *shouted; /* of a line in capitals: a heading */
    const char *cv;
    rh_key_term *out;
    size_t *n, cap;
} search;

static const char *written(const search *s, size_t i)
{
    return s->in.words[s->in.t[i].word].text;
}

static void find_shouts(search *s)
{
    for (size_t i = 0, first = 0; i < s->in.n; i++) {
        if (s->in.t[i].opens)
            first = i;
        bool lower = false;
        for (const char *c = written(s, i); *c; c++)
            lower = lower || islower((unsigned char)*c);
        s->shouted[i] = !lower && (i == first || s->shouted[i - 1]);
        for (size_t k = i; lower && k > first && s->shouted[k - 1]; k--)
            s->shouted[k - 1] = false;
    }
}

/* Written as only names are: "SQL", "PostgreSQL", "C++", "Node.js". */
static bool is_technical(const search *s, size_t i)
{
    char word[RH_KEY_TERM_BYTES];
    size_t capitals = 0;
    if (s->shouted[i] || !rh_tokens_put(s->in.words, &s->in.t[i], 0, 1, false, word, sizeof word) ||
        isdigit((unsigned char)word[0]) || strpbrk(word, "@:") || rh_word_in(s->in.t[i].key, NO_NAMES))
        return false;
    for (const char *c = word + 1; word[0] && *c; c++)
        capitals += isupper((unsigned char)*c) != 0;
    return (capitals || strpbrk(word + 1, "+#.")) && !(strlen(word) == 3 && word[1] == '.'); /* "e.g" */
}

static bool is_capital(const search *s, size_t i)
{
    return s->in.t[i].name && !s->shouted[i] && !rh_word_in(s->in.t[i].key, NO_NAMES) && strlen(s->in.t[i].key) > 1;
}

/* Not far before it, in the same sentence, stands what asks for something. */
static bool is_cued(const rh_token *t, size_t i)
{
    for (size_t k = i; k-- > 0 && i - k <= CUE_REACH && !t[k + 1].opens;)
        if (rh_word_in(t[k].key, CUES))
            return true;
    return false;
}

/* The end of a name that begins at `i`: "Google Analytics". */
static size_t name_end(const search *s, size_t i)
{
    const rh_token *t = s->in.t;
    size_t end = i + 1;
    while (end < s->in.n && end - i < NAME_WORDS && !t[end - 1].stops && t[end].word == t[end - 1].word + 1 &&
           (is_technical(s, end) || is_capital(s, end)))
        end++;
    return end;
}

static bool ends_skill(const rh_token *t)
{
    return (t->pos & (RH_POS_CLOSED | RH_POS_ADVERB | RH_POS_NUMBER)) ||
           rh_word_in(t->key, "as least related relevant same several similar such using various working years");
}

/* "knowledge of employment law": where what is asked for ends; 0 = it is no such thing. */
static size_t skill_end(const search *s, size_t i)
{
    const rh_token *t = s->in.t;
    size_t n = s->in.n, end = i + 2;
    if (!rh_word_in(t[i].key, "experience expertise knowledge understanding") || end >= n || t[i].stops ||
        !rh_word_in(t[i + 1].key, "in of with") || t[i + 1].stops)
        return 0;
    while (end < n && end - i - 2 < SKILL_WORDS && islower((unsigned char)written(s, end)[0]) && !ends_skill(&t[end]) &&
           (end == i + 2 || !t[end - 1].stops))
        end++;
    bool whole = end == n || t[end - 1].stops || rh_word_in(t[end].key, "and or as at for is on to within");
    bool telling = end > i + 3 || (end == i + 3 && !rh_is_generic(&t[i + 2]));
    return telling && whole ? end : 0;
}

static bool is_part(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

static bool is_in(const char *text, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = text; (at = strstr(at, name)); at++)
        if ((at == text || !is_part(at[-1])) && !is_part(at[n]))
            return true;
    return false;
}

static void keep(search *s, size_t first, size_t end, bool skill, float weight)
{
    rh_key_term name = {.skill = skill};
    if (!rh_tokens_put(s->in.words, s->in.t, first, end, false, name.text, sizeof name.text))
        return;
    for (size_t i = 0; i < *s->n; i++)
        if (strcmp(s->out[i].text, name.text) == 0) {
            s->out[i].weight++;
            return;
        }
    name.n_said = is_in(s->cv, name.text);
    name.weight = weight + 2 * (float)name.n_said;
    if (*s->n < s->cap)
        s->out[(*s->n)++] = name;
}

static rh_status open_search(search *s, const char *text, rh_error *err)
{
    *s->n = 0;
    rh_status st = rh_text_tokens_of(text, &s->in, err);
    if (st != RH_OK)
        return st;
    s->shouted = rh_calloc(s->in.n + 1, sizeof *s->shouted);
    if (s->shouted) {
        find_shouts(s);
        return RH_OK;
    }
    rh_text_tokens_done(&s->in);
    return rh_fail(err, RH_ERR_NOMEM, "key terms: out of memory");
}

static void close_search(search *s)
{
    rh_free(s->shouted);
    rh_text_tokens_done(&s->in);
}

rh_status rh_key_names_of(const char *ad, const char *cv, rh_key_term *out, size_t *n, rh_error *err)
{
    search s = {.cv = cv, .out = out, .n = n, .cap = RH_KEY_NAMES};
    rh_status st = open_search(&s, ad, err);
    if (st != RH_OK)
        return st;
    for (size_t i = 0, end; i < s.in.n; i = end) {
        bool cued = is_cued(s.in.t, i);
        if ((end = skill_end(&s, i)) != 0)
            keep(&s, i, end, true, 3);
        else if (is_technical(&s, i) || (cued && is_capital(&s, i)))
            keep(&s, i, end = name_end(&s, i), false, cued ? 5 : 2);
        else
            end = i + 1;
    }
    rh_key_terms_sort(out, *n);
    close_search(&s);
    return RH_OK;
}

rh_status rh_key_spellings_of(const char *text, rh_key_term *out, size_t cap, size_t *n, rh_error *err)
{
    search s = {.cv = "", .out = out, .n = n, .cap = cap};
    rh_status st = open_search(&s, text, err);
    if (st != RH_OK)
        return st;
    for (size_t i = 0, end; i < s.in.n; i = end) {
        end = i + 1;
        if (is_technical(&s, i) || is_capital(&s, i))
            keep(&s, i, end = name_end(&s, i), false, 1);
        else if (rh_word_listed(RH_LIST_TERMS, s.in.t[i].key))
            keep(&s, i, end, false, 1);
    }
    close_search(&s);
    return RH_OK;
}
