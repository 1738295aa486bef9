#include "rehearse/asr/verbatim.h"

#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"
#include "rehearse/base/words.h"
#include "asr/transcript_internal.h"

/* Somebody who thinks aloud, in each language whose hesitations are known (speech/tongue.h); `echo` is of it alone. */
static const struct {
    const char *language, *prompt, *echo;
} PROMPTS[] = {
    {"en", "Umm, let me think like, hmm... Okay, uh, here's what I'm, um, like thinking.", "let me think like"},
    {"de", "Ähm, also, äh, lass mich mal überlegen, hm... Ja, äh, das ist, ähm, so was ich denke.",
     "lass mich mal überlegen"},
    {"es", "Eh, bueno, este, déjame pensar, mmm... Pues, eh, es lo que, em, estoy pensando.", "déjame pensar, mmm"},
    {"fr", "Euh, alors, euh, laissez-moi réfléchir, hum... Donc, euh, voilà ce que, euh, je pense.",
     "laissez-moi réfléchir, hum"}};
enum { ENGLISH };
/* The hesitations of other languages are no tokens of their own: nothing is added for them, but what is done where
 * something is added - a repetition may be one - is done. */
static const float NO_BOOST = 1e-6f;
/* Log-odds in favour of a hesitation at the start of a word: the base model
 * gains by it, and the sound itself refuses the invented ones
 * (docs/performance.md). */
static const float BOOST = 3.0f;

/* A clean decode that leaves a hesitation out has mostly thought of it: in 35
 * spontaneous clips each one that was found left at least 6e-4 somewhere, in 87
 * readings one in six leaves so much. */
static const float THOUGHT_OF = 3e-4f, THOUGHT_OF_LATER = 1e-4f;
/* A word that takes this long for its letters may hide something. */
static const float DRAWN_S = 0.5f, DRAWN_LETTER_S = 0.12f;

enum { LONGEST_PERIOD = 8, LOOP_TIMES = 4, KEEP_TIMES = 3, MAX_TEXT = 8192 };

/* Tokens that the repetition at the end of `t` takes beyond KEEP_TIMES turns,
 * 0 when it does not end in one; *before: those before its first turn. */
static int looped_tokens(const rh_transcript *t, int *before)
{
    for (int period = 1; period <= LONGEST_PERIOD; period++) {
        int same = 0;
        while (same + period < t->n_tokens &&
               t->tokens[t->n_tokens - 1 - same].id == t->tokens[t->n_tokens - 1 - same - period].id)
            same++;
        int turns = same / period + 1;
        *before = t->n_tokens - turns * period;
        if (turns >= LOOP_TIMES && turns * period >= LOOP_TIMES * 2 - 2)
            return (turns - KEEP_TIMES) * period;
    }
    return 0;
}

static void plain_word(const rh_transcript *t, const rh_asr_word *w, char out[RH_WORD_BYTES])
{
    (void)rh_word_form(t->text + w->text_off, w->text_len, "", out);
}

/* Index of the clean word that goes on after the words of `kept` bytes of the
 * looping text: behind the last clean word that was said there too, and not
 * before the loop sets in. */
static int next_clean_word(const rh_transcript *clean, const rh_transcript *loop, uint32_t kept)
{
    int at = 0;
    float since = 0.0f; /* start of the last word that is no hesitation */
    char a[RH_WORD_BYTES], b[RH_WORD_BYTES];
    for (int i = 0; i < loop->n_words && loop->words[i].text_off < kept; i++) {
        plain_word(loop, &loop->words[i], a);
        if (!a[0] || rh_hesitation_of(a) >= 0)
            continue;
        since = loop->words[i].start;
        for (int k = at; k < clean->n_words && k < at + 4; k++) { /* near, so that "the" is the right one */
            plain_word(clean, &clean->words[k], b);
            if (strcmp(a, b) == 0) {
                at = k + 1;
                break;
            }
        }
    }
    while (at < clean->n_words) {
        plain_word(clean, &clean->words[at], b);
        if (rh_hesitation_of(b) < 0 && clean->words[at].start > since + 0.1f)
            break;
        at++;
    }
    return at;
}

/* The looping text up to the loop, then what the clean decode heard after it. */
static rh_status join_texts(const rh_transcript *clean, const rh_transcript *loop, int cut, rh_buf *text)
{
    int last = loop->n_tokens - cut;
    const rh_asr_token *end = &loop->tokens[last];
    rh_status st = rh_buf_add(text, loop->text, end->text_off);
    int next = next_clean_word(clean, loop, end->text_off);
    if (st == RH_OK && next < clean->n_words) {
        uint32_t from = clean->words[next].text_off;
        st = rh_buf_puts(text, " ");
        if (st == RH_OK)
            st = rh_buf_puts(text, clean->text + from);
    }
    return st;
}

/* Forced, a hesitation is as improbable as it is to a model that was told nothing: what was decoded before the loop,
 * tokens `heard`, keeps what the decoder thought of it. `skip`: bytes of the text before it. */
static void keep_thoughts(rh_transcript *forced, const rh_asr_token *heard, int n, size_t skip)
{
    int at = 0, k = 0;
    while (at < forced->n_tokens && forced->tokens[at].text_off < skip)
        at++;
    for (; k < n && at + k < forced->n_tokens && forced->tokens[at + k].id == heard[k].id; k++) {
        rh_asr_token *t = &forced->tokens[at + k];
        t->p = heard[k].p;
        t->entropy = heard[k].entropy;
        t->p_rival = heard[k].p_rival;
        t->rival_id = heard[k].rival_id;
    }
    for (int i = 0; i < forced->n_words; i++) {
        rh_asr_word *w = &forced->words[i];
        float log_p = 0.0f;
        if (w->first_token < at || w->first_token + w->n_tokens > at + k)
            continue;
        for (int32_t j = w->first_token; j < w->first_token + w->n_tokens; j++)
            log_p += logf(fmaxf(forced->tokens[j].p, 1e-9f));
        w->p = expf(log_p / (float)(w->n_tokens ? w->n_tokens : 1));
    }
}

