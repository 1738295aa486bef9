/* hesitations.h - recordings in which people hesitate, what is heard in them, and how right it is.
 *
 * For the benchmarks of fillers: the clips of fillers/manifest.jsonl with their verbatim text, read speech
 * without a hesitation (librispeech/refs.tsv), or a list of one's own. Sound is mono at 16 kHz, times are seconds
 * from its beginning. What can't be had ends the benchmark. */
#ifndef RH_BENCH_HESITATIONS_H
#define RH_BENCH_HESITATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include "rehearse/asr/asr.h"
#include "rehearse/asr/vad.h"
#include "rehearse/media/audio.h"
#include "rehearse/speech/analysis.h"

enum { MAX_SOUNDS = 600, N_MARKS = 15 };

/* Who listens, and what was asked for on the command line. */
typedef struct {
    rh_asr_model *model;
    rh_asr_stream *stream;
    rh_vad_model *vad;
    rh_terms *terms;         /* names to spell right; NULL */
    const char *part, *list; /* NULL: all of it; the corpus */
    bool verbose;
} listener;

/* --model FILE, --threads N, --verbose, --list FILE, --terms A,B,... and --part, one of `parts` ("clips|read"). */
listener listener_open(int argc, char **argv, const char *parts);
void listener_done(listener *l);
bool listener_wants(const listener *l, const char *part);

typedef struct {
    const char *id, *path, *verbatim; /* verbatim: "" where there is none */
    int truth;                        /* hesitations in it */
} recording;

typedef void take_recording(void *user, const recording *r);
void each_clip(take_recording *take, void *user);
void each_read(take_recording *take, void *user);
/* Lines of id, tab, path, and with a second tab how many hesitations are in it (else none). */
void each_listed(const char *list, take_recording *take, void *user);

/* Hesitations marked by hand where the level rises and falls, s from the beginning of the clip; the ones with an end
 * stand free. Those that grow out of a word have no clear border and no mark. */
typedef struct {
    const char *id;
    float start, end; /* end 0: it does not stand free */
} mark;
extern const mark MARKS[N_MARKS];

typedef struct {
    float at[MAX_SOUNDS];
    int n;
} seconds;

/* Where the hesitations of `said` are: those that are sounds. */
int sounds_of(const rh_word_table *said, seconds *times);
float nearest(const seconds *times, float t); /* s from t to the nearest of them; 1 where none is nearer */
/* Adds how far each mark of the clip is from the nearest; farther than 1 s away it is another one. */
void compare_with_marks(seconds *errors, const char *id, const seconds *times);
double median_ms(seconds *s); /* sorts them */

typedef struct {
    int truth, found, false_alarms;
} tally;

void tally_up(tally *t, int truth, int heard); /* as many as there are, and no more, count as found */
double share(int part, int whole);             /* %; of nothing 100 */
double recall(const tally *t);
double precision(const tally *t);

bool read_sound(rh_audio *a, const char *path);
/* Analysed as a recording. False, and said why, where it can't be; *out is to be freed either way. */
bool hear_recording(const listener *l, const char *id, const float *x, size_t n, rh_analysis *out);
void show_analysis(const char *id, const rh_analysis *a);
void show_filler(const rh_filler *f);

#endif
