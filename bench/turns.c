/* turns - does the interviewer cut in, and how long does it wait after an answer?
 *
 *   turns [--speakers apart|learned|ocean|ocean-apart] [--answers N] [--seed N] [--patience S] [--cpu 1] [--list 1]
 *         [--features FILE]
 *
 * Answers joined from recordings of one speaker, with pauses of 0.5 to 3 s put in at word
 * boundaries: inside clauses and between them, by the punctuation that the recogniser writes when it
 * hears the whole recording. Behind a sentence within the answer, also between two recordings, the person takes breath:
 * 0.3 to 1.2 s, counted apart. After the last word comes silence.
 * They are heard by a live session, in simulated time: sound arrives at the rate of
 * speech, work takes as long as it really took (with --cpu 1: its processor time, for machines that
 * are busy).
 *   apart: speakers of which nothing was learned (LibriSpeech 533, the Azure readings, JFK, three sonnets of
 *   LibriVox); learned: the other ones of LibriSpeech; ocean: grown-ups of speechocean762 who read fluently, but for each
 *   fourth number, of whom nothing was learned: ocean-apart.
 * Each recording that ends with a sentence ends one answer; before it come one to three others of the speaker, by the seed.
 * --features: no turn ends; what is known in each pause goes to the file (tools/train_turns.py). */
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "paths.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/media/audio.h"
#include "rehearse/asr/turn.h"
#include "session/session_internal.h"

enum {
    RATE = 16000,
    MAX_RECORDINGS = 2600,
    MAX_PAUSES = 64,
    MAX_JOINED = 4,
    WHOLE = 30 * RATE, /* of a recording is used */
    STEP = RATE / 10,
    AFTER = 7 * RATE,
    NEAR = RATE / 8, /* a word's border is sought so far from where the recogniser has it */
    FRAME = RATE / 100,
    FADE = RATE / 200,
    LEAD = RATE / 20, /* a word begins softly */
    LOUDER = 10,      /* than the quietest of a recording, as energy: somebody speaks */
};

typedef enum { WITHIN, BETWEEN, SENTENCE, LAST } place;
static const char *const places[] = {"within", "between", "sentence", "last"};

typedef struct {
    char speaker[24], path[256];
    bool heard;
    rh_transcript whole; /* what the recogniser writes when it hears all of it */
} recording;

typedef struct {
    place where;
    double start, end; /* s; what is silent, of the inserted and what was around it */
    bool open;         /* the last word can't be one */
    char before[80];   /* the words before it */
    double told;       /* when an end was told in it, simulated; 0 = none */
    float p;           /* of that */
    char reason[16];
} silence;

typedef struct {
    const recording *last;
    float *x;
    size_t n;
    silence pauses[MAX_PAUSES];
    int n_pauses;
} answer;

static struct {
    rh_model_set *models;
    rh_asr_stream *stream;
    bool cpu, list;
    double patience_s, now;
    answer *a;
    FILE *features;
    int n[4], cut[4], n_open, cut_open, cut_reader;
    double waits[2][1024]; /* after real ends: where sure, and else */
    int n_waits[2], reasons[3];
} b;

static unsigned long long seed = 1;

static double random_unit(void)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (double)(seed >> 33) / 2147483648.0;
}

static void check(rh_status st, const rh_error *err)
{
    if (st < 0) {
        fprintf(stderr, "turns: %s\n", err->msg);
        exit(1);
    }
}

/* ---- recordings ---- */

static recording recordings[MAX_RECORDINGS];
static int n_recordings;

static void add_recording(const char *speaker, const char *path)
{
    if (n_recordings == MAX_RECORDINGS)
        return;
    recording *r = &recordings[n_recordings++];
    (void)snprintf(r->speaker, sizeof r->speaker, "%s", speaker);
    (void)snprintf(r->path, sizeof r->path, "%s", path);
}

