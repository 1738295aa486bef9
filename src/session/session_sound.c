/* session_sound.c - the audio half of a session: sound goes to the spool (16-bit PCM) and to the
 * transcriber; finals become segments, in the store at once. */
#include <assert.h>
#include <math.h>
#include <string.h>
#include "finals.h"
#include "rehearse/base/alloc.h"
#include "rehearse/session/hearing.h"
#include "rehearse/base/json.h"
#include "session_internal.h"

static const double LAG_S = 3.0; /* recognition further behind than this is told */
static const double LAG_EVERY_S = 1.0;
enum { RATE = RH_ASR_RATE_HZ, LEVEL_BLOCK = RATE / 10 };

static double level_of(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return 10 * log10(sum / (double)(n ? n : 1) + 1e-10);
}

static void note_level(rh_session *s, const float *x, size_t n, double t)
{
    pthread_mutex_lock(&s->lock);
    for (size_t at = 0; at < n; at += LEVEL_BLOCK) {
        size_t k = n - at < LEVEL_BLOCK ? n - at : LEVEL_BLOCK;
        double db = level_of(x + at, k);
        rh_timeline_bin *sec = rh_timeline_at(&s->timeline, t + (double)at / RATE);
        if (sec && (sec->level_db >= 0 || db > (double)sec->level_db))
            sec->level_db = (float)fmin(db, -0.1);
    }
    pthread_mutex_unlock(&s->lock);
}

rh_status rh_session_take_sound(rh_session *s, const float *x, size_t n, rh_error *err)
{
    double t = (double)s->spool.n / RATE;
    assert(s->state == RH_SESSION_OPEN);
    if (t + (double)n / RATE > RH_SESSION_MAX_S)
        return rh_fail(err, RH_ERR_LIMIT, "a session may last %d minutes: finish it and start another",
                       RH_SESSION_MAX_S / 60);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return rh_fail(err, RH_ERR_INVAL, "sample %zu is not a finite number", i);
    bool caught_up = s->transcriber && s->n_fed == s->spool.n;
    rh_status st = rh_spool_append(&s->spool, x, n, err);
    if (st != RH_OK)
        return st;
    note_level(s, x, n, t);
    /* Where the transcriber is far behind it takes it from the spool, when it comes so far. */
    if (caught_up && rh_transcriber_feed(s->transcriber, x, n, NULL) == RH_OK)
        s->n_fed = s->spool.n;
    return RH_OK;
}

bool rh_session_feed_transcriber(rh_session *s, rh_status *st, rh_error *err)
{
    enum { PIECE = 20 * RATE };
    *st = RH_OK;
    pthread_mutex_lock(&s->feed_lock);
    while (*st == RH_OK && s->n_fed < s->spool.n) {
        float *x = NULL;
        size_t n = 0;
        *st = rh_spool_read(&s->spool, s->n_fed, PIECE, &x, &n, err);
        if (*st == RH_OK)
            *st = rh_transcriber_feed(s->transcriber, x, n, err);
        if (*st == RH_OK)
            s->n_fed += n;
        rh_free(x);
    }
    bool all = s->n_fed >= s->spool.n;
    pthread_mutex_unlock(&s->feed_lock);
    if (*st == RH_ERR_LIMIT) /* it has enough for now */
        *st = RH_OK;
    return all;
}

rh_status rh_session_take_silence(rh_session *s, size_t until, rh_error *err)
{
    static const float silence[RATE / 10];
    rh_status st = RH_OK;
    while (st == RH_OK && until > s->spool.n) {
        size_t gap = until - s->spool.n;
        st = rh_session_take_sound(s, silence, gap < RATE / 10 ? gap : RATE / 10, err);
    }
    return st;
}

