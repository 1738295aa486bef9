/* Model files are data from outside: any bytes must give a file or a clear error. */
#include <stdint.h>
#include <stdlib.h>
#include "rehearse/nn/ggml_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rh_ggml_file *f = NULL;
    rh_error err;
    if (rh_ggml_file_parse(&f, data, size, &err) != RH_OK)
        return 0;
    for (size_t i = 0; i < rh_ggml_file_n_tensors(f); i++) {
        const rh_ggml_tensor *t = rh_ggml_file_tensor_at(f, i);
        float *row = malloc((size_t)t->ne[0] * sizeof *row);
        if (row) {
            rh_ggml_row(t, 0, row);
            rh_ggml_row(t, t->ne[1] * t->ne[2] * t->ne[3] - 1, row);
        }
        free(row);
    }
    (void)rh_ggml_file_hash(f);
    rh_ggml_file_free(f);
    return 0;
}