static void add_librispeech(bool apart)
{
    char path[4096], line[4096], name[128];
    FILE *f = fopen(bench_data("librispeech/refs.tsv", path, sizeof path), "r");
    while (f && fgets(line, sizeof line, f)) {
        char *tab = strchr(line, '\t'), *dash = strchr(line, '-');
        if (!tab || !dash || tab - line > 64)
            continue;
        *tab = '\0';
        (void)snprintf(name, sizeof name, "librispeech/audio/%s.flac", line);
        *dash = '\0';
        if ((strcmp(line, "533") == 0) == apart)
            add_recording(line, name);
    }
    if (f)
        fclose(f);
}

/* Grown-ups who read fluently. */
static void add_ocean(const char *table, bool apart)
{
    char path[4096], line[4096], name[256];
    FILE *f = fopen(bench_data(table, path, sizeof path), "r");
    while (f && fgets(line, sizeof line, f)) {
        char *fields[8] = {0}, *file = strrchr(line, ','), *save = NULL;
        if (!file)
            continue;
        file[strcspn(file, "\r\n")] = '\0';
        (void)snprintf(name, sizeof name, "speechocean762/%s", file + 1);
        fields[0] = strtok_r(line, ",", &save);
        for (int i = 1; i < 8; i++)
            fields[i] = strtok_r(NULL, ",", &save);
        if (fields[6] && atoi(fields[2]) >= 15 && atoi(fields[6]) >= 8 && (atoi(fields[1]) % 4 == 0) == apart)
            add_recording(fields[1], name);
    }
    if (f)
        fclose(f);
}

static void list_recordings(const char *which)
{
    bool ocean_apart = strcmp(which, "ocean-apart") == 0;
    if (ocean_apart || strcmp(which, "ocean") == 0) {
        add_ocean("speechocean762/scores.csv", ocean_apart);
        add_ocean("speechocean762/more.csv", ocean_apart);
        return;
    }
    bool apart = strcmp(which, "apart") == 0;
    add_librispeech(apart);
    if (!apart)
        return;
    add_recording("azure", "speech/azure_training/audio1.wav");
    add_recording("azure", "speech/azure_training/audio2.wav");
    add_recording("jfk", "speech/jfk.flac");
    add_recording("p001", "speech/sonnets/p001.mp3");
    add_recording("p002", "speech/sonnets/p002.mp3");
    add_recording("p003", "speech/sonnets/p003.mp3");
}

/* ---- answers ---- */

