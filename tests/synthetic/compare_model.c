/* compare_model FILE [THREADS] - the native engine beside whisper.cpp on one
 * model file; one line of figures. */
#include <stdio.h>
#include <stdlib.h>
#include "compare.h"
#include "rehearse/base/cpu.h"

int main(int argc, char **argv)
{
    comparison c;
    rh_error err = {0};
    if (argc < 2) {
        (void)fprintf(stderr, "usage: compare_model FILE [THREADS]\n");
        return 2;
    }
    if (compare_engines(&c, argv[1], argc > 2 ? atoi(argv[2]) : rh_cpu_count(), &err) != RH_OK) {
        (void)fprintf(stderr, "compare_model: %s\n", err.msg);
        return 1;
    }
    printf("mel=%.1e encoder=%.1e tail=%.1e logits=%.1e same_f32=%d/%d int8_encoder=%.1e "
           "int8_logits=%.1e same_int8=%d/%d\n",
           c.mel, c.encoder, c.tail, c.logits, c.same_f32, c.n_steps, c.int8_encoder, c.int8_logits, c.same_int8,
           c.n_steps);
    return 0;
}
