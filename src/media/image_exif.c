/* image_exif.c - the one EXIF fact we need: how the camera was held.
 *
 * A TIFF block: byte order "II" or "MM", 42, offset of the first directory;
 * a directory: count, then entries of 12 bytes (tag, type, count, value).
 * Reference: CIPA DC-008 (Exif 2.32), tag 0x0112. */
#include "image_internal.h"

static unsigned get(const uint8_t *p, int n_bytes, bool little)
{
    unsigned v = 0;
    for (int i = 0; i < n_bytes; i++)
        v = (v << 8) | p[little ? n_bytes - 1 - i : i];
    return v;
}

/* An entry's whole number: the standard says SHORT, phones and editors write others. -1 = none. */
static long value_of(const uint8_t *entry, bool little)
{
    enum { BYTE = 1, SHORT = 3, LONG = 4, SBYTE = 6, SSHORT = 8, SLONG = 9 };
    if (get(entry + 4, 4, little) < 1)
        return -1;
    switch (get(entry + 2, 2, little)) {
    case BYTE:
    case SBYTE: return get(entry + 8, 1, little);
    case SHORT:
    case SSHORT: return get(entry + 8, 2, little);
    case LONG:
    case SLONG: return get(entry + 8, 4, little);
    default: return -1;
    }
}

int rh_exif_orientation(const uint8_t *tiff, size_t n)
{
    enum { TAG_ORIENTATION = 0x0112, ENTRY = 12 };
    if (n < 8 || tiff[0] != tiff[1] || (tiff[0] != 'I' && tiff[0] != 'M'))
        return 1;
    bool little = tiff[0] == 'I';
    size_t dir = get(tiff + 4, 4, little);
    if (get(tiff + 2, 2, little) != 42 || dir > n - 2)
        return 1;
    size_t count = get(tiff + dir, 2, little);
    for (size_t i = 0; i < count; i++) {
        size_t at = dir + 2 + i * ENTRY;
        if (at + ENTRY > n)
            return 1;
        if (get(tiff + at, 2, little) != TAG_ORIENTATION)
            continue;
        long v = value_of(tiff + at, little);
        return v >= 1 && v <= 8 ? (int)v : 1;
    }
    return 1;
}
