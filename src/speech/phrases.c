/* phrases.c - rules and limits: docs/scoring.md, Follow-ups. */
#include "phrases_internal.h"

#include <ctype.h>
#include <string.h>
#include "rehearse/base/alloc.h"

enum { MAX_NOUNS = 6, REPEATED_WORDS = 3, UNMARKED_WORDS = 20 };

static bool is(const rh_token *t, const char *key)
{
    return strcmp(t->key, key) == 0;
}

/* ---- tokens ---- */

static bool is_sound(const char *text, const char *key)
{
    static const char sounds[] = "ah eh em er erm hm hmm huh mhm mm mmm oh uh uhh uhm um umm";
    return !*key || strchr("[(*", text[0]) || rh_word_in(key, sounds) || rh_hesitation_of(text) != RH_SOUND_NONE;
}

/* "like", "you know", "I mean", "kind of" at `i` where it says nothing; the number of its words. */
static size_t filler_words(const rh_word *w, const rh_key *keys, size_t n, size_t i)
{
    bool apart = i == 0 || rh_ends_clause(w[i - 1].text) || is_sound(w[i - 1].text, keys[i - 1]);
    if (strcmp(keys[i], "basically") == 0 || strcmp(keys[i], "literally") == 0 || strcmp(keys[i], "actually") == 0)
        return 1;
    if (strcmp(keys[i], "like") == 0)
        return apart || rh_ends_clause(w[i].text) ? 1 : 0;
    if (i + 1 >= n || rh_ends_clause(w[i].text))
        return 0;
    bool apart_behind = rh_ends_clause(w[i + 1].text);
    if (strcmp(keys[i], "you") == 0 && strcmp(keys[i + 1], "know") == 0)
        return apart || apart_behind ? 2 : 0;
    if (strcmp(keys[i], "i") == 0 && (strcmp(keys[i + 1], "mean") == 0 || strcmp(keys[i + 1], "guess") == 0))
        return 2;
    bool kind = (strcmp(keys[i], "kind") == 0 || strcmp(keys[i], "sort") == 0) && strcmp(keys[i + 1], "of") == 0;
    unsigned before = i > 0 ? rh_pos_of(keys[i - 1]) : 0;
    return kind && !(before & (RH_POS_DETERMINER | RH_POS_OTHERS | RH_POS_ADJECTIVE)) ? 2 : 0;
}

static void mark_fillers(const rh_word *w, const rh_key *keys, size_t n, const rh_filler *fillers, size_t n_fillers,
                         bool *dropped)
{
    for (size_t i = 0; i < n; i++) {
        size_t more = filler_words(w, keys, n, i);
        dropped[i] = dropped[i] || is_sound(w[i].text, keys[i]);
        for (size_t k = i; k < i + more; k++)
            dropped[k] = true;
    }
    for (size_t i = 0; i < n_fillers; i++)
        for (int k = 0; k < fillers[i].n_words; k++) {
            size_t at = (size_t)(fillers[i].after_word + 1 + k);
            if (fillers[i].after_word >= -1 && at < n)
                dropped[at] = true;
        }
}

/* The last `len` tokens say what the `len` before them said: these are taken out. */
static size_t without_repetition(rh_token *t, size_t n)
{
    static const char meant[] = "had more no really that very";
    for (size_t len = REPEATED_WORDS; len > 0; len--) {
        bool same = n >= 2 * len;
        for (size_t k = 0; k < len && same; k++)
            same = is(&t[n - 2 * len + k], t[n - len + k].key) && !t[n - 2 * len + k].ends;
        if (!same || (len == 1 && rh_word_in(t[n - 1].key, meant)))
            continue;
        bool opens = t[n - 2 * len].opens;
        memmove(t + n - 2 * len, t + n - len, len * sizeof *t);
        n -= len;
        t[n - len].opens = t[n - len].opens || opens;
    }
    return n;
}

static const char *behind_quotes(const char *s)
{
    while (*s && (strchr(" \"'(", *s) || strncmp(s, "“", 3) == 0 || strncmp(s, "„", 3) == 0 || strncmp(s, "‘", 3) == 0))
        s += *s == '\xE2' ? 3 : 1;
    return s;
}