static double energy(const float *x, size_t at)
{
    double sum = 1e-9;
    for (size_t i = at; i < at + FRAME; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

/* The softest place near `at`; false where there is none that is soft. */
static bool border(const rh_audio *a, double at_s, size_t *cut)
{
    size_t at = (size_t)(at_s * RATE), best = 0;
    if (at < 2 * NEAR || at + 2 * NEAR > a->n)
        return false;
    double least = INFINITY, loud = 0;
    for (size_t i = at - NEAR; i < at + NEAR; i += FRAME / 2) {
        double e = energy(a->samples, i);
        loud = fmax(loud, e);
        if (e < least) {
            least = e;
            best = i + FRAME / 2;
        }
    }
    *cut = best;
    return loud > 20 * least;
}

static place place_of(const rh_transcript *t, int word)
{
    const rh_asr_word *w = &t->words[word];
    char c = t->text[w->text_off + w->text_len - 1];
    if (rh_turn_words_of(t->text, w->text_off + w->text_len, "en").open == RH_OPEN && c == '.')
        return WITHIN; /* "Mr." */
    return strchr(".!?", c) ? SENTENCE : strchr(",;:-", c) ? BETWEEN : WITHIN;
}

/* The word behind which the sound is cut: where that is soft may be before a short word ("over. | We"). */
static int word_before(const rh_transcript *t, int word, size_t cut)
{
    while (word > 0 && (double)(t->words[word].start + t->words[word].end) / 2 * RATE > (double)cut)
        word--;
    return word;
}

static float quiet_level(const rh_audio *a)
{
    double least = INFINITY;
    for (size_t i = 0; i + 5 * FRAME < a->n; i += FRAME) {
        double e = 0;
        for (int k = 0; k < 5; k++)
            e += energy(a->samples, i + (size_t)k * FRAME);
        least = fmin(least, e);
    }
    return (float)sqrt(least / (5 * FRAME));
}

/* The reader's own pause is not added to the one that is put in: where the voice goes on at or behind `at`; breath is
 * far softer than it. */
static size_t voice_from(const rh_audio *a, size_t at, size_t end)
{
    static const double SOFTER = 0.01;
    double sum = 0;
    for (size_t i = 0; i < end; i++)
        sum += (double)a->samples[i] * (double)a->samples[i];
    double least = SOFTER * FRAME * sum / (double)(end ? end : 1);
    size_t from = at;
    while (from + 2 * FRAME < end && energy(a->samples, from) < least)
        from += FRAME / 2;
    return from > at + LEAD ? from - LEAD : at;
}

/* Where it ended before. */
static size_t voice_to(const rh_audio *a, size_t at, size_t from)
{
    double quiet = (double)quiet_level(a), least = LOUDER * FRAME * quiet * quiet;
    while (at > from + 2 * FRAME && energy(a->samples, at - FRAME) < least)
        at -= FRAME / 2;
    return at;
}

static void add_sound(answer *a, const float *x, size_t n)
{
    a->x = realloc(a->x, (a->n + n) * sizeof *a->x);
    memcpy(a->x + a->n, x, n * sizeof *x);
    for (size_t i = 0; i < FADE && i < n; i++) {
        a->x[a->n + i] *= (float)i / FADE;
        a->x[a->n + n - 1 - i] *= (float)i / FADE;
    }
    a->n += n;
}

static void add_quiet(answer *a, size_t n, float level)
{
    a->x = realloc(a->x, (a->n + n) * sizeof *a->x);
    for (size_t i = 0; i < n; i++)
        a->x[a->n + i] = level * 1.7f * (float)(2 * random_unit() - 1);
    a->n += n;
}

static void note_pause(answer *a, place where, size_t start, const rh_transcript *t, int word)
{
    if (a->n_pauses == MAX_PAUSES)
        return;
    silence *p = &a->pauses[a->n_pauses++];
    const rh_asr_word *w = &t->words[word], *from = &t->words[word > 5 ? word - 5 : 0];
    *p = (silence){.where = where, .start = (double)start / RATE, .end = (double)a->n / RATE};
    (void)snprintf(p->before, sizeof p->before, "%.*s", (int)(w->text_off + w->text_len - from->text_off),
                   t->text + from->text_off);
    p->open = rh_turn_words_of(t->text, w->text_off + w->text_len, "en").open == RH_OPEN;
}

static size_t pause_length(place where)
{
    return (size_t)((where == SENTENCE ? 0.3 + 0.9 * random_unit() : 0.5 + 2.5 * random_unit()) * RATE);
}

/* Where speech ends in the whole of a recording. */
static size_t end_of_speech(const rh_audio *a)
{
    rh_speech_span *spans = NULL;
    size_t n = 0, end = a->n;
    rh_error err;
    check(rh_vad_spans(b.models->vad, a->samples, a->n, &spans, &n, &err), &err);
    if (n)
        end = spans[n - 1].end - (size_t)(0.064 * RATE); /* spans are padded */
    rh_free(spans);
    return end < a->n ? end : a->n;
}

static const rh_transcript *hear(recording *r, const float *x, size_t n, bool shortened)
{
    rh_error err;
    rh_asr_params p = rh_asr_params_default();
    rh_transcript *t = &r->whole;
    if (r->heard)
        return t;
    r->heard = true;
    rh_transcript_init(t);
    p.language = "en";
    p.timestamps = false;
    check(rh_asr_transcribe(b.stream, x, n, &p, t, &err), &err);
    if (shortened) /* it ends with its last whole sentence */
        while (t->n_words > 0 && place_of(t, t->n_words - 1) != SENTENCE)
            t->n_words--;
    return t;
}

static bool add_recording_to(answer *a, recording *r, bool last)
{
    char path[4096];
    rh_error err;
    rh_audio sound;
    check(rh_audio_read_file(&sound, bench_data(r->path, path, sizeof path), 120, &err), &err);
    bool shortened = sound.n > WHOLE;
    if (shortened)
        sound.n = WHOLE;
    const rh_transcript t = *hear(r, sound.samples, sound.n, shortened);
    bool usable = t.n_words > 1;
    if (usable && shortened && (size_t)(t.words[t.n_words - 1].end * RATE) + RATE / 2 < sound.n)
        sound.n = (size_t)(t.words[t.n_words - 1].end * RATE) + RATE / 2;
    size_t cut, least = (size_t)(1.2 * RATE), end = end_of_speech(&sound), at = voice_from(&sound, 0, end);
    float level = fminf(quiet_level(&sound), 1e-3f);
    for (int i = 0; usable && i + 2 < t.n_words; i++) {
        double share = place_of(&t, i) == WITHIN ? 0.25 : 0.7;
        if (random_unit() > share || !border(&sound, (double)t.words[i].end, &cut) || cut < at + least ||
            cut + least > end)
            continue;
        int word = word_before(&t, i, cut);
        place where = place_of(&t, word);
        add_sound(a, sound.samples + at, voice_to(&sound, cut, at) - at);
        size_t start = a->n;
        add_quiet(a, pause_length(where), level);
        note_pause(a, where, start, &t, word);
        at = voice_from(&sound, cut, end);
    }
    if (usable) {
        end = end > at + RATE / 4 ? end : sound.n;
        size_t stop = end + RATE / 20 < sound.n ? end + RATE / 20 : sound.n;
        add_sound(a, sound.samples + at, stop - at);
        size_t start = a->n - (stop - end);
        add_quiet(a, last ? AFTER : pause_length(SENTENCE), level);
        note_pause(a, last ? LAST : SENTENCE, start, &t, t.n_words - 1);
        a->last = r;
    }
    rh_audio_done(&sound);
    return usable;
}

/* Some recordings were cut off in mid-sentence ("Although he had only a"); an answer doesn't end with them. */
static bool is_end(recording *r)
{
    char path[4096];
    rh_error err;
    rh_audio sound;
    if (!r->heard) {
        check(rh_audio_read_file(&sound, bench_data(r->path, path, sizeof path), 120, &err), &err);
        (void)hear(r, sound.samples, sound.n < WHOLE ? sound.n : WHOLE, sound.n > WHOLE);
        rh_audio_done(&sound);
    }
    return r->whole.n_words > 1 && place_of(&r->whole, r->whole.n_words - 1) == SENTENCE;
}

/* The recording `last`, and before it one to three others of the speaker. */
static void join(answer *a, int last)
{
    int chosen[MAX_JOINED] = {last}, of[MAX_RECORDINGS], n_of = 0, n = 1;
    int joined = 2 + (int)(random_unit() * (MAX_JOINED - 1));
    for (int i = 0; i < n_recordings; i++)
        if (i != last && strcmp(recordings[i].speaker, recordings[last].speaker) == 0)
            of[n_of++] = i;
    for (; n < joined && n_of > 0; n++) {
        int k = (int)(random_unit() * n_of);
        chosen[n] = of[k];
        of[k] = of[--n_of];
    }
    for (int k = n - 1; k >= 0; k--)
        (void)add_recording_to(a, &recordings[chosen[k]], k == 0);
}

/* ---- listening ---- */

/* The pause behind speech that ended at t; NULL: one that the reader made. */
static silence *pause_at(double t)
{
    for (int i = 0; i < b.a->n_pauses; i++)
        if (t > b.a->pauses[i].start - 0.2 && t < b.a->pauses[i].end)
            return &b.a->pauses[i];
    return NULL;
}

static void emitted(void *user, const json_t *event)
{
    (void)user;
    const char *type = json_string_value(json_object_get(event, "type"));
    if (strcmp(type, "turn.ended") != 0)
        return;
    silence *p = pause_at(json_number_value(json_object_get(event, "t")));
    b.cut_reader += !p;
    if (!p)
        return;
    p->told = b.now;
    p->p = (float)json_number_value(json_object_get(event, "probability"));
    (void)snprintf(p->reason, sizeof p->reason, "%s", json_string_value(json_object_get(event, "reason")));
}

static int64_t clock_us(void)
{
    return b.cpu ? rh_process_cpu_us() : rh_now_us();
}

/* What is known in a pause that has lasted for `quiet` s: the turn model hears as much of it as in a session. */
static void write_features(const rh_session *s, const silence *p, double quiet)
{
    const rh_turn_words *w = &s->turns.last;
    float voice = -1;
    double heard = rh_transcriber_seen_s(s->transcriber) - rh_transcriber_quiet_s(s->transcriber) + RH_TURN_TAIL_S;
    size_t fed = (size_t)(heard * RATE);
    (void)rh_turn_over(b.models->turn, b.a->x + (fed > RH_TURN_WINDOW ? fed - RH_TURN_WINDOW : 0),
                       fed < RH_TURN_WINDOW ? fed : RH_TURN_WINDOW, &voice, NULL);
    fprintf(b.features, "%s\t%s\t%.2f\t%.2f\t%.4f\t%d\t%d\t%d\t%d\t%d\t%.2f\t%.5f\t%.5f\t%.5f\t%.5f\t%.5f\t%s\n",
            b.a->last->speaker, places[p->where], p->end - p->start, quiet, (double)voice, (int)w->stop, (int)w->open,
            w->filler, w->n_words, s->turns.n_final + s->turns.n_new, s->turns.heard_to - p->start,
            (double)w->stop_next, (double)w->comma_next, (double)w->dots_next, (double)w->end_next,
            (double)w->word_next, p->before);
}

static void listen(answer *a)
{
    static const double LOOK = 0.65; /* the utterance is final */
    rh_error err = {0};
    rh_session *s = NULL;
    rh_session_options o = {.id = "bench",
                            .language = "en",
                            .turns = true,
                            .patience_s = b.patience_s,
                            .from = RH_SESSION_LIVE,
                            .emit = emitted};
    b.a = a;
    check(rh_session_new(&s, b.models, NULL, &o, &err), &err);
    double busy_until = 0;
    size_t fed = 0;
    for (size_t at = STEP; at <= a->n; at += STEP) {
        double t = (double)at / RATE;
        if (busy_until > t)
            continue; /* the worker has not come back: the sound waits */
        check(rh_session_feed(s, a->x + fed, at - fed, (int64_t)((double)fed * 1e6 / RATE), &err), &err);
        fed = at;
        rh_status st = RH_OK;
        b.now = t;
        s->interviewer = b.features; /* then no turn ends, however it sounds */
        while (st == RH_OK) {
            int64_t from = clock_us();
            st = rh_session_work(s, &err);
            check(st, &err);
            if (rh_session_judge_wait_us(s) >= 0)
                rh_session_judge(s);
            b.now += (double)(clock_us() - from) / 1e6; /* events before it are told a little early */
        }
        s->interviewer = false;
        busy_until = b.now;
        for (int i = 0; b.features && i < a->n_pauses; i++) {
            double due = a->pauses[i].start + LOOK;
            if (due <= a->pauses[i].end && t >= due && t - 0.1 < due)
                write_features(s, &a->pauses[i], LOOK);
        }
        if (b.features)
            busy_until = 0;
    }
    rh_session_free(s);
}

/* ---- figures ---- */

static void count(const answer *a)
{
    for (int i = 0; i < a->n_pauses; i++) {
        const silence *p = &a->pauses[i];
        bool told = p->told > 0;
        b.n[p->where]++;
        b.cut[p->where] += told && p->where != LAST;
        b.n_open += p->open && p->where < SENTENCE;
        b.cut_open += told && p->open && p->where < SENTENCE;
        if (b.list)
            printf("%s %s %.1f-%.1f (%.2f s) %s%s after %.2f s, p %.2f \"%s\"\n", a->last->speaker, places[p->where],
                   p->start, p->end, p->end - p->start, told ? p->reason : "-", p->open ? " open" : "",
                   told ? p->told - p->start : 0, (double)p->p, p->before);
        if (p->where != LAST || !told)
            continue;
        bool sure = p->told - p->start < 1.4;
        b.reasons[strcmp(p->reason, "finished") != 0]++;
        b.waits[!sure][b.n_waits[!sure]++] = p->told - p->start;
    }
}

static int by_value(const void *x, const void *y)
{
    double p = *(const double *)x, q = *(const double *)y;
    return p < q ? -1 : p > q;
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    return n ? v[n / 2] : 0;
}

static double share(int n, int of)
{
    return of ? 100.0 * n / of : 0;
}

/* Where the true share lies, 19 times of 20 (Wilson), in percent. */
static double bound(int n, int of, double sign)
{
    static const double Z = 1.96;
    if (!of)
        return 0;
    double p = (double)n / of, z = Z * Z / of, off = Z * sqrt(p * (1 - p) / of + z / (4.0 * of));
    return 100 * (p + z / 2 + sign * off) / (1 + z);
}

static const char *option(int argc, char **argv, const char *name, const char *otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return otherwise;
}

static void load(int n_threads)
{
    char whisper[4096];
    rh_error err;
    rh_model_set_options o = {.whisper_path = whisper,
                              .models_dir = bench_models_dir(),
                              .language = "en",
                              .asr = rh_asr_model_options_default()};
    (void)snprintf(whisper, sizeof whisper, "%s/ggml-base.bin", bench_models_dir());
    o.asr.n_threads = n_threads;
    check(rh_model_set_load(&b.models, &o, &err), &err);
    check(rh_asr_stream_new(&b.stream, b.models->asr, &err), &err);
}

int main(int argc, char **argv)
{
    const char *which = option(argc, argv, "--speakers", "apart"), *features = option(argc, argv, "--features", NULL);
    int most = atoi(option(argc, argv, "--answers", "1000")), n = 0;
    seed = strtoull(option(argc, argv, "--seed", "1"), NULL, 10);
    b.cpu = atoi(option(argc, argv, "--cpu", "0"));
    b.list = atoi(option(argc, argv, "--list", "0"));
    b.features = features ? fopen(features, "w") : NULL;
    if (b.features)
        setvbuf(b.features, NULL, _IOLBF, BUFSIZ);
    b.patience_s = features ? 1e6 : atof(option(argc, argv, "--patience", "1.8"));
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    load(b.cpu ? 1 : 0);
    list_recordings(which);
    double audio_s = 0;
    int order[MAX_RECORDINGS];
    for (int i = 0; i < n_recordings; i++) { /* shuffled */
        int k = (int)(random_unit() * (i + 1));
        order[i] = order[k];
        order[k] = i;
    }
    for (int i = 0; i < n_recordings && n < most; i++) {
        answer a = {0};
        if (!is_end(&recordings[order[i]]))
            continue;
        join(&a, order[i]);
        n++;
        if (a.n_pauses)
            listen(&a);
        audio_s += (double)a.n / RATE;
        count(&a);
        free(a.x);
    }
    int ends = b.n_waits[0] + b.n_waits[1], inside = b.n[WITHIN] + b.n[BETWEEN];
    printf(
        "turns speakers=%s clock=%s patience_s=%.1f answers=%d audio_s=%.0f pauses=%d cut_percent=%.1f ci95=%.1f..%.1f within=%d "
        "cut_percent=%.1f between=%d cut_percent=%.1f open=%d cut=%d breaths=%d cut_percent=%.1f cut_in_reader_s_pauses=%d ends=%d "
        "told=%d sure_percent=%.0f ci95=%.0f..%.0f sure_wait_s p50=%.2f else_wait_s p50=%.2f by_silence=%d\n",
        which, b.cpu ? "cpu" : "wall", b.patience_s, n, audio_s, inside, share(b.cut[WITHIN] + b.cut[BETWEEN], inside),
        bound(b.cut[WITHIN] + b.cut[BETWEEN], inside, -1), bound(b.cut[WITHIN] + b.cut[BETWEEN], inside, 1),
        b.n[WITHIN], share(b.cut[WITHIN], b.n[WITHIN]), b.n[BETWEEN], share(b.cut[BETWEEN], b.n[BETWEEN]), b.n_open,
        b.cut_open, b.n[SENTENCE], share(b.cut[SENTENCE], b.n[SENTENCE]), b.cut_reader, b.n[LAST], ends,
        share(b.n_waits[0], ends), bound(b.n_waits[0], ends, -1), bound(b.n_waits[0], ends, 1),
        median(b.waits[0], b.n_waits[0]), median(b.waits[1], b.n_waits[1]), b.reasons[1]);
    rh_asr_stream_free(b.stream);
    rh_model_set_free(b.models);
    return 0;
}
