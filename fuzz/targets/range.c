/* Byte ranges: four bytes of a size, then the header. A part must lie in the whole. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "server/api/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char header[128];
    uint32_t size;
    uint64_t first = 0, part = 0;
    if (n < sizeof size)
        return 0;
    memcpy(&size, bytes, sizeof size);
    size_t n_header = n - sizeof size < sizeof header - 1 ? n - sizeof size : sizeof header - 1;
    memcpy(header, bytes + sizeof size, n_header);
    header[n_header] = '\0';
    rh_range r = rh_range_read(header, size, &first, &part);
    if (r == RH_RANGE_PART && (!part || first >= size || part > size - first))
        abort();
    if (r != RH_RANGE_PART && (first || part))
        abort();
    return 0;
}
