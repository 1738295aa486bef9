/* encoder_frames - what tools/train_phones learns from: the encoder's output, position by position.
 *
 *   encoder_frames LIST > frames.bin
 *
 * LIST has a line a recording: id, tab, path (more columns are left alone). Of each, at most 30 s: 64 bytes of
 * id, two int32 (positions of 20 ms, numbers of each), then the numbers as float32. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "asr/native/encoder.h"
#include "paths.h"
#include "rehearse/media/audio.h"

enum { MAX_LINE = 1 << 16, RATE_HZ = 16000, LONGEST_S = 30, ID_BYTES = 64 };

static bool one(rh_enc_state *s, int n_state, char *line)
{
    const char *id = strtok(line, "\t\n"), *path = strtok(NULL, "\t\n");
    rh_error err = {0};
    rh_audio audio = {0};
    rh_enc_output out;
    if (!id || !path)
        return false;
    rh_status st = rh_audio_read_file(&audio, path, LONGEST_S, &err);
    rh_enc_window w = {.samples = audio.samples, .n = audio.n, .n_hops = rh_log_mel_n_hops(audio.n)};
    if (st == RH_OK)
        st = rh_enc_run(s, &w, &out, &err);
    if (st == RH_OK) {
        char name[ID_BYTES] = {0};
        int32_t head[2] = {out.n_speech, n_state};
        memcpy(name, id, strnlen(id, sizeof name - 1));
        fwrite(name, sizeof name, 1, stdout);
        fwrite(head, sizeof head, 1, stdout);
        fwrite(out.states, sizeof(float), (size_t)head[0] * (size_t)head[1], stdout);
    } else {
        (void)fprintf(stderr, "%s: %s\n", path, err.msg);
    }
    rh_audio_done(&audio);
    return st == RH_OK;
}

int main(int argc, char **argv)
{
    static char line[MAX_LINE];
    char path[4200];
    FILE *list = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!list) {
        (void)fprintf(stderr, "usage: encoder_frames LIST > frames.bin\n");
        return 2;
    }
    (void)snprintf(path, sizeof path, "%s/ggml-base.bin", bench_models_dir());
    rh_error err = {0};
    rh_ggml_file *file = NULL;
    rh_enc_model *m = NULL;
    rh_enc_state *s = NULL;
    const rh_enc_options o = {.precision = "auto", .n_threads = 1};
    rh_status st = rh_ggml_file_open(&file, path, &err);
    if (st == RH_OK)
        st = rh_enc_model_new(&m, file, &o, &err);
    if (st == RH_OK)
        st = rh_enc_state_new(&s, m, &err);
    int failed = st != RH_OK;
    if (failed)
        (void)fprintf(stderr, "%s\n", err.msg);
    while (!failed && fgets(line, sizeof line, list))
        (void)one(s, rh_ggml_file_hparams(file)->n_audio_state, line);
    (void)fclose(list);
    rh_enc_state_free(s);
    rh_enc_model_free(m);
    rh_ggml_file_free(file);
    return failed;
}
