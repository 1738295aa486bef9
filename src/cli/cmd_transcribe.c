/* rehearse transcribe - what is said in sound and video files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "rehearse/asr/asr.h"
#include "rehearse/media/audio.h"
#include "rehearse/base/clock.h"
#include "rehearse/asr/recording.h"
#include "rehearse/asr/vad.h"
#include "cli.h"
#include "commands.h"
#include "input.h"
#include "speech_model.h"
#include "terms_option.h"
#include "transcript_print.h"

typedef struct {
    rh_config cfg;
    const char *format, *prompt, *given_terms;
    rh_terms *terms;
    int beam;
    bool stats, translate, no_vad;
    rh_asr_model *model;
    rh_asr_stream *stream;
    rh_vad_model *vad;
    rh_transcript transcript;
    double audio_s;
    int64_t wall_us, encode_us, decode_us;
    long n_tokens;
} job;

static rh_status load(job *j, rh_error *err)
{
    rh_status st = rh_cli_terms(&j->terms, NULL, j->given_terms, err);
    if (st == RH_OK)
        st = rh_cli_load_speech(&j->cfg, &j->model, err);
    if (st == RH_OK && !j->no_vad)
        st = rh_cli_load_vad(&j->cfg, &j->vad, err);
    return st == RH_OK ? rh_asr_stream_new(&j->stream, j->model, err) : st;
}

static rh_status transcribe(job *j, const char *path, rh_audio *audio, rh_error *err)
{
    rh_cli_input in;
    rh_status st = rh_cli_input_open(&in, path, err);
    if (st == RH_OK)
        st = rh_audio_read_file(audio, in.path, j->cfg.max_audio_s, err);
    rh_cli_input_close(&in);
    if (st != RH_OK)
        return st;
    rh_progress bar;
    rh_progress_start(&bar, path);
    rh_asr_params p = rh_asr_params_default();
    p.beam = j->beam;
    /* Plain text shows no times, but with the voice's they tell what the decoder passed over. */
    p.word_times = j->vad || (strcmp(j->format, "text") != 0 && strcmp(j->format, "tsv") != 0);
    p.prompt = j->prompt;
    p.terms = j->terms;
    p.translate = j->translate;
    p.language = strcmp(j->cfg.language, "auto") == 0 ? NULL : j->cfg.language;
    p.progress = rh_progress_update;
    p.progress_user = &bar;
    st = rh_recording_transcribe(j->stream, j->vad, audio->samples, audio->n, &p, &j->transcript, NULL, NULL, err);
    rh_progress_end(&bar);
    return st;
}

static bool one_file(job *j, const char *path)
{
    rh_error err = {0};
    rh_audio audio = {0};
    int64_t from = rh_now_us();
    rh_status st = transcribe(j, path, &audio, &err);
    j->wall_us += rh_now_us() - from;
    if (st != RH_OK) {
        rh_audio_done(&audio);
        (void)rh_cli_fail_file(path, err.msg);
        return false;
    }
    double duration_s = (double)audio.n / audio.rate_hz;
    rh_audio_done(&audio);
    j->audio_s += duration_s;
    j->encode_us += j->transcript.encode_us;
    j->decode_us += j->transcript.decode_us;
    j->n_tokens += j->transcript.n_tokens;
    if (!rh_transcript_print(stdout, j->format, path, &j->transcript, duration_s)) {
        (void)rh_cli_fail_file(path, "out of memory");
        return false;
    }
    fflush(stdout);
    return true;
}

static int run(job *j, char **files, int n)
{
    rh_error err = {0};
    if (load(j, &err) != RH_OK)
        return rh_cli_fail(RH_EXIT_FAILED, "%s", err.msg);
    int code = RH_EXIT_OK;
    for (int i = 0; i < n; i++)
        if (!one_file(j, files[i]))
            code = RH_EXIT_FAILED;
    if (j->stats) {
        double wall_s = (double)j->wall_us / 1e6;
        fprintf(stderr, "audio_s=%.3f wall_s=%.3f rtf=%.4f encode_ms=%.1f decode_ms=%.1f tokens=%ld\n", j->audio_s,
                wall_s, j->audio_s > 0 ? wall_s / j->audio_s : 0.0, (double)j->encode_us / 1e3,
                (double)j->decode_us / 1e3, j->n_tokens);
    }
    return code;
}

int rh_cmd_transcribe(int argc, char **argv)
{
    static const char *const settings[] = {"engine",     "device",   "threads",     "precision", "model",
                                           "models_dir", "language", "max_audio_s", NULL};
    job j = {.format = "text", .beam = 1};
    const rh_cli_option options[] = {
        {"beam", "N", "width of the search; 1 = greedy", RH_CLI_INT, &j.beam, 1, RH_ASR_MAX_BEAM},
        {"format", "text|tsv|json|srt|vtt", "what to print; tsv is a line a file", RH_CLI_CHOICE, &j.format, 0, 0},
        {"prompt", "TEXT", "words or names to expect, or a style", RH_CLI_TEXT, &j.prompt, 0, 0},
        {"terms", "FILE|LIST", "names to spell right: a term a line, or A,B,C", RH_CLI_TEXT, &j.given_terms, 0, 0},
        {"translate", NULL, "to English", RH_CLI_SWITCH, &j.translate, 0, 0},
        {"no-vad", NULL, "decode silence and noise too", RH_CLI_SWITCH, &j.no_vad, 0, 0},
        {"stats", NULL, "end with a line of times on stderr", RH_CLI_SWITCH, &j.stats, 0, 0},
        {0},
    };
    const rh_cli_command cmd = {
        .name = "transcribe",
        .arguments = "FILE...",
        .min_args = 1,
        .max_args = -1,
        .about = "Prints what is said in each sound or video file; - is standard input. A file\n"
                 "that fails is reported and the others are still done; the exit code is then 1.",
        .example = "rehearse transcribe --format srt talk.mp4 > talk.srt",
        .settings = settings,
        .options = options,
    };
    int code = rh_cli_begin(&cmd, argc, argv, &j.cfg);
    if (code != RH_CLI_GO_ON)
        return code;
    rh_transcript_init(&j.transcript);
    code = run(&j, argv + optind, argc - optind);
    rh_transcript_done(&j.transcript);
    rh_terms_free(j.terms);
    rh_asr_stream_free(j.stream);
    rh_asr_model_free(j.model);
    rh_vad_model_free(j.vad);
    rh_config_done(&j.cfg);
    return code;
}