static bool is_name(const char *text, const char *key, bool opens)
{
    return !opens && isupper((unsigned char)*behind_quotes(text)) && strcmp(key, "i") != 0 &&
           strncmp(key, "i'", 2) != 0;
}

static size_t keep_tokens(const rh_word *words, const rh_key *keys, size_t n_words, const bool *dropped, rh_token *t)
{
    size_t n = 0;
    bool opens = true;
    for (size_t i = 0; i < n_words; i++) {
        bool ends = rh_ends_sentence(words[i].text);
        if (dropped[i]) {
            if (ends && n) {
                t[n - 1].ends = t[n - 1].stops = true;
                opens = true;
            }
            continue;
        }
        rh_token *one = &t[n++];
        *one = (rh_token){.word = (int)i,
                          .pos = rh_pos_of(keys[i]),
                          .opens = opens,
                          .ends = ends,
                          .stops = rh_ends_clause(words[i].text),
                          .breaks = rh_trails_off(words[i].text),
                          .name = is_name(words[i].text, keys[i], opens)};
        one->proper = one->name && islower((unsigned char)behind_quotes(words[i].text)[1]);
        memcpy(one->key, keys[i], sizeof one->key);
        opens = ends;
        n = without_repetition(t, n);
    }
    bool marked = n < UNMARKED_WORDS;
    for (size_t i = 0; i + 1 < n && !marked; i++)
        marked = t[i].stops;
    for (size_t i = 0; i < n; i++)
        t[i].unmarked = !marked;
    return n;
}

rh_status rh_tokens_of(const rh_word *words, size_t n_words, const rh_filler *fillers, size_t n_fillers, rh_token **out,
                       size_t *n)
{
    rh_key *keys = rh_calloc(n_words + 1, sizeof *keys);
    bool *dropped = rh_calloc(n_words + 1, sizeof *dropped);
    rh_token *t = rh_calloc(n_words + 1, sizeof *t);
    rh_status st = keys && dropped && t ? RH_OK : RH_ERR_NOMEM;
    if (st == RH_OK) {
        for (size_t i = 0; i < n_words; i++)
            rh_word_key(words[i].text, keys[i]);
        mark_fillers(words, (const rh_key *)keys, n_words, fillers, n_fillers, dropped);
        *n = keep_tokens(words, (const rh_key *)keys, n_words, dropped, t);
        *out = t;
        t = NULL;
    }
    rh_free(keys);
    rh_free(dropped);
    rh_free(t);
    return st;
}

/* ---- noun phrases ---- */

static bool is_intensifier(const char *key)
{
    static const char some[] = "extremely fairly highly pretty quite really super very";
    return rh_word_in(key, some);
}

/* A word that can stand inside a noun phrase wherever it comes. */
static bool is_plain(const rh_token *t)
{
    return !(t->pos & (RH_POS_CLOSED | RH_POS_ADVERB | RH_POS_VERB | RH_POS_ING | RH_POS_OTHER_SIGN));
}

typedef enum { GOES_ON, STOPS, UNCLEAR } step;

static step verb_step(const rh_token *t, size_t n, size_t i, bool after_noun)
{
    if (!(t[i].pos & RH_POS_NOUN_TOO))
        return STOPS;
    if (!after_noun)
        return GOES_ON;
    if (rh_is_plural(t[i - 1].key))
        return STOPS;
    bool bounded = t[i].stops || i + 1 >= n || (t[i + 1].pos & (RH_POS_PREPOSITION | RH_POS_JOINER | RH_POS_AUXILIARY));
    return bounded ? GOES_ON : UNCLEAR;
}

static bool is_thing(const char *key)
{
    return rh_word_listed(RH_LIST_PROJECTS, key) || rh_word_listed(RH_LIST_WORKS, key) ||
           rh_word_listed(RH_LIST_GROUPS, key);
}

