/* base64_internal.h - kernels for the long valid middle of a base64 text.
 *
 * Each decodes from text[0] as long as whole blocks hold only letters of the
 * alphabet, returns the number of characters done (a multiple of 4) and may
 * write up to 32 bytes past what that gives. */
#ifndef RH_BASE64_INTERNAL_H
#define RH_BASE64_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

size_t rh_base64_run_avx2(uint8_t *out, const char *text, size_t n);
size_t rh_base64_run_neon(uint8_t *out, const char *text, size_t n);

#endif
