/* transcriber.c - see transcriber.h.
 *
 * An utterance begins where the voice activity gate opens and ends with a
 * silence of end_silence_ms, or a shorter one where the recogniser is all but sure
 * that a sentence ends. It is final then. While it lasts, every settle_ms
 * those words become final on which successive decodes agree (LocalAgreement:
 * Macháček, Dabre, Bojar, "Turning Whisper into Real-Time Transcription System",
 * 2023) or that have long been followed by others. Sound that came faster than it
 * is decoded is taken in long pieces instead, cut at short pauses. */
#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/array.h"
#include "transcriber_internal.h"

enum {
    RATE = TR_RATE,
    LEAD = RATE * 3 / 10,             /* sound before the first speech that is decoded with it */
    TAIL = RATE / 4,                  /* and after the last */
    SHORT_PAUSE = RATE / 8,           /* the gate needs that much quiet to close */
    SHORT = RATE * 3 / 2,             /* a piece of speech so short is heard better with what follows, */
    PATIENCE = RATE * 11 / 10,        /* so it ends only after that much silence where it is not whole */
    SURE_SILENCE = RATE * 192 / 1000, /* ends what is not short where the end of a sentence is all but sure */
    LONG = 15 * RATE,                 /* an utterance longer than this is cut at a short pause */
    LEAST_CUT = 4 * RATE,             /* but not into pieces shorter than this */
    SETTLE_LATE = 6 * RATE,           /* beyond settle_ms: how much sound is looked at in one go */
    FIRST_PARTIAL = RATE / 2,         /* after the onset */
    SHOW_LATE_US = 1000000,           /* what is no final may wait so long for what is; */
    SHOW_AGAIN_US = 3000000,          /* a partial that is not the first */
};

static const float WHOLE = 0.7f;
static const float SURE_END = 0.9f, SURE_WORD = 0.6f; /* that a sentence ends, of its last word */

rh_transcriber_options rh_transcriber_options_default(void)
{
    return (rh_transcriber_options){
        .partials = true, .partial_every_ms = 1000, .end_silence_ms = 400, .max_behind_s = RH_TRANSCRIBER_MAX_BEHIND_S};
}

static rh_status check_options(const rh_transcriber_options *o, rh_error *err)
{
    if (o->partial_every_ms < 100 || o->partial_every_ms > 60000)
        return rh_fail(err, RH_ERR_INVAL, "a partial every %d ms: give 100 to 60000", o->partial_every_ms);
    if (o->end_silence_ms < 130 || o->end_silence_ms > 5000)
        return rh_fail(err, RH_ERR_INVAL, "%d ms of silence as end: give 130 to 5000", o->end_silence_ms);
    if (o->settle_ms != 0 && (o->settle_ms < 1000 || o->settle_ms > 20000))
        return rh_fail(err, RH_ERR_INVAL, "words settled every %d ms: give 1000 to 20000, or 0", o->settle_ms);
    if (!(o->said_s >= 0 && o->said_s <= 3600))
        return rh_fail(err, RH_ERR_INVAL, "%g s of sound that is known: give 0 to 3600", o->said_s);
    if (!(o->said_from_s >= 0 && o->said_from_s <= o->said_s))
        return rh_fail(err, RH_ERR_INVAL, "words that are known from %g s on: give 0 to %g", o->said_from_s, o->said_s);
    return RH_OK;
}

static void take_said(rh_transcriber *t, const rh_transcriber_options *o)
{
    t->settled = t->last_end = (int64_t)(o->said_s * RATE);
    t->last_from = (int64_t)(o->said_from_s * RATE);
    if (o->said && strlen(o->said) < sizeof t->last_text) {
        strcpy(t->last_text, o->said);
        strcpy(t->last_verbatim, o->said);
    }
    t->o.said = NULL;
}

