/* media_bytes.h - from base64 in messages to pictures and samples. Any thread. */
#ifndef RH_MEDIA_BYTES_H
#define RH_MEDIA_BYTES_H

#include "server/message.h"
#include "server/server_internal.h"

/* Decodes `ref` of message `m`: *out points into the message (its bytes are used
 * up) or to *spare, which the caller frees. RH_ERR_INVAL not base64. */
rh_status rh_decode_media(const rh_message *m, rh_base64_ref ref, uint8_t **out, size_t *n_out, uint8_t **spare,
                          rh_error *err);
/* Little-endian float32 bytes to samples of rh_alloc(). RH_ERR_INVAL odd length, NaN or
 * infinity, with the place. */
rh_status rh_samples_from_bytes(const uint8_t *bytes, size_t n, float **out, size_t *n_out, rh_error *err);
/* One picture that stands alone: a JSON body with "frame", bare base64, or (is_picture)
 * the file itself. */
rh_status rh_measure_alone(rh_worker *w, rh_model_set *models, char *body, size_t n, bool is_picture, bool annotate,
                           float fov_deg, json_t **out, rh_error *err);
/* Adds "annotated_frame" to a reading. */
rh_status rh_annotate_reading(const void *picture, size_t n, const rh_face *face, json_t *reading, rh_error *err);

#endif
