/* base64.h - base64 of RFC 4648, to and from bytes. Encoding uses the standard alphabet.
 *
 * Threads: any. */
#ifndef RH_BASE64_H
#define RH_BASE64_H

#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/status.h"

/* Room that decoding n characters may need, slack of the vector code included. */
#define RH_BASE64_DECODED_MAX(n) ((n) / 4 * 3 + 3 + 32)
/* Characters that encoding n bytes gives, without a NUL. */
#define RH_BASE64_ENCODED_LEN(n) (((n) + 2) / 3 * 4)

/* Decodes with or without padding, the standard and the URL-safe alphabet, with white
 * space anywhere (mail and command-line tools break lines). `out` may be `text` itself: decoding in
 * place is safe when RH_BASE64_DECODED_MAX(n) bytes are there. RH_ERR_FORMAT names the
 * position of the first wrong character; RH_ERR_INVAL when `cap` is under
 * RH_BASE64_DECODED_MAX(n). */
rh_status rh_base64_decode(uint8_t *out, size_t cap, size_t *n_out, const char *text, size_t n, rh_error *err);
void rh_base64_encode(char *out, const uint8_t *bytes, size_t n);

#endif
