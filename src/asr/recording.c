/* recording.c - cuts a recording at pauses and joins what was recognised.
 *
 * A piece is one window of the model (30 s) or less; it ends at the longest
 * pause of its second half. Pauses over GAP_MAX are not decoded at all: that
 * is where recognisers invent words. Speech without a pause is cut between two
 * words of a first decode, where the sound is softest. A piece of which the decoder
 * passed over seconds of speech is cut there, and decoded as two. Words that were told before stand. */
#include "rehearse/asr/recording.h"

#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "transcript_internal.h"
#include "vad_internal.h"

enum {
    RATE = RH_ASR_RATE_HZ,
    PIECE_MAX = 29 * RATE + RATE / 2,
    GAP_MAX = 3 * RATE,
    MARGIN = RATE / 4,        /* sound around a piece, so that soft ends are heard */
    SURE = RATE,              /* the last second of a decode that goes on may be wrong */
    AROUND = RATE * 15 / 100, /* how far from a word's edge the softest place is looked for */
    SOFT = RATE * 4 / 100,    /* and how long it is */
    MORE_CUTS = 3,            /* tried where the first does not help */
};

static const float SHORTEST = 0.12f; /* s: the least that a word keeps */
/* s: what a word lasts at most, and mostly; the least speech without words that was passed over */
static const float LONGEST = 0.8f, USUAL = 0.5f, PASSED_OVER = 2.5f;
static const float WORTH_IT = 1.0f; /* s: the least speech behind a later cut */
/* A cut after a sentence or a clause is worth one in a place so many times louder. */
static const float SENTENCE = 10.0f, CLAUSE = 3.0f;

typedef struct {
    size_t first, last; /* spans */
} piece;

/* The piece that begins with span `first`, or in the middle of it. */
static piece next_piece(const rh_speech_span *s, size_t n, size_t first, size_t start)
{
    piece p = {first, first};
    while (p.last + 1 < n && s[p.last + 1].start - s[p.last].end <= GAP_MAX && s[p.last + 1].end - start <= PIECE_MAX)
        p.last++;
    if (p.last + 1 >= n || s[p.last + 1].start - s[p.last].end > GAP_MAX)
        return p;
    /* Full: cut at the longest pause after the middle. */
    size_t longest = 0, cut = p.last;
    for (size_t i = first; i <= p.last; i++) {
        size_t gap = s[i + 1].start - s[i].end;
        if (gap > longest && s[i].end - start > PIECE_MAX / 2) {
            longest = gap;
            cut = i;
        }
    }
    p.last = cut;
    return p;
}

typedef struct {
    const rh_asr_params *p;
    double from, share; /* of the whole recording */
} progress;

static void on_progress(void *user, double done)
{
    const progress *g = user;
    g->p->progress(g->p->progress_user, g->from + g->share * done);
}

/* Times past the piece's end (a model's guess) are pulled back into it. */
static void clamp_times(rh_transcript *t, float end)
{
    for (int i = 0; i < t->n_tokens; i++) {
        t->tokens[i].start = fminf(t->tokens[i].start, end);
        t->tokens[i].end = fminf(t->tokens[i].end, end);
    }
    for (int i = 0; i < t->n_words; i++) {
        t->words[i].start = fminf(t->words[i].start, end);
        t->words[i].end = fminf(t->words[i].end, end);
    }
    for (int i = 0; i < t->n_segments; i++)
        t->segments[i].end = fminf(t->segments[i].end, end);
}

/* A word cannot begin in silence: its start moves to the speech inside it. */
static void snap_words(rh_transcript *t, const rh_speech_span *spans, size_t n)
{
    size_t k = 0;
    for (int i = 0; i < t->n_words; i++) {
        rh_asr_word *w = &t->words[i];
        while (k + 1 < n && (float)spans[k].end / RATE <= w->start)
            k++;
        float from = (float)spans[k].start / RATE, to = (float)spans[k].end / RATE;
        if (w->start < from && from < w->end)
            w->start = fminf(from, fmaxf(w->start, w->end - SHORTEST));
        else if (w->start < to && w->end > to && k + 1 < n && w->end <= (float)spans[k + 1].start / RATE)
            w->end = to;
    }
}