/* Does word i belong to the phrase that began at `core`? */
static step next_step(const rh_token *t, size_t n, size_t core, size_t i, bool determined)
{
    bool more = !t[i].stops && i + 1 < n && is_plain(&t[i + 1]);
    bool after_noun = i > core && !(t[i - 1].pos & (RH_POS_ADJECTIVE | RH_POS_ADVERB | RH_POS_ED | RH_POS_NUMBER));
    if (t[i].pos & RH_POS_ADVERB)
        return i == core && is_intensifier(t[i].key) ? GOES_ON : STOPS;
    if (t[i].pos & (RH_POS_CLOSED | RH_POS_OTHER_SIGN))
        return STOPS;
    if (t[i].pos & RH_POS_VERB)
        return verb_step(t, n, i, after_noun);
    if ((t[i].pos & RH_POS_ING) && more && after_noun && is_thing(t[i + 1].key))
        return GOES_ON; /* our university rowing club */
    if ((t[i].pos & RH_POS_ING) && after_noun && t[i].stops)
        return UNCLEAR; /* my campus tour guiding */
    if (t[i].pos & RH_POS_ING)
        return i == core && determined && more ? GOES_ON : more ? UNCLEAR : STOPS;
    if (t[i].pos & RH_POS_ED)
        return !after_noun ? GOES_ON : more ? UNCLEAR : STOPS;
    if (t[i].pos & RH_POS_NUMBER)
        return i == core ? GOES_ON : UNCLEAR;
    if (after_noun && (is(&t[i], "last") || is(&t[i], "next")))
        return STOPS; /* last spring */
    if ((t[i].pos & RH_POS_ADJECTIVE) && after_noun)
        return more ? UNCLEAR : STOPS;
    return GOES_ON;
}

static bool is_possessive(const char *key)
{
    size_t n = strlen(key);
    return n > 2 && key[n - 2] == '\'' && key[n - 1] == 's';
}

static bool head_holds(const rh_token *t, const rh_noun_phrase *p)
{
    static const char no_part[] = "bit bunch couple kind lot lots sort ton tons";
    const rh_token *h = &t[p->head];
    for (size_t k = p->core; k < p->head && h->unmarked; k++)
        if (is(&t[k], "experience") ||
            (rh_is_plural(t[k].key) && !is(&t[k], "data") && !rh_word_listed(RH_LIST_MASS, t[k].key)))
            return false; /* "we trained the staff sales increased" */
    for (size_t k = p->core; k < p->head; k++)
        if (rh_word_in(t[k].key, no_part))
            return false; /* "a lot research" */
    if (is(h, "time") && p->head > p->core && (is(h - 1, "part") || is(h - 1, "full") || is(h - 1, "same")))
        return false;
    if (h->pos & (RH_POS_ADJECTIVE | RH_POS_ADVERB | RH_POS_ED | RH_POS_NUMBER | RH_POS_OTHER_SIGN))
        return false;
    return strlen(h->key) > 1 && !strchr(h->key, '\'') && !rh_head_is_adjective(h->key);
}

static bool begins_with_vowel(const char *key)
{
    return *key && strchr("aeio", *key) && strncmp(key, "one", 3) != 0 && strncmp(key, "eu", 2) != 0;
}

/* A name of one word that an article does not go with: not "the Army", "the President", "the Netherlands". */
static bool is_lone_name(const rh_token *t, const rh_noun_phrase *p)
{
    static const char with_article[] =
        "academy army bank bible board boss captain chairman church college committee commission congress constitution council "
        "court dean department director earth faculty government hospital institute internet library manager marines mayor "
        "ministry museum navy olympics parliament president principal queen school senate society sun university web";
    const char *key = t[p->head].key;
    return p->core == p->head && t[p->head].proper && !rh_is_plural(key) && !rh_word_in(key, with_article) &&
           !rh_word_listed(RH_LIST_PROJECTS, key) && !rh_word_listed(RH_LIST_WORKS, key) &&
           !rh_word_listed(RH_LIST_GROUPS, key) && !rh_word_listed(RH_LIST_MASS, key);
}

