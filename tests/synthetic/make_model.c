/* make_model SHAPE FILE [--type f32|f16|q8_0|q5_0|q5_1] [--layers N] [--positions N]
 * Writes a Whisper file of an official shape with made-up weights. */
#include <stdlib.h>
#include <string.h>
#include "made_model.h"

static int usage(void)
{
    (void)fprintf(stderr, "usage: make_model SHAPE FILE [--type f32|f16|q8_0|q5_0|q5_1] "
                          "[--layers N] [--positions N]\nshapes:");
    for (const made_shape *s = made_shapes; s->name; s++)
        (void)fprintf(stderr, " %s", s->name);
    (void)fprintf(stderr, "\n");
    return 2;
}

int main(int argc, char **argv)
{
    made_options o = {.type = RH_GGML_F32};
    const made_shape *s = argc > 2 ? made_shape_find(argv[1]) : NULL;
    if (!s || argc % 2 == 0)
        return usage();
    for (int i = 3; i < argc; i += 2) {
        int n = atoi(argv[i + 1]);
        if (strcmp(argv[i], "--layers") == 0 && n > 0)
            o.n_layers = n;
        else if (strcmp(argv[i], "--positions") == 0 && n > 0)
            o.n_audio_ctx = n;
        else if (strcmp(argv[i], "--type") != 0 || !made_type_find(argv[i + 1], &o.type))
            return usage();
    }
    FILE *f = fopen(argv[2], "wb");
    if (!f || !made_model(f, s, &o)) {
        perror(argv[2]);
        return 1;
    }
    return fclose(f) == 0 ? 0 : 1;
}
