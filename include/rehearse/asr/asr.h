/* asr.h - speech recognition: one face for every engine.
 *
 * A model holds weights and serves many streams; a stream is one speaker's
 * running state. Input is mono float PCM at 16 kHz in [-1,1]; times are
 * seconds from the first sample given.
 * Engines: `native` (our own, CPU) and `whisper.cpp` (CPU and GPU).
 * Source: Radford et al., "Robust Speech Recognition via Large-Scale Weak
 * Supervision" (2022) and its reference implementation openai-whisper.
 * Threads: a model is immutable and may be shared; use a stream from one
 * thread at a time. */
#ifndef RH_ASR_H
#define RH_ASR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/asr/terms.h"
#include "rehearse/base/status.h"

enum { RH_ASR_RATE_HZ = 16000, RH_ASR_MAX_BEAM = 16, RH_ASR_LANG_LEN = 8, RH_ASR_LANG_NAME = 24 };

typedef struct rh_asr_model rh_asr_model;
typedef struct rh_asr_stream rh_asr_stream;

typedef enum { RH_ENGINE_AUTO, RH_ENGINE_NATIVE, RH_ENGINE_WHISPER_CPP } rh_engine;
typedef enum { RH_DEVICE_AUTO, RH_DEVICE_CPU, RH_DEVICE_CUDA } rh_device;

typedef struct {
    rh_engine engine;
    rh_device device;
    int n_threads;         /* threads of one transcription; 0 = what measured best here */
    const char *precision; /* native encoder: "auto" "f32" "bf16" "f16" "int8"; NULL = auto */
    const char *cache_dir; /* compiled models are kept here; NULL = no cache */
} rh_asr_model_options;

typedef struct {
    int32_t id;
    float start, end; /* s; equal where the engine gives no token times */
    float p;          /* probability of this token [0,1] */
    float entropy;    /* of the distribution it was drawn from, nats */
    float p_rival;    /* probability of the best other token */
    int32_t rival_id;
    float p_filler;              /* probability of "um", "uh", ... in its place; 1 where the engine cannot tell */
    uint32_t text_off, text_len; /* bytes in rh_transcript.text; a token may split a UTF-8 character */
} rh_asr_token;

typedef struct {
    float start, end; /* s */
    float p;          /* geometric mean over its tokens */
    int32_t first_token, n_tokens;
    uint32_t text_off, text_len; /* with punctuation, without the leading space */
} rh_asr_word;

typedef struct {
    float start, end; /* s */
    float window;     /* s: where the stretch of sound began that it was decoded in */
    float avg_logprob, no_speech_prob, compression_ratio, temperature;
    int32_t first_token, n_tokens, first_word, n_words;
    uint32_t text_off, text_len;
} rh_asr_segment;

/* Owned by the caller: init once, may be passed to many calls (each replaces
 * what it held), done at the end. */
typedef struct {
    char *text; /* NUL-terminated; all texts point into it */
    rh_asr_segment *segments;
    int n_segments;
    rh_asr_word *words;
    int n_words; /* 0 unless word_times was asked */
    rh_asr_token *tokens;
    int n_tokens; /* text tokens only */
    char language[RH_ASR_LANG_LEN];
    int64_t encode_us, decode_us; /* wall time spent */
    int n_steps;                  /* decoder passes */
    size_t _cap_segments, _cap_words, _cap_tokens, _len_text, _cap_text;
} rh_transcript;

typedef struct {
    size_t start, end;
} rh_speech_span; /* samples, end exclusive */

typedef struct {
    const char *language;  /* as rh_asr_language() takes it; NULL = detect (multilingual models) */
    bool translate;        /* to English */
    bool timestamps;       /* decode with timestamp tokens (needed past 30 s); true */
    bool word_times;       /* fill `words`; true */
    int beam;              /* 1 = greedy; 1 */
    float temperature;     /* first temperature; 0 */
    bool fallback;         /* retry hotter on compression ratio / log-probability; true */
    float logprob_min;     /* -1 */
    float compression_max; /* 2.4 */
    float no_speech_max;   /* 0.6 */
    const char *prompt;    /* text said before, or style; NULL */
    const char *prefix;    /* text that is said first, known already: the result is what follows
                                  it; NULL */
    const int32_t *draft;
    int n_draft;           /* tokens of an earlier transcript of the same audio;
                                          verified in one pass; the result does not depend on it */
    bool keep_to_draft;    /* ... except that the draft stands where nothing else is much more
                                  likely; a filler takes its place as ever. Where the result is the
                                  draft it comes without word times; false */
    float filler_boost;    /* added to the logits of filler tokens at word starts; 0 = off */
    const rh_terms *terms; /* names and technical words to expect (terms.h); the engine whisper.cpp does
                                  not know them; NULL */
    const rh_speech_span *speech;
    size_t n_speech;                           /* where in the sound somebody speaks: what is soft
                                  there is made louder; NULL = the sound is heard as it is */
    const atomic_bool *cancel;                 /* checked between steps; NULL */
    void (*progress)(void *user, double done); /* [0,1], from the calling thread; NULL */
    void *progress_user;
    void (*give_way)(void *user); /* called between steps, from the calling thread, which may use other streams there;
                                     the engine whisper.cpp does not; NULL */
    void *give_way_user;
    int64_t deadline_us; /* rh_now_us() by which the result is wanted; orders work of
                                  different streams; 0 = a file, may wait */
} rh_asr_params;

rh_asr_model_options rh_asr_model_options_default(void);
rh_asr_params rh_asr_params_default(void);

