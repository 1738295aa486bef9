/* protobuf.c - see protobuf.h. */
#include "protobuf.h"

#include <string.h>

static bool take_varint(rh_pb_span *s, uint64_t *out)
{
    uint64_t v = 0;
    for (int shift = 0; shift < 64 && s->n; shift += 7) {
        uint8_t byte = *s->at++;
        s->n--;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *out = v;
            return true;
        }
    }
    return false;
}

bool rh_pb_next(rh_pb_span *s, rh_pb_field *f, bool *bad)
{
    uint64_t tag, size = 0;
    const uint8_t *from = s->at;
    if (!s->n || *bad)
        return false;
    *bad = true;
    if (!take_varint(s, &tag))
        return false;
    switch (tag & 7) {
    case 0:
        if (!take_varint(s, &f->whole_number))
            return false;
        break;
    case 1: size = 8; break;
    case 2:
        if (!take_varint(s, &size))
            return false;
        break;
    case 5: size = 4; break;
    default: return false;
    }
    if (size > s->n)
        return false;
    f->number = tag >> 3;
    f->bytes = (tag & 7) == 2;
    f->value = (rh_pb_span){s->at, (size_t)size};
    s->at += size;
    s->n -= (size_t)size;
    f->whole = (rh_pb_span){from, (size_t)(s->at - from)};
    *bad = false;
    return true;
}

bool rh_pb_is_text(rh_pb_span a, const char *text)
{
    return a.n == strlen(text) && memcmp(a.at, text, a.n) == 0;
}