static bool determiner_fits(const rh_token *t, const rh_noun_phrase *p)
{
    const char *d = t[p->first].key, *next = t[p->core].key;
    bool plural = rh_is_plural(t[p->head].key);
    if (!p->determined)
        return true;
    if (strcmp(d, "my") != 0 && strcmp(d, "our") != 0 && is_lone_name(t, p))
        return false; /* "the California" is a word misheard */
    if (strcmp(d, "a") == 0)
        return !plural && !begins_with_vowel(next);
    if (strcmp(d, "an") == 0)
        return !plural && strchr("aeiouhflmnrsx", *next);
    if (strcmp(d, "this") == 0 || strcmp(d, "another") == 0)
        return !plural;
    if (strcmp(d, "these") == 0 || strcmp(d, "those") == 0 || strcmp(d, "several") == 0)
        return plural;
    return true;
}

/* What comes behind token `end - 1` must not be a part of the phrase, or a new beginning. */
static bool boundary_holds(const rh_token *t, size_t n, size_t end)
{
    if (t[end - 1].breaks)
        return false;
    if (end >= n || t[end - 1].stops)
        return true;
    const rh_token *next = &t[end];
    bool degree =
        is(next, "a") && end + 1 < n && (is(&t[end + 1], "lot") || is(&t[end + 1], "bit") || is(&t[end + 1], "little"));
    if ((next->pos & (RH_POS_DETERMINER | RH_POS_NUMBER | RH_POS_OTHER_SIGN)) && !degree)
        return false;
    if (is(next, "one") || is(next, "ones"))
        return false; /* "the cheaper one" */
    bool joined = is(next, "and") || is(next, "or");
    if (joined && end + 1 < n && !next->stops)
        return !is_plain(&t[end + 1]) && !(t[end + 1].pos & RH_POS_ING) && !(t[end + 1].pos & RH_POS_NOUN_TOO);
    return true;
}

static bool core_at(const rh_token *t, size_t n, size_t i, rh_noun_phrase *p)
{
    *p = (rh_noun_phrase){.first = i, .core = i};
    if (t[i].pos & RH_POS_DETERMINER) {
        p->determined = true;
        p->core = i + 1;
        if (t[i].stops)
            return false;
    }
    size_t k = p->core;
    for (; k < n && k < p->core + MAX_NOUNS; k++) {
        step s = next_step(t, n, p->core, k, p->determined);
        if (s == UNCLEAR)
            return false;
        if (s == STOPS)
            break;
        if (t[k].stops) {
            k++;
            break;
        }
    }
    if (k == p->core || k == p->core + MAX_NOUNS)
        return false;
    p->end = k;
    p->head = k - 1;
    return true;
}

/* Without "the" or "my" only plurals, names and what cannot be counted stand by themselves. */
static bool stands_alone(const rh_token *t, const rh_noun_phrase *p)
{
    const char *h = t[p->head].key;
    bool number = t[p->core].pos & RH_POS_NUMBER;
    return p->determined || number || t[p->head].name || rh_is_plural(h) || rh_word_listed(RH_LIST_MASS, h) ||
           rh_word_listed(RH_LIST_TERMS, h) || rh_word_listed(RH_LIST_ING_NOUNS, h);
}

/* "five" in "a team of five". */
static bool number_alone(const rh_token *t, size_t n, size_t i)
{
    return i < n && (t[i].pos & RH_POS_NUMBER) && (t[i].stops || i + 1 >= n || (t[i + 1].pos & RH_POS_CLOSED));
}