rh_status rh_transcriber_new(rh_transcriber **out, rh_asr_model *m, const rh_vad_model *vad,
                             const rh_transcriber_options *opts, rh_error *err)
{
    rh_transcriber_options o = opts ? *opts : rh_transcriber_options_default();
    char language[RH_ASR_LANG_LEN] = "";
    rh_status st = check_options(&o, err);
    if (st == RH_OK && o.language)
        st = rh_asr_model_language(m, o.language, language, err);
    if (st != RH_OK)
        return st;
    rh_transcriber *t = rh_calloc(1, sizeof *t);
    if (!t)
        return rh_fail(err, RH_ERR_NOMEM, "transcriber: out of memory");
    pthread_mutex_init(&t->lock, NULL);
    t->model = m;
    t->o = o;
    take_said(t, &o);
    strcpy(t->language, language);
    if (o.prompt)
        strncpy(t->prompt, o.prompt, sizeof t->prompt - 1);
    t->interval = (int64_t)o.partial_every_ms * RATE / 1000;
    rh_transcript_init(&t->partial);
    rh_transcript_init(&t->scratch);
    rh_transcript_init(&t->piece);
    rh_transcript_init(&t->verbatim);
    st = rh_vad_new(&t->vad, vad, err);
    if (st != RH_OK) {
        rh_transcriber_free(t);
        return st;
    }
    *out = t;
    return RH_OK;
}

void rh_transcriber_free(rh_transcriber *t)
{
    if (!t)
        return;
    rh_tr_forget_heard(t);
    rh_free(t->heard);
    rh_free(t->in);
    rh_free(t->sound);
    rh_transcript_done(&t->partial);
    rh_transcript_done(&t->scratch);
    rh_transcript_done(&t->piece);
    rh_transcript_done(&t->verbatim);
    rh_free(t->draft);
    rh_free(t->phone_cost);
    rh_vad_free(t->vad);
    pthread_mutex_destroy(&t->lock);
    rh_free(t);
}

rh_status rh_transcriber_feed(rh_transcriber *t, const float *samples, size_t n, rh_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(samples[i]))
            return rh_fail(err, RH_ERR_INVAL, "sample %zu is not a finite number", i);
    const size_t limit = (size_t)t->o.max_behind_s * RATE;
    rh_status st = RH_OK;
    pthread_mutex_lock(&t->lock);
    if (n > limit || t->n_in > limit - n)
        st = RH_ERR_LIMIT;
    else
        st = rh_array_reserve(&t->in, &t->cap_in, t->n_in + n, sizeof *t->in);
    if (st == RH_OK && n > 0) {
        memcpy(t->in + t->n_in, samples, n * sizeof *samples);
        t->n_in += n;
        t->n_fed += (int64_t)n;
    }
    pthread_mutex_unlock(&t->lock);
    if (st == RH_ERR_LIMIT)
        return rh_fail(err, st, "more than %d s of sound wait to be recognised; send slower", t->o.max_behind_s);
    return st == RH_OK ? st : rh_fail(err, st, "transcriber: out of memory");
}

/* Sound that no decode needs any more. */
static void drop_old(rh_transcriber *t)
{
    int64_t keep = t->open ? t->from : t->seen - LEAD - SHORT_PAUSE - 8 * RH_VAD_CHUNK;
    if (!t->open && t->last_text[0] && t->last_from < keep && t->seen - t->last_end < 2 * RATE)
        keep = t->last_from;
    if (!t->open && t->gate.state != RH_GATE_CLOSED && t->gate.start * RH_VAD_CHUNK - LEAD < keep)
        keep = t->gate.start * RH_VAD_CHUNK - LEAD;
    if (t->o.verbatim)
        keep -= TR_LOOK_BACK;
    int64_t n = keep - t->base;
    if (n < RATE) /* moving memory for less is not worth it */
        return;
    memmove(t->sound, t->sound + n, (t->n_sound - (size_t)n) * sizeof *t->sound);
    t->n_sound -= (size_t)n;
    t->base += n;
}

static rh_status take_input(rh_transcriber *t)
{
    rh_status st = RH_OK;
    drop_old(t);
    pthread_mutex_lock(&t->lock);
    if (rh_array_reserve(&t->sound, &t->cap_sound, t->n_sound + t->n_in, sizeof *t->sound) != RH_OK) {
        st = RH_ERR_NOMEM;
    } else if (t->n_in > 0) {
        memcpy(t->sound + t->n_sound, t->in, t->n_in * sizeof *t->in);
        t->n_sound += t->n_in;
        t->n_in = 0;
    }
    pthread_mutex_unlock(&t->lock);
    return st;
}

static void note_pause(rh_transcriber *t, int64_t start, int64_t end)
{
    if (t->n_pauses == TR_MAX_PAUSES) {
        memmove(t->pauses, t->pauses + 1, (TR_MAX_PAUSES - 1) * sizeof *t->pauses);
        t->n_pauses--;
    }
    t->pauses[t->n_pauses++] = (tr_pause){start, end};
}