rh_status rh_session_feed(rh_session *s, const float *samples, size_t n, int64_t t_us, rh_error *err)
{
    if (t_us < 0 || t_us > (int64_t)RH_SESSION_MAX_S * 1000000)
        return rh_fail(err, RH_ERR_INVAL, "time %lld us is outside the session", (long long)t_us);
    pthread_mutex_lock(&s->feed_lock);
    rh_status st = RH_OK;
    size_t at = (size_t)((double)t_us * RATE / 1e6 + 0.5);
    /* A client's clock of samples is exact; a few samples of rounding are not a gap. Who sends again what is not
     * acknowledged has counted them. */
    const size_t slack = s->o.acks ? 1 : RATE / 100, before = s->spool.n;
    if (at + (s->o.acks ? 0 : slack) < s->spool.n) {
        size_t have = s->spool.n - at;
        size_t skip = have < n ? have : n;
        samples += skip;
        n -= skip;
    }
    if (at > s->spool.n + slack)
        st = rh_session_take_silence(s, at, err);
    if (st == RH_OK && n > 0)
        st = s->interviewer ? rh_session_take_silence(s, s->spool.n + n, err)
                            : rh_session_take_sound(s, samples, n, err);
    pthread_mutex_unlock(&s->feed_lock);
    if (s->o.acks && st == RH_OK && at > before + slack)
        rh_session_send(s, json_pack("{s:s, s:I, s:I}", "type", "gap", "from_us",
                                     (json_int_t)((double)before * 1e6 / RATE), "to_us", (json_int_t)t_us));
    return st;
}

int64_t rh_session_audio_us(const rh_session *cs)
{
    rh_session *s = (rh_session *)(uintptr_t)cs; /* the lock is no part of its value */
    pthread_mutex_lock(&s->feed_lock);
    int64_t us = (int64_t)((double)s->spool.n * 1e6 / RATE);
    pthread_mutex_unlock(&s->feed_lock);
    return us;
}

json_t *rh_session_keep_segment(rh_session *s, size_t segment, double offset_s, double heard_to, double context_from)
{
    const rh_speech_segment *said = &s->said.segments[segment];
    double start = offset_s + (double)said->start, end = offset_s + (double)said->end;
    json_t *w, *words = rh_finals_words(&s->said, segment, offset_s);
    json_t *kept =
        json_pack("{s:s, s:o, s:o}", "text", said->text, "words", words, "heard_to", rh_rounded(heard_to, 1000));
    if (context_from >= 0)
        json_object_set_new(kept, "context_from", rh_rounded(context_from, 1000));
    size_t i;
    pthread_mutex_lock(&s->lock);
    json_array_foreach(words, i, w)
        rh_session_count_word(s, w);
    pthread_mutex_unlock(&s->lock);
    if (s->store && !s->receipt) /* else it goes with its event */
        rh_session_kept(s, rh_store_segment(s->store, s->o.id, s->n_segments, start, end, kept));
    json_object_set_new(kept, "start", json_real(start));
    json_object_set_new(kept, "end", json_real(end));
    json_array_append_new(s->segments, kept);
    s->n_segments++;
    return kept;
}

static bool says_anything(const rh_heard *h)
{
    const char *text = h->transcript->text;
    return text && text[strspn(text, " ")];
}

static void send_final(rh_session *s, const json_t *segment)
{
    json_t *event = json_copy((json_t *)(uintptr_t)segment);
    json_object_set_new(event, "type", json_string("transcript.final"));
    rh_session_send_final(s, event, s->n_segments - 1);
}

static void note_delivery(rh_session *s, rh_final_delivery *d, double offset,
                          void (*note)(rh_timeline *t, const rh_final_delivery *d))
{
    d->end += offset;
    for (int i = 0; i < d->n_pauses; i++) {
        d->pauses[i].start += (float)offset;
        d->pauses[i].end += (float)offset;
    }
    pthread_mutex_lock(&s->lock);
    note(&s->timeline, d);
    pthread_mutex_unlock(&s->lock);
}

static void heard_final(rh_session *s, const rh_heard *h, double offset)
{
    rh_final_delivery d = {0};
    rh_session_need_ending(s, h);
    if (says_anything(h) && rh_finals_add(&s->said, h, &d) == RH_OK) {
        double heard_to = offset + fmax(h->fresh_to, (double)h->end);
        double context_from = h->context_from < 0 ? -1 : offset + h->context_from;
        send_final(s, rh_session_keep_segment(s, s->said.n_segments - 1, offset, heard_to, context_from));
        note_delivery(s, &d, offset, rh_timeline_delivery);
        rh_session_note_ending(s, h);
    } else if (says_anything(h))
        s->whole = false;
    else if (s->partial_shown)
        rh_session_send(s, json_pack("{s:s, s:s, s:f, s:f, s:[]}", "type", "transcript.final", "text", "", "start",
                                     offset + (double)h->start, "end", offset + (double)h->end, "words"));
}

