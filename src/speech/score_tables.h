/* score_tables.h - the learned curves and weights (score_tables.c, written by
 * tools/train_scores.py).
 *
 * A rating is `middle` + the points of every curve at its feature; `middle` is what
 * a reader gets who has the median of native readers in each, where points are 0.
 * Curves are straight between their knots and flat outside them.
 */
#ifndef RH_SCORE_TABLES_H
#define RH_SCORE_TABLES_H

#include "chunks.h"

enum {
    RH_F_SOUND = RH_FEATURES, /* the rating by the encoder's output alone, 0 to 100 */
    RH_CURVE_KNOTS = 6,
    RH_SOUND_INPUTS = 160 /* RH_ASR_POOLED: of Whisper base */
};

typedef enum { RH_RATING_FLUENCY, RH_RATING_ACCURACY, RH_RATING_PROSODIC, RH_RATING_TOTAL, RH_RATINGS } rh_rating;

typedef struct {
    int feature; /* rh_feature or RH_F_SOUND */
    int n;
    float x[RH_CURVE_KNOTS], points[RH_CURVE_KNOTS];
} rh_score_curve;

typedef struct {
    const rh_score_curve *curves;
    size_t n;
    float middle;
} rh_additive;

/* What a rating rests on: named measures; the encoder's output too; the sounds of the words too, by the measure for
 * grown-up voices and by that for young ones. */
typedef enum { RH_SCORE_NAMED, RH_SCORE_SOUND, RH_SCORE_PHONES, RH_SCORE_YOUNG, RH_SCORE_KINDS } rh_score_kind;

typedef struct {
    const float *sound; /* [RH_SOUND_INPUTS] */
    float sound_offset;
    const float *young; /* [RH_SOUND_INPUTS]: how young a voice is, 0 and less to 1 and more */
    float young_offset;
    rh_additive additive[RH_SCORE_KINDS * 2]; /* [RH_SCORE_KINDS * with_text + kind] */
} rh_score_model;

extern const rh_score_model rh_score_models[RH_RATINGS];

/* Fills the scores from all other measures, by models[RH_RATINGS]. */
rh_status rh_measure_scores(const rh_speech_input *in, const rh_score_model *models, rh_speech_report *r,
                            rh_error *err);
/* rh_speech_measure() by other tables than those built in: a benchmark judges
 * each speaker by tables that were learnt without them. */
rh_status rh_speech_measure_by(const rh_speech_input *in, const rh_score_model *models, rh_speech_report *out,
                               rh_error *err);

#endif