bool rh_noun_phrase_at(const rh_token *t, size_t n, size_t i, const char *prepositions, rh_noun_phrase *out)
{
    rh_noun_phrase p, more;
    if (i >= n || !core_at(t, n, i, &p) || !head_holds(t, &p) || !determiner_fits(t, &p) || !stands_alone(t, &p) ||
        is_possessive(t[p.head].key))
        return false;
    if (!p.determined && t[i].opens)
        return false; /* its capital is the sentence's */
    bool goes_on = !t[p.end - 1].stops && p.end + 1 < n && !t[p.end].stops;
    bool of = goes_on && is(&t[p.end], "of");
    if (of && number_alone(t, n, p.end + 1) && rh_word_listed(RH_LIST_PARTS_OF, t[p.head].key)) {
        p.end += 2;
        p.extended = true;
    } else if (goes_on && (of || rh_word_in(t[p.end].key, prepositions)) &&
               rh_noun_phrase_at(t, n, p.end + 1, of ? prepositions : "", &more) &&
               (of || !rh_word_listed(RH_LIST_VAGUE, t[more.head].key)) && /* not "for two years" */
               (more.determined || of || t[more.head].name || rh_word_listed(RH_LIST_TERMS, t[more.head].key) ||
                !is(&t[p.end], "to"))) {
        p.end = more.end;
        p.extended = true;
    } else if (of) {
        return false;
    }
    if (rh_word_listed(RH_LIST_MASS, t[p.head].key) && p.end + 1 < n && is(&t[p.end], "and") && !t[p.end - 1].stops &&
        core_at(t, n, p.end + 1, &more) && head_holds(t, &more) && rh_word_listed(RH_LIST_MASS, t[more.head].key)) {
        p.end = more.end; /* electrical engineering and computer science */
        p.extended = true;
    }
    bool more_of_it =
        p.extended && p.end + 2 < n && is(&t[p.end], "as") && is(&t[p.end + 1], "well") && is(&t[p.end + 2], "as");
    if (more_of_it || !boundary_holds(t, n, p.end))
        return false; /* "captain of my high school as well as my summer club team" */
    *out = p;
    return true;
}

/* ---- as the interviewer says it ---- */

static const char *to_you_word(const char *key)
{
    static const char *const others[][2] = {{"my", "your"},
                                            {"our", "your"},
                                            {"me", "you"},
                                            {"us", "you"},
                                            {"mine", "yours"},
                                            {"ours", "yours"},
                                            {"this", "the"},
                                            {"these", "the"},
                                            {"those", "the"},
                                            {"myself", "yourself"},
                                            {"ourselves", "yourselves"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(key, others[i][0]) == 0)
            return others[i][1];
    return NULL;
}

/* The word without the punctuation around it; lower case at a sentence's start. */
static size_t bare_word(const rh_word *w, const rh_token *t, char *out, size_t size)
{
    const char *s = behind_quotes(w->text);
    size_t len = strlen(s);
    while (len > 1 && strchr(".,;:?!\"')-", s[len - 1]))
        len--;
    while (len > 3 && (memcmp(s + len - 3, "\xE2\x80\xA6", 3) == 0 || memcmp(s + len - 3, "\xE2\x80\x9D", 3) == 0))
        len -= 3;
    for (size_t i = 0; i < len; i++) /* two words in one, remarks of a transcript */
        if (strchr("[](){}<>*?!\\|_=\"", s[i]) || (s[i] == '/' && !(i && isupper((unsigned char)s[i - 1]))) ||
            (s[i] == '.' && s[i + 1] == '.'))
            return 0;
    if (len >= size)
        return 0;
    memcpy(out, s, len);
    out[len] = '\0';
    bool begins = t->opens && len > 1 && !rh_word_listed(RH_LIST_TERMS, t->key);
    for (size_t i = 1; i < len && begins; i++)
        begins = !isupper((unsigned char)out[i]) && (i > 1 || islower((unsigned char)out[i]));
    if (begins || (t->pos & RH_POS_CLOSED && !(t->pos & RH_POS_PRONOUN)))
        out[0] = (char)tolower((unsigned char)out[0]);
    return len;
}

bool rh_tokens_put(const rh_word *words, const rh_token *t, size_t first, size_t end, bool to_you, char *out,
                   size_t size)
{
    size_t n = 0;
    for (size_t i = first; i < end; i++) {
        const char *other = to_you ? to_you_word(t[i].key) : NULL;
        char word[64];
        size_t len = other ? strlen(strcpy(word, other)) : bare_word(&words[t[i].word], &t[i], word, sizeof word);
        if (!len || n + len + 2 > size)
            return false;
        if (n)
            out[n++] = ' ';
        memcpy(out + n, word, len + 1);
        n += len;
    }
    return n > 0;
}