static rh_status force_joined(rh_asr_stream *s, const char *text, size_t skip, int n, const rh_asr_params *q,
                              rh_transcript *out, rh_error *err)
{
    rh_asr_token *heard = rh_alloc_array((size_t)n + 1, sizeof *heard);
    if (!heard)
        return rh_fail(err, RH_ERR_NOMEM, "verbatim text: out of memory");
    memcpy(heard, out->tokens, (size_t)n * sizeof *heard);
    rh_status st = rh_asr_force(s, text, q, out, err);
    if (st == RH_OK)
        keep_thoughts(out, heard, n, skip);
    rh_free(heard);
    return st;
}

static rh_status without_loop(rh_asr_stream *s, const rh_transcript *clean, int cut, int before, const rh_asr_params *q,
                              rh_transcript *out, rh_error *err)
{
    rh_buf text;
    rh_buf_init(&text, MAX_TEXT);
    rh_status st = RH_OK;
    size_t skip = q->prefix ? strlen(q->prefix) : 0;
    if (q->prefix) { /* forcing begins at the beginning */
        st = rh_buf_puts(&text, q->prefix);
        if (st == RH_OK)
            st = rh_buf_puts(&text, " ");
    }
    if (st == RH_OK)
        st = join_texts(clean, out, cut, &text);
    if (st != RH_OK)
        rh_fail(err, st, "verbatim text: out of memory");
    else if (text.len > 0)
        st = force_joined(s, text.data, skip, before, q, out, err);
    rh_buf_done(&text);
    return st;
}

/* Told nothing, the model may write the prompt itself. */
static bool echoes_prompt(const rh_transcript *clean, const rh_transcript *out, const char *echo)
{
    return out->text && strstr(out->text, echo) && !(clean->text && strstr(clean->text, echo));
}

/* -1: no hesitations are known of the language. */
static int prompt_of(const char *language)
{
    if (!*language)
        return ENGLISH;
    for (int i = 0; i < (int)(sizeof PROMPTS / sizeof *PROMPTS); i++)
        if (strcmp(PROMPTS[i].language, language) == 0)
            return i;
    return -1;
}

static bool says_the_same(const rh_transcript *clean, const rh_transcript *out)
{
    bool same = clean->n_tokens == out->n_tokens;
    for (int i = 0; i < clean->n_tokens && same; i++)
        same = clean->tokens[i].id == out->tokens[i].id;
    return same;
}

static bool may_hide_something(const rh_transcript *clean, bool follows)
{
    for (int i = 0; i < clean->n_tokens; i++)
        if (clean->tokens[i].p_filler >= (follows ? THOUGHT_OF_LATER : THOUGHT_OF))
            return true;
    for (int i = 0; i < clean->n_words; i++) {
        const rh_asr_word *w = &clean->words[i];
        char plain[RH_WORD_BYTES];
        plain_word(clean, w, plain);
        if (w->end - w->start > DRAWN_S + DRAWN_LETTER_S * (float)strlen(plain) ||
            strcmp(plain, "like") == 0) /* its comma tells whether it means something */
            return true;
    }
    return false;
}

rh_status rh_asr_verbatim(rh_asr_stream *s, const rh_transcript *clean, const rh_asr_params *p, rh_transcript *out,
                          rh_error *err)
{
    int spoken = prompt_of(clean->language);
    rh_transcript_clear(out);
    if (clean->n_words == 0 || spoken < 0 || p->translate)
        return RH_OK;
    if (spoken == ENGLISH && !may_hide_something(clean, p->prefix != NULL))
        return rh_transcript_append(out, clean, 0);
    int32_t *draft = rh_alloc_array((size_t)clean->n_tokens + 1, sizeof *draft);
    if (!draft)
        return rh_fail(err, RH_ERR_NOMEM, "verbatim decode: out of memory");
    for (int i = 0; i < clean->n_tokens; i++)
        draft[i] = clean->tokens[i].id;
    rh_asr_params q = *p;
    q.language = PROMPTS[spoken].language;
    q.prompt = PROMPTS[spoken].prompt;
    q.timestamps = false;
    q.word_times = true;
    q.beam = 1;
    q.fallback = false; /* a hot second try would invent hesitations */
    q.filler_boost = spoken == ENGLISH ? BOOST : NO_BOOST;
    q.draft = draft;
    q.n_draft = clean->n_tokens;
    q.keep_to_draft = spoken == ENGLISH; /* its own spelling and punctuation only cost steps */
    q.progress = NULL;
    rh_status st = rh_asr_redecode(s, &q, out, err);
    if (st == RH_OK && says_the_same(clean, out)) {
        rh_transcript_clear(out);
        st = rh_transcript_append(out, clean, 0);
    } else if (st == RH_OK) {
        int before, cut = looped_tokens(out, &before);
        if (cut > 0)
            st = without_loop(s, clean, cut, before, &q, out, err);
        if (st == RH_ERR_LIMIT || (st == RH_OK && echoes_prompt(clean, out, PROMPTS[spoken].echo))) {
            rh_transcript_clear(out);
            st = rh_transcript_append(out, clean, 0);
        }
    }
    rh_free(draft);
    return st;
}
