/* protobuf.h - the fields of a message in protocol buffers' binary form, one after the other.
 *
 * Source: protobuf.dev/programming-guides/encoding. Threads: any. */
#ifndef RH_PROTOBUF_H
#define RH_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *at;
    size_t n;
} rh_pb_span;

typedef struct {
    uint64_t number;
    bool bytes;            /* a text or a message: `value` is inside it */
    uint64_t whole_number; /* of a field that is a whole number */
    rh_pb_span value, whole;
} rh_pb_field;

/* The next field of a message, which `s` begins with; false at its end, and *bad where bytes are left that are none. */
bool rh_pb_next(rh_pb_span *s, rh_pb_field *f, bool *bad);
bool rh_pb_is_text(rh_pb_span a, const char *text);

#endif