static void begin_utterance(rh_transcriber *t)
{
    t->onset = t->gate.start * RH_VAD_CHUNK;
    if (t->onset < t->settled)
        t->onset = t->settled;
    int64_t at = t->onset - LEAD;
    if (at < t->settled)
        at = t->settled;
    if (at < t->base)
        at = t->base;
    bool begins = t->gate.start * RH_VAD_CHUNK >= t->speech_end; /* else it goes on */
    t->open = true;
    t->begun = t->settle_from = t->onset;
    if (begins)
        note_pause(t, t->speech_end, t->gate.start * RH_VAD_CHUNK);
    rh_tr_start_at(t, at);
    t->paused = begins;
}

static void on_gate(rh_transcriber *t, rh_gate_event e)
{
    int64_t start = t->gate.start * RH_VAD_CHUNK, end = t->gate.end * RH_VAD_CHUNK;
    if (e == RH_GATE_ENDED)
        t->speech_samples += end - start;
    if (e == RH_GATE_OPENED && (t->open || t->seen <= t->settled))
        note_pause(t, t->speech_end, start);
    if (t->gate.state == RH_GATE_SPEECH && !t->open && t->seen > t->settled)
        begin_utterance(t); /* or goes on, after the sound was finished in mid-speech */
    if (t->gate.state == RH_GATE_SPEECH || e == RH_GATE_ENDED)
        t->speech_end = end;
}

/* The last partial heard all of the utterance and will be its final. */
static bool is_decoded(const rh_transcriber *t)
{
    return !t->doubtful && t->partial_at >= t->speech_end + TR_PAUSE_DECODE / 2;
}

/* Behind what was heard the recogniser expects the end of a sentence, so that it needs nothing that follows. */
static bool is_whole(const rh_transcriber *t)
{
    return is_decoded(t) && t->partial.n_words > 0 && t->expected.stop + t->expected.end > WHOLE;
}

/* And it is so sure of that, and of the last word, that it seldom errs. */
static bool is_over(const rh_transcriber *t)
{
    const rh_transcript *p = &t->partial;
    return is_whole(t) && t->expected.stop + t->expected.end > SURE_END && p->words[p->n_words - 1].p > SURE_WORD;
}

static int64_t silence_asked(const rh_transcriber *t)
{
    return (int64_t)t->o.end_silence_ms * RATE / 1000;
}

static bool is_short(const rh_transcriber *t)
{
    return t->speech_end - t->begun < SHORT;
}

/* A short one was heard again, with so much silence behind it that what follows may be something new. */
static bool is_heard_again(const rh_transcriber *t)
{
    return t->partial_at >= t->speech_end + silence_asked(t);
}

/* Silence that may end the utterance, by what is heard in it, in samples. */
static int64_t least_silence(const rh_transcriber *t)
{
    int64_t silence = silence_asked(t);
    return !is_short(t) && silence > SURE_SILENCE ? SURE_SILENCE : silence;
}

/* Silence that ends it. */
static int64_t end_silence(const rh_transcriber *t)
{
    int64_t silence = silence_asked(t);
    if (!is_short(t))
        return is_over(t) ? least_silence(t) : silence;
    /* The more silence, the sooner an end is expected behind it. */
    bool whole = is_heard_again(t) ? is_over(t) : is_whole(t);
    return silence < PATIENCE && !whole ? PATIENCE : silence;
}

static bool ended(const rh_transcriber *t)
{
    return t->open && t->gate.state == RH_GATE_CLOSED && t->seen - t->speech_end >= end_silence(t);
}

/* The best short pause to cut a long utterance at; 0 = none. */
static int64_t find_cut(const rh_transcriber *t)
{
    int64_t longest = 0, cut = 0;
    for (int i = 0; i < t->n_pauses; i++) {
        const tr_pause *p = &t->pauses[i];
        if (p->start - t->onset < LEAST_CUT)
            continue;
        if (p->end - p->start > longest) {
            longest = p->end - p->start;
            cut = p->start + longest / 2;
        }
    }
    return cut;
}

static bool settle_due(const rh_transcriber *t)
{
    int64_t every = (int64_t)t->o.settle_ms * RATE / 1000;
    if (t->partial_at && t->seen - t->partial_at < TR_SETTLE_AGAIN)
        return false;
    return rh_tr_too_long(t) || (t->open && every && t->seen - t->settle_from >= every);
}