/* What it shows already, for the cues: a final may be seconds away. */
static void look_ahead(rh_session *s, const rh_heard *h, double offset)
{
    rh_final_delivery d;
    if (h->verbatim)
        rh_session_need_ending(s, h);
    if (rh_finals_preview(&s->said, h, &d) == RH_OK)
        note_delivery(s, &d, offset, rh_timeline_ahead);
}

static void heard_partial(rh_session *s, const rh_heard *h, double offset)
{
    rh_word_table part = {0};
    if (says_anything(h))
        look_ahead(s, h, offset);
    const rh_transcript *t = h->transcript;
    if (rh_word_table_segment(&part, h->start, h->end, t->text ? t->text : "") == RH_OK &&
        rh_hearing_words(&part, RH_WORDS_CLEAN, t, 0, t->n_words, 0) == RH_OK)
        rh_session_send(s, json_pack("{s:s, s:s, s:f, s:f, s:o}", "type", "transcript.partial", "text",
                                     part.segments[0].text, "start", offset + (double)h->start, "end",
                                     offset + (double)h->end, "words", rh_finals_words(&part, 0, offset)));
    rh_word_table_done(&part);
}

void rh_session_take_heard(rh_session *s)
{
    rh_heard h;
    double offset = (double)s->heard_from / RATE;
    while (rh_transcriber_next(s->transcriber, &h) == RH_OK) {
        if (h.final)
            heard_final(s, &h, offset);
        else
            heard_partial(s, &h, offset);
        rh_session_hear_turn(s, &h, offset);
        s->partial_shown = !h.final && says_anything(&h);
    }
}

/* Time goes on as far as the voice was followed; returns how far behind the sound that is, in s. */
static double advance(rh_session *s, double *fed)
{
    pthread_mutex_lock(&s->feed_lock);
    double unfed = fmax(0, (double)s->spool.n - (double)s->n_fed) / RATE;
    *fed = (double)s->spool.n / RATE;
    pthread_mutex_unlock(&s->feed_lock);
    double behind = rh_transcriber_behind_s(s->transcriber) + unfed;
    rh_session_advance(s, *fed - behind);
    return behind;
}

int64_t rh_session_look(rh_session *s, bool *decodes)
{
    double fed;
    *decodes = s->transcriber && rh_transcriber_due(s->transcriber);
    if (!s->transcriber)
        return 0;
    (void)advance(s, &fed);
    return rh_transcriber_may_wait_us(s->transcriber, decodes);
}

bool rh_session_untold(const rh_session *s)
{
    return s->transcriber && rh_transcriber_untold(s->transcriber);
}

void rh_session_tell(rh_session *s)
{
    rh_session_take_heard(s);
    rh_session_take_turn(s);
    double fed, behind = advance(s, &fed);
    if (behind > LAG_S && fed - s->lag_told_at >= LAG_EVERY_S) {
        s->lag_told_at = fed;
        rh_session_send(s, json_pack("{s:s, s:f}", "type", "lag", "seconds", rh_tenth(behind)));
    }
}

rh_status rh_session_recognise(rh_session *s, rh_error *err)
{
    rh_session_watch_storage(s);
    if (!s->transcriber) {
        rh_session_take_turn(s);
        return RH_AGAIN;
    }
    rh_status st;
    rh_session_take_heard(s);
    (void)rh_session_feed_transcriber(s, &st, err);
    if (st == RH_OK)
        st = rh_transcriber_work(s->transcriber, NULL, err);
    if (!rh_session_untold(s))
        rh_session_tell(s);
    return st;
}

rh_status rh_session_work(rh_session *s, rh_error *err)
{
    rh_status st = rh_session_recognise(s, err);
    if (rh_session_untold(s))
        rh_session_tell(s);
    return st;
}
