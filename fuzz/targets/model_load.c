/* Model files that read well and hold nonsense, loaded and run: an error or a
 * transcript, never a crash. The input is a list of changes to a small whole
 * file with made-up weights, nine bytes each: kind, place, value. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "asr/native/decoder.h"
#include "asr/native/encoder.h"
#include "made_model.h"

enum { CHANGE = 9, MAX_CHANGES = 16, HEADER = 52, SAMPLES = 4000 };

static char *whole, *bytes;
static size_t n_whole, n_bytes;
static uint32_t headers[256]; /* where each tensor's description begins */
static uint32_t n_headers;

static void find_headers(void)
{
    rh_ggml_file *f = NULL;
    if (rh_ggml_file_parse(&f, whole, n_whole, NULL) != RH_OK)
        abort();
    for (size_t i = 0; i < rh_ggml_file_n_tensors(f) && n_headers < 256; i++) {
        const rh_ggml_tensor *t = rh_ggml_file_tensor_at(f, i);
        headers[n_headers++] = (uint32_t)(t->offset - strlen(t->name) - 12 - 4 * (size_t)t->n_dims);
    }
    rh_ggml_file_free(f);
}

static void make_whole(void)
{
    static const made_shape shape = {"smallest", 80, 64, 1, 1, 1, 51865};
    static const made_options options = {.type = RH_GGML_Q5_0, .n_audio_ctx = 40};
    FILE *out = open_memstream(&whole, &n_whole);
    if (!out || !made_model(out, &shape, &options) || fclose(out) != 0 || !(bytes = malloc(n_whole)))
        abort();
    find_headers();
}

static void put(size_t at, const void *value, size_t n)
{
    if (at + n <= n_bytes)
        memcpy(bytes + at, value, n);
}

static void change(const uint8_t *c)
{
    uint32_t place, value;
    memcpy(&place, c + 1, sizeof place);
    memcpy(&value, c + 5, sizeof value);
    switch (c[0] % 4) {
    case 0: put(place % HEADER / 4 * 4, &value, 4); break;
    case 1: /* of a tensor: the sides, or a byte of the name */
        put(headers[place % n_headers] + place / n_headers % 12 * 4, &value, 4);
        break;
    case 2: put(place % n_whole, &value, 2); break;
    default: n_bytes = place % n_whole;
    }
}

static void use(const rh_ggml_file *f, const char *precision)
{
    static float sound[SAMPLES];
    static rh_dec_result result;
    rh_enc_model *em = NULL;
    rh_dec_model *dm = NULL;
    rh_enc_state *es = NULL;
    rh_dec_state *ds = NULL;
    rh_enc_output out;
    rh_error err;
    rh_enc_options eo = {.precision = precision, .n_threads = 1};
    rh_dec_options dopts = {.n_threads = 1};
    rh_enc_window w = {.samples = sound, .n = SAMPLES, .n_hops = rh_log_mel_n_hops(SAMPLES)};
    rh_dec_params p = rh_dec_params_default();
    p.max_tokens = 3;
    p.fallback = false;
    for (int i = 0; i < SAMPLES; i++)
        sound[i] = (float)(i % 37) / 50.0f;
    if (rh_dec_model_new(&dm, f, &dopts, &err) == RH_OK && rh_enc_model_new(&em, f, &eo, &err) == RH_OK &&
        rh_enc_state_new(&es, em, &err) == RH_OK && rh_dec_state_new(&ds, dm, &err) == RH_OK &&
        rh_enc_run(es, &w, &out, &err) == RH_OK && rh_dec_set_audio(ds, out.states, out.n_pos, &err) == RH_OK)
        (void)rh_dec_run(ds, &p, &result, &err);
    rh_dec_state_free(ds);
    rh_enc_state_free(es);
    rh_enc_model_free(em);
    rh_dec_model_free(dm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rh_ggml_file *f = NULL;
    if (!whole)
        make_whole();
    memcpy(bytes, whole, n_whole);
    n_bytes = n_whole;
    for (size_t i = 0; i + CHANGE <= size && i < CHANGE * MAX_CHANGES; i += CHANGE)
        change(data + i);
    if (rh_ggml_file_parse(&f, bytes, n_bytes, NULL) == RH_OK)
        use(f, size % 2 ? "f32" : "int8");
    rh_ggml_file_free(f);
    return 0;
}