/* A first decode, with which the one that settles words may agree. */
static bool check_due(const rh_transcriber *t)
{
    int64_t every = (int64_t)t->o.settle_ms * RATE / 1000;
    return t->open && every && !t->partial_at && t->seen - t->settle_from >= every / 2;
}

static bool partial_due(const rh_transcriber *t)
{
    if (!t->partial_at)
        return t->seen - t->onset >= FIRST_PARTIAL;
    return t->seen - t->partial_at >= t->interval;
}

/* In a pause that may be the end, so that the final is there when the silence has lasted; a short utterance that was not
 * whole, again when it has. */
static bool pause_due(const rh_transcriber *t)
{
    int64_t silence = t->seen - t->speech_end, heard = t->partial_at - t->speech_end;
    if (t->gate.state != RH_GATE_CLOSED)
        return false;
    if (t->o.expected && is_short(t) && silence >= silence_asked(t) && !is_heard_again(t))
        return !is_whole(t);
    return silence >= TR_PAUSE_DECODE && heard < TR_PAUSE_DECODE / 2;
}

/* Follows voice activity to the end of the sound, or to the end of an utterance. */
static rh_status look(rh_transcriber *t)
{
    rh_status st = RH_OK;
    int64_t have = t->base + (int64_t)t->n_sound;
    while (st == RH_OK && have - t->seen >= RH_VAD_CHUNK && !ended(t)) {
        const float *chunk = t->sound + (t->seen - t->base);
        float p = rh_vad_push(t->vad, chunk);
        t->seen += RH_VAD_CHUNK;
        on_gate(t, rh_vad_gate_push(&t->gate, p, rh_vad_loudness(t->vad)));
        if (t->open && t->seen - t->from > LONG && find_cut(t) > 0)
            break; /* sound came faster than it is decoded: decode first */
        if (settle_due(t) &&
            (rh_tr_too_long(t) || t->seen - t->settle_from >= SETTLE_LATE + (int64_t)t->o.settle_ms * RATE / 1000))
            break;
    }
    int64_t speech = t->speech_samples;
    if (t->gate.state == RH_GATE_SPEECH)
        speech += (t->gate.end - t->gate.start) * RH_VAD_CHUNK;
    atomic_store(&t->speech, speech);
    atomic_store(&t->quiet, t->seen - t->speech_end);
    atomic_store(&t->speaking, t->open);
    return st;
}

static void update_behind(rh_transcriber *t)
{
    pthread_mutex_lock(&t->lock);
    atomic_store(&t->behind, t->n_fed - t->seen);
    pthread_mutex_unlock(&t->lock);
}

static void close_utterance(rh_transcriber *t)
{
    t->open = false;
    atomic_store(&t->speaking, false);
}

static rh_status finish_utterance(rh_transcriber *t, const atomic_bool *cancel, rh_error *err)
{
    int64_t to = t->speech_end + TAIL, have = t->base + (int64_t)t->n_sound;
    to = to < have ? to : have;
    rh_status st = is_decoded(t) ? rh_tr_promote(t, to, err) : rh_tr_final(t, to, cancel, err);
    if (st == RH_OK)
        close_utterance(t);
    return st;
}

typedef enum { NOTHING, END, CUT, SETTLE, SHOW } step;

/* The one most urgent thing to do. */
static step next_step(const rh_transcriber *t)
{
    if (!t->open)
        return NOTHING;
    if (ended(t))
        return END;
    if (t->seen - t->from > LONG && find_cut(t) > 0)
        return CUT;
    if (settle_due(t))
        return SETTLE;
    if (t->o.partials ? partial_due(t) || pause_due(t) : check_due(t))
        return SHOW;
    return NOTHING;
}

/* Does it; RH_AGAIN when there is nothing. */
static rh_status decode_due(rh_transcriber *t, const atomic_bool *cancel, rh_error *err)
{
    step what = next_step(t);
    if (what == NOTHING)
        return RH_AGAIN;
    if (what == END)
        return finish_utterance(t, cancel, err);
    if (what != CUT)
        return rh_tr_partial(t, what == SETTLE, cancel, err);
    int64_t cut = find_cut(t);
    rh_status st = rh_tr_final(t, cut, cancel, err);
    if (st == RH_OK)
        rh_tr_go_on(t, cut, cut);
    return st;
}