typedef struct {
    rh_asr_stream *stream;
    const float *samples;
    size_t n;
    const rh_asr_params *p;
    const rh_speech_span *speech; /* as the voice detection found it; NULL = not asked */
    size_t n_speech;
    rh_recording_hook hook;
    void *user;
    bool cut; /* no piece is longer than a window, so that the encoder's output of each is kept */
} job;

/* Mean square of the softest place in [from, to), whose middle comes to *at. */
static float softest(const float *x, size_t from, size_t to, size_t *at)
{
    float least = INFINITY, sum = 0;
    for (size_t i = from; i < to; i++) {
        sum += x[i] * x[i];
        if (i < from + SOFT)
            continue;
        sum -= x[i - SOFT] * x[i - SOFT];
        if (sum < least) {
            least = sum;
            *at = i - SOFT / 2;
        }
    }
    return fmaxf(least, 0.0f) / SOFT;
}

static float worth_of(const rh_transcript *t, const rh_asr_word *w)
{
    char last = w->text_len ? t->text[w->text_off + w->text_len - 1] : 'a';
    return last && strchr(".?!", last) ? SENTENCE : last && strchr(",;:", last) ? CLAUSE : 1.0f;
}

/* Where to cut speech that goes on for longer than a piece from `from`: after a word of `t`, its
 * decode; `n` words of that lie before the cut. */
static size_t best_cut(const job *j, size_t from, const rh_transcript *t, int *n)
{
    size_t low = from + PIECE_MAX / 2, high = from + PIECE_MAX - SURE, cut = 0;
    float best = INFINITY;
    *n = 0;
    for (int i = 0; i + 1 < t->n_words; i++) {
        float edge = (t->words[i].end + t->words[i + 1].start) / 2;
        size_t at = from + (size_t)(fmaxf(edge, 0.0f) * RATE), found = at;
        if (at < low || at > high)
            continue;
        float level = softest(j->samples, at - AROUND, at + AROUND, &found) / worth_of(t, &t->words[i]);
        if (level < best) {
            best = level;
            cut = found;
            *n = i + 1;
        }
    }
    if (!cut) /* no words there: any place is as good */
        (void)softest(j->samples, low, high, &cut);
    return cut;
}

/* Decodes [from, to), told where in it somebody speaks. */
static rh_status decode(const job *j, size_t from, size_t to, const rh_asr_params *p, rh_transcript *out, rh_error *err)
{
    rh_asr_params params = *p;
    rh_speech_span *speech = j->n_speech ? rh_alloc_array(j->n_speech, sizeof *speech) : NULL;
    if (j->n_speech && !speech)
        return rh_fail(err, RH_ERR_NOMEM, "recording: out of memory");
    for (size_t i = 0; i < j->n_speech; i++) {
        size_t start = j->speech[i].start > from ? j->speech[i].start : from;
        size_t end = j->speech[i].end < to ? j->speech[i].end : to;
        if (start < end)
            speech[params.n_speech++] = (rh_speech_span){start - from, end - from};
    }
    params.speech = speech;
    rh_status st = rh_asr_transcribe(j->stream, j->samples + from, to - from, &params, out, err);
    rh_free(speech);
    return st;
}

/* Speech of the piece from `from` on in [start, end) s of it. */
static float spoken(const job *j, size_t from, float start, float end)
{
    float offset = (float)from / RATE;
    return j->speech ? rh_speech_within(j->speech, j->n_speech, offset + start, offset + end) : end - start;
}

/* The speech of a piece that belongs to none of its words, in s; the longest stretch of it between two words is
 * [*start, *end), in s of the piece. Words that last too long are somewhere in there, most often at its end. */
static float without_words(const job *j, size_t from, size_t to, const rh_transcript *t, float *start, float *end)
{
    float n_s = (float)(to - from) / RATE, sum = 0, longest = -1, heard = 0;
    int n_astray = 0;
    for (int i = 0; i <= t->n_words; i++) {
        if (i < t->n_words && t->words[i].end - t->words[i].start > 2 * LONGEST) {
            n_astray++;
            continue;
        }
        float next = fmaxf(heard, (i < t->n_words ? t->words[i].start : n_s) - USUAL * (float)n_astray);
        float gap = spoken(j, from, heard, next);
        sum += gap;
        if (gap > longest) {
            longest = gap;
            *start = heard;
            *end = next;
        }
        n_astray = 0;
        if (i < t->n_words)
            heard = fminf(t->words[i].end, t->words[i].start + LONGEST);
    }
    return sum;
}