/* The name of a code that rh_asr_language() gives, "Polish"; of anything else "this language". */
void rh_asr_language_name(const char *code, char name[RH_ASR_LANG_NAME]);

/* The code of a language given as code ("nb"), tag ("pt_BR", "zh-Hans") or name; "" for "auto".
 * False when it is none of these. */
bool rh_asr_language(const char *given, char code[RH_ASR_LANG_LEN]);

/* Reads an official ggml file. On failure *out is unchanged.
 * RH_ERR_IO unreadable; RH_ERR_FORMAT not such a file or damaged;
 * RH_ERR_UNSUPPORTED this build or machine lacks the engine or device; RH_ERR_NOMEM. */
rh_status rh_asr_model_load(rh_asr_model **out, const char *path, const rh_asr_model_options *opts, rh_error *err);
void rh_asr_model_free(rh_asr_model *m); /* after its streams; NULL is fine */

typedef struct {
    const char *engine;    /* "native", "whisper.cpp" */
    const char *device;    /* "cpu", "cuda" */
    const char *precision; /* of the encoder */
    const char *size;      /* "tiny" .. "large-v3-turbo" */
    bool multilingual;
    int n_mels, n_state, n_layers_enc, n_layers_dec, n_vocab;
    int n_threads;
} rh_asr_model_info;
rh_asr_model_info rh_asr_model_describe(const rh_asr_model *m); /* strings live as long as m */
/* As rh_asr_language(), with a model (NULL = any): RH_ERR_INVAL what is given is no language, or
 * the model does not know it. */
rh_status rh_asr_model_language(const rh_asr_model *m, const char *given, char code[RH_ASR_LANG_LEN], rh_error *err);

rh_status rh_asr_stream_new(rh_asr_stream **out, rh_asr_model *m, rh_error *err);
void rh_asr_stream_free(rh_asr_stream *s);

/* Transcribes `n` samples of any length (windows of 30 s with the reference's
 * seek rules). RH_ERR_CANCELED; RH_ERR_INVAL bad params or non-finite samples. */
rh_status rh_asr_transcribe(rh_asr_stream *s, const float *samples, size_t n, const rh_asr_params *p,
                            rh_transcript *out, rh_error *err);

/* The following use the encoder output kept from the last rh_asr_transcribe()
 * of at most 30 s on this stream, at decoder cost only. RH_ERR_UNSUPPORTED where the
 * engine cannot; RH_ERR_INVAL when there is none. */
rh_status rh_asr_redecode(rh_asr_stream *s, const rh_asr_params *p, rh_transcript *out, rh_error *err);
/* Forced decoding of `text`: its tokens with probability, rival and times. RH_ERR_LIMIT it is more than fits one window. */
rh_status rh_asr_force(rh_asr_stream *s, const char *text, const rh_asr_params *p, rh_transcript *out, rh_error *err);
enum { RH_ASR_POOLED = 160 };
/* How it was said, in numbers that speech scores are made of: mean and deviation over time of what a small network hears in
 * the layers of the encoder (asr/voice_head.h). The inside of silences is left out, 0.16 s behind their begin to 0.16 s before
 * their end. RH_ERR_UNSUPPORTED for models other than the multilingual base. */
rh_status rh_asr_pooled(rh_asr_stream *s, float out[RH_ASR_POOLED], rh_error *err);
/* The same of 0.1 to 30 s of other sound, which is encoded for that alone: nothing is recognised, and nothing is kept of
 * this sound or of what came before. RH_ERR_INVAL less, or samples that are not finite; RH_ERR_LIMIT more. */
rh_status rh_asr_pool(rh_asr_stream *s, const float *samples, size_t n, float out[RH_ASR_POOLED], rh_error *err);

enum {
    RH_ASR_PHONES = 40, /* silence, then the 39 sounds of English in the order of speech/phones.h */
    RH_ASR_PHONE_COST_A_NAT = 16,
    RH_ASR_PHONE_STEP = RH_ASR_RATE_HZ / 50, /* samples */
};

/* How likely each sound of English is: (*cost)[i * RH_ASR_PHONES + p] = -RH_ASR_PHONE_COST_A_NAT * ln P(sound p
 * from sample i * RH_ASR_PHONE_STEP on), at most 255; *n steps, freed with rh_free(). RH_ERR_UNSUPPORTED for models other than the
 * multilingual base. */
rh_status rh_asr_phones(rh_asr_stream *s, uint8_t **cost, size_t *n, rh_error *err);

/* Which language the sound is most likely in, and how likely it and `asked` are: one decoder pass.
 * English for models that know no other. */
typedef struct {
    char code[RH_ASR_LANG_LEN];
    float p, p_asked;
} rh_heard_language;
rh_status rh_asr_heard_language(rh_asr_stream *s, const char *asked, rh_heard_language *out, rh_error *err);

/* What the model expects behind `text`, which the sound is said to hold: chances that sum to 1. As rh_asr_force(); `text`
 * ends with a word. */
typedef struct {
    float stop;     /* . ! ? */
    float comma;    /* , ; : */
    float trailing; /* three dots, a dash */
    float end;      /* nothing more, and no sign */
    float more;     /* another word, or more of the last one */
} rh_asr_ending;
rh_status rh_asr_expected(rh_asr_stream *s, const char *text, const rh_asr_params *p, rh_asr_ending *out,
                          rh_error *err);

void rh_transcript_init(rh_transcript *t);
void rh_transcript_done(rh_transcript *t);
/* Copies segments, words and tokens of `src`, their times moved by `offset_s`, to the end of `dst`. */
rh_status rh_transcript_append(rh_transcript *dst, const rh_transcript *src, double offset_s);

#endif