bool rh_transcriber_due(rh_transcriber *t)
{
    bool due = take_input(t) != RH_OK || look(t) != RH_OK || next_step(t) != NOTHING;
    update_behind(t);
    return due; /* also after a failure: _work will say it */
}

int64_t rh_transcriber_may_wait_us(const rh_transcriber *t, bool *decodes)
{
    step what = next_step(t);
    *decodes = what != NOTHING && !(what == END && is_decoded(t));
    if (what == NOTHING || what == END)
        return 0;
    if (what == SHOW && pause_due(t)) {
        int64_t left = least_silence(t) - (t->seen - t->speech_end);
        return left > 0 ? left * 1000000 / RATE : 1;
    }
    return what == SHOW && t->partial_at ? SHOW_AGAIN_US : SHOW_LATE_US;
}

rh_status rh_transcriber_work(rh_transcriber *t, const atomic_bool *cancel, rh_error *err)
{
    rh_tr_forget_heard(t);
    rh_status st = take_input(t);
    if (st == RH_OK)
        st = look(t);
    if (st != RH_OK)
        return rh_fail(err, st, "transcriber: %s", rh_status_name(st));
    st = decode_due(t, cancel, err);
    update_behind(t);
    return st;
}

/* One step of finishing: RH_END when all is done. */
static rh_status finish_step(rh_transcriber *t, const atomic_bool *cancel, rh_error *err)
{
    rh_status st = look(t);
    if (st != RH_OK)
        return rh_fail(err, st, "transcriber: %s", rh_status_name(st));
    bool at_end = t->base + (int64_t)t->n_sound - t->seen < RH_VAD_CHUNK;
    if (!t->open)
        return at_end ? RH_END : RH_OK;
    st = decode_due(t, cancel, err);
    if (st == RH_AGAIN)
        return at_end ? finish_utterance(t, cancel, err) : RH_OK;
    return st;
}

rh_status rh_transcriber_finish(rh_transcriber *t, const atomic_bool *cancel, rh_error *err)
{
    rh_tr_forget_heard(t);
    rh_status st = take_input(t);
    if (st != RH_OK)
        return rh_fail(err, st, "transcriber: %s", rh_status_name(st));
    rh_transcriber_options o = t->o;
    t->o.partials = false; /* nobody will see them */
    t->o.settle_ms = 0;    /* all of it is final in a moment */
    while (st == RH_OK)
        st = finish_step(t, cancel, err);
    t->o = o;
    update_behind(t);
    return st == RH_END ? RH_OK : st;
}

void rh_transcriber_reset(rh_transcriber *t)
{
    rh_tr_forget_heard(t);
    pthread_mutex_lock(&t->lock);
    t->n_in = 0;
    t->n_fed = 0;
    pthread_mutex_unlock(&t->lock);
    t->n_sound = 0;
    t->base = t->seen = t->settled = t->speech_samples = 0;
    t->gate = (rh_vad_gate){0};
    rh_vad_reset(t->vad);
    close_utterance(t);
    t->last_text[0] = t->context[0] = '\0';
    t->last_from = t->last_end = t->context_end = t->speech_end = t->n_pauses = 0;
    atomic_store(&t->behind, 0);
    atomic_store(&t->speech, 0);
    atomic_store(&t->quiet, 0);
}

double rh_transcriber_behind_s(const rh_transcriber *t)
{
    return (double)atomic_load(&t->behind) / RATE;
}

bool rh_transcriber_speaking(const rh_transcriber *t)
{
    return atomic_load(&t->speaking);
}

bool rh_transcriber_voiced(const rh_transcriber *t)
{
    return t->gate.state != RH_GATE_CLOSED;
}

double rh_transcriber_seen_s(const rh_transcriber *t)
{
    return (double)t->seen / RATE;
}

const float *rh_transcriber_latest(const rh_transcriber *t, size_t most, size_t *n)
{
    size_t have = (size_t)(t->seen - t->base);
    *n = have < most ? have : most;
    return t->sound + (have - *n);
}

double rh_transcriber_quiet_s(const rh_transcriber *t)
{
    return (double)atomic_load(&t->quiet) / RATE;
}

double rh_transcriber_speech_s(const rh_transcriber *t)
{
    return (double)atomic_load(&t->speech) / RATE;
}