typedef struct {
    float left;   /* s of speech without words; infinite where the decode is not likely */
    float likely; /* the mean probability of a token */
} trial;

/* What a decode of [from, to) would bring. */
static rh_status try_out(const job *j, size_t from, size_t to, const rh_asr_params *p, trial *out, rh_error *err)
{
    rh_asr_params params = *p;
    float start, end, least = 0;
    params.progress = NULL;
    params.n_draft = 0;
    rh_transcript part;
    rh_transcript_init(&part);
    rh_status st = decode(j, from, to, &params, &part, err);
    for (int i = 0; i < part.n_segments; i++)
        least = fminf(least, part.segments[i].avg_logprob);
    bool usable = st == RH_OK && part.n_segments > 0 && least > p->logprob_min;
    *out = (trial){usable ? without_words(j, from, to, &part, &start, &end) : INFINITY, expf(least)};
    rh_transcript_done(&part);
    return st;
}

/* The middle of the first pause of the voice that begins at `at` or later; 0 = none. */
static size_t next_pause(const job *j, size_t at)
{
    for (size_t i = 0; i + 1 < j->n_speech; i++)
        if (j->speech[i].end >= at)
            return j->speech[i].end + (j->speech[i + 1].start - j->speech[i].end) / 2;
    return 0;
}

/* Where to cut a piece that is heard better in two, 0 = nowhere. The decoder now and then passes over what it
 * makes nothing of, and goes on with what follows; what it passed over, by itself, it mostly hears. */
static rh_status passed_over(const job *j, size_t from, size_t to, const rh_asr_params *p, rh_transcript *t,
                             size_t *cut, rh_error *err)
{
    float start = 0, end = 0;
    *cut = 0;
    if (!j->cut || !p->word_times || t->n_words == 0 || without_words(j, from, to, t, &start, &end) < PASSED_OVER)
        return RH_OK;
    bool first = start < SHORTEST;
    size_t at = from + (size_t)((first ? end : start) * RATE), low = first ? from : at, high = first ? at : to;
    if (at <= from || at >= to || (float)(high - low) / RATE < PASSED_OVER)
        return RH_OK;
    trial tried;
    float passed = spoken(j, from, start, end), most = 0;
    bool mostly = passed > spoken(j, from, 0, (float)(to - from) / RATE) / 2;
    rh_status st = try_out(j, low, high, p, &tried, err);
    bool better = tried.left < passed / 2;
    /* Behind "uh uh uh" it may stop for good, and stop again where it begins in there: from a later pause on. Where most
     * of the piece would be lost so and no try hears half of what it should, the one that hears most will do. */
    for (int i = 0; st == RH_OK && !better && !first; i++) {
        float heard = passed - tried.left;
        if (mostly && heard > WORTH_IT && heard * tried.likely > most) {
            most = heard * tried.likely;
            *cut = at;
        }
        at = i < MORE_CUTS ? next_pause(j, at + RATE) : 0;
        passed = at ? spoken(j, from, (float)(at - from) / RATE, end) : 0;
        if (passed < WORTH_IT)
            break;
        st = try_out(j, at, to, p, &tried, err);
        better = tried.left < passed / 2;
    }
    if (better)
        *cut = at;
    if (st != RH_OK || *cut)
        return st;
    return decode(j, from, to, p, t, err); /* the stream holds what was decoded last */
}

static rh_status take_piece(const job *j, size_t from, size_t to, bool is_last, rh_transcript *part, rh_transcript *out,
                            rh_error *err)
{
    clamp_times(part, (float)(to - from) / RATE);
    rh_status st = RH_OK;
    if (j->hook)
        st = j->hook(j->user, j->stream, part, (double)from / RATE, (double)to / RATE, is_last, err);
    if (st != RH_OK)
        return st;
    st = rh_transcript_append(out, part, (double)from / RATE);
    return st == RH_OK ? st : rh_fail(err, st, "transcript: %s", rh_status_name(st));
}

static rh_status transcribe_piece(const job *j, size_t from, size_t to, bool is_last, const rh_asr_params *p,
                                  rh_transcript *part, rh_transcript *out, rh_error *err)
{
    rh_asr_params params = *p;
    progress g = {j->p, (double)from / (double)j->n, (double)(to - from) / (double)j->n};
    if (j->p->progress) {
        params.progress = on_progress;
        params.progress_user = &g;
    }
    if (out->language[0] && !j->p->language)
        params.language = out->language; /* detected once */
    size_t cut = 0;
    rh_status st = decode(j, from, to, &params, part, err);
    if (st == RH_OK)
        st = passed_over(j, from, to, &params, part, &cut, err);
    if (st == RH_OK && cut) {
        params = *p;
        params.n_draft = 0;
        st = transcribe_piece(j, from, cut, false, &params, part, out, err);
        return st == RH_OK ? transcribe_piece(j, cut, to, is_last, &params, part, out, err) : st;
    }
    return st == RH_OK ? take_piece(j, from, to, is_last, part, out, err) : st;
}

/* The first piece of speech without a pause that begins at `from`; it ends at *to. */
static rh_status transcribe_start(const job *j, size_t from, size_t *to, rh_transcript *part, rh_transcript *out,
                                  rh_error *err)
{
    rh_asr_params p = *j->p;
    rh_transcript first;
    int32_t *draft = NULL;
    int n_words = 0;
    rh_transcript_init(&first);
    p.progress = NULL;
    p.word_times = true;
    if (out->language[0] && !p.language)
        p.language = out->language;
    rh_status st = decode(j, from, from + PIECE_MAX, &p, &first, err);
    if (st == RH_OK) {
        *to = best_cut(j, from, &first, &n_words);
        p = *j->p;
        draft = rh_alloc_array((size_t)first.n_tokens + 1, sizeof *draft);
        for (int i = 0;
             draft && n_words && i <= first.words[n_words - 1].first_token + first.words[n_words - 1].n_tokens - 1; i++)
            draft[p.n_draft++] = first.tokens[i].id;
        p.draft = draft;
        st = transcribe_piece(j, from, *to, false, &p, part, out, err);
    }
    rh_free(draft);
    rh_transcript_done(&first);
    return st;
}

static rh_status transcribe_spans(const job *j, const rh_speech_span *spans, size_t n_spans, rh_transcript *out,
                                  rh_error *err)
{
    rh_transcript part;
    rh_transcript_init(&part);
    rh_status st = RH_OK;
    size_t goes_on = 0; /* 0 = no: from here on span i is still to be done */
    for (size_t i = 0; i < n_spans && st == RH_OK;) {
        size_t start = goes_on ? goes_on : spans[i].start;
        piece c = next_piece(spans, n_spans, i, start);
        bool is_last = c.last + 1 >= n_spans;
        size_t before = i > 0 ? spans[i - 1].end : 0;
        size_t after = is_last ? j->n : spans[c.last + 1].start;
        size_t from = start, to = spans[c.last].end;
        if (!goes_on)
            from = from - before > 2 * MARGIN ? from - MARGIN : before + (from - before) / 2;
        if (j->cut && to - start > PIECE_MAX) {
            st = transcribe_start(j, from, &goes_on, &part, out, err);
            continue;
        }
        to = after - to > 2 * MARGIN ? to + MARGIN : to + (after - to) / 2;
        st = transcribe_piece(j, from, to, is_last, j->p, &part, out, err);
        goes_on = 0;
        i = c.last + 1;
    }
    rh_transcript_done(&part);
    if (st == RH_OK && n_spans > 0)
        snap_words(out, spans, n_spans);
    return st;
}

/* What was said in a stretch is known: its words are followed, not recognised. Where the engine can't, or they are too
 * many for a window, they are recognised all the same. */
static rh_status follow(const job *j, const rh_told_piece *told, size_t from, size_t to, rh_transcript *part,
                        rh_transcript *out, rh_error *err)
{
    rh_asr_params params = *j->p;
    progress g = {j->p, (double)from / (double)j->n, (double)(to - from) / (double)j->n};
    if (params.progress) {
        params.progress = on_progress;
        params.progress_user = &g;
    }
    if (out->language[0] && !params.language)
        params.language = out->language; /* detected once */
    params.word_times = false;
    rh_status st = decode(j, from, to, &params, part, err), forced = st;
    if (st == RH_OK) {
        params.progress = NULL;
        forced = rh_asr_force(j->stream, told->text, &params, part, err);
        params.word_times = true;
        if (forced == RH_ERR_UNSUPPORTED || forced == RH_ERR_LIMIT || forced == RH_ERR_INVAL)
            forced = decode(j, from, to, &params, part, err);
    }
    return forced == RH_OK ? take_piece(j, from, to, false, part, out, err) : forced;
}

static rh_status follow_all(const job *j, const rh_told *told, rh_transcript *out, rh_error *err)
{
    rh_transcript part;
    rh_transcript_init(&part);
    rh_status st = RH_OK;
    double margin = (double)MARGIN / RATE, end_s = (double)j->n / RATE;
    for (size_t i = 0; i < told->n && st == RH_OK; i++) {
        const rh_told_piece *t = &told->at[i];
        double before = i ? fmin(told->at[i - 1].end, t->start) : 0;
        double after = i + 1 < told->n ? fmax(told->at[i + 1].start, t->end) : end_s;
        double from = fmax(t->start - margin, (before + t->start) / 2),
               to = fmin(t->end + margin, (t->end + after) / 2);
        from = fmin(fmax(from, 0), end_s);
        to = fmin(fmax(to, from), end_s);
        if (t->text[strspn(t->text, " ")] && to > from)
            st = follow(j, t, (size_t)(from * RATE), (size_t)(to * RATE), &part, out, err);
    }
    rh_transcript_done(&part);
    return st;
}

/* The voice behind what was told. */
static rh_status transcribe_rest(const job *j, const rh_told *told, const rh_speech_span *spans, size_t n,
                                 rh_transcript *out, rh_error *err)
{
    size_t from = told->until * RATE < (double)j->n ? (size_t)(fmax(told->until, 0) * RATE) : j->n, kept = 0;
    rh_speech_span *rest = rh_alloc_array(n + 1, sizeof *rest);
    if (!rest)
        return rh_fail(err, RH_ERR_NOMEM, "recording: out of memory");
    for (size_t i = 0; i < n; i++)
        if (spans[i].end > from + MARGIN)
            rest[kept++] = (rh_speech_span){spans[i].start > from ? spans[i].start : from, spans[i].end};
    rh_status st = transcribe_spans(j, rest, kept, out, err);
    rh_free(rest);
    return st;
}

rh_status rh_recording_pieces(rh_asr_stream *s, const rh_vad_model *vad, const float *samples, size_t n,
                              const rh_asr_params *p, const rh_told *told, rh_recording_hook hook, void *user,
                              rh_transcript *out, rh_speech_span **spans, size_t *n_spans, rh_error *err)
{
    rh_asr_params params = p ? *p : rh_asr_params_default();
    rh_speech_span whole = {0, n}, *found = NULL;
    size_t n_found = 0;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(samples[i]))
            return rh_fail(err, RH_ERR_INVAL, "sample %zu is not a finite number", i);
    char language[RH_ASR_LANG_LEN];
    rh_status st = params.language ? rh_asr_model_language(NULL, params.language, language, err) : RH_OK;
    if (params.language)
        params.language = st == RH_OK && *language ? language : NULL;
    if (st == RH_OK && vad)
        st = rh_vad_spans(vad, samples, n, &found, &n_found, err);
    if (st != RH_OK)
        return st;
    rh_transcript_clear(out);
    const job j = {s, samples, n, &params, found, n_found, hook, user, vad || hook};
    if (told)
        st = follow_all(&j, told, out, err);
    if (st == RH_OK && told)
        st = transcribe_rest(&j, told, vad ? found : &whole, vad ? n_found : 1, out, err);
    else if (st == RH_OK)
        st = transcribe_spans(&j, vad ? found : &whole, vad ? n_found : 1, out, err);
    if (st == RH_OK && params.progress)
        params.progress(params.progress_user, 1.0);
    if (st == RH_OK && spans) {
        *spans = found;
        *n_spans = n_found;
        found = NULL;
    }
    rh_free(found);
    return st;
}

rh_status rh_recording_transcribe(rh_asr_stream *s, const rh_vad_model *vad, const float *samples, size_t n,
                                  const rh_asr_params *p, rh_transcript *out, rh_speech_span **spans, size_t *n_spans,
                                  rh_error *err)
{
    return rh_recording_pieces(s, vad, samples, n, p, NULL, NULL, NULL, out, spans, n_spans, err);
}
