/* Pictures with harmless faults, as phones and webcams write them, read as their sound twins; what is
 * cut off further is still refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/media/image.h"

static const char *const jpegs[] = {"baseline.jpg", "progressive.jpg", "subsampled.jpg",
                                    "grey.jpg",     "cmyk.jpg",        "exif6.jpg"};
enum { N_JPEGS = sizeof jpegs / sizeof *jpegs, ROOM = 1 << 16 };

static size_t slurp(const char *name, uint8_t *bytes)
{
    char path[256];
    (void)snprintf(path, sizeof path, "tests/fixtures/images/%s", name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(bytes, 1, ROOM / 2, f);
    fclose(f);
    return n;
}

/* The bytes lie in a block of their own size, so that reading past them shows. */
static rh_status decode(rh_image *img, const uint8_t *bytes, size_t n, rh_error *err)
{
    uint8_t *own = malloc(n ? n : 1);
    memcpy(own, bytes, n);
    *err = (rh_error){0};
    *img = (rh_image){0};
    rh_status st = rh_image_decode(img, own, n, err);
    free(own);
    return st;
}

static void assert_same(const uint8_t *a, size_t n_a, const uint8_t *b, size_t n_b, const char *warning)
{
    rh_image x, y;
    rh_error err;
    assert_int_equal(decode(&x, a, n_a, &err), RH_OK);
    assert_string_equal(err.msg, "");
    if (decode(&y, b, n_b, &err) != RH_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(err.code, RH_OK);
    if (warning)
        assert_non_null(strstr(err.msg, warning));
    else
        assert_string_equal(err.msg, "");
    assert_int_equal(x.width, y.width);
    assert_int_equal(x.height, y.height);
    assert_memory_equal(x.data, y.data, x.stride * (size_t)x.height);
    rh_image_done(&x);
    rh_image_done(&y);
}

/* The n-th 0xff `marker`; NULL = no more. */
static uint8_t *find_marker(uint8_t *bytes, size_t n, int marker, int nth)
{
    for (size_t i = 0; i + 1 < n; i++)
        if (bytes[i] == 0xff && bytes[i + 1] == marker && nth-- == 0)
            return bytes + i;
    return NULL;
}

static void a_missing_end_marker_is_a_warning_and_more_missing_an_error(void **state)
{
    (void)state;
    static uint8_t good[ROOM];
    for (int i = 0; i < N_JPEGS; i++) {
        size_t n = slurp(jpegs[i], good);
        assert_same(good, n, good, n - 2, "no end marker");
        assert_same(good, n, good, n - 1, "no end marker");
        for (size_t cut = 3; cut < n - 2; cut++) {
            rh_image img;
            rh_error err;
            if (decode(&img, good, n - cut, &err) == RH_OK)
                fail_msg("%s without its last %zu bytes was read", jpegs[i], cut);
            assert_non_null(strstr(err.msg, "JPEG"));
            rh_image_done(&img);
        }
    }
}

static void a_scan_header_with_foreign_numbers_is_a_warning(void **state)
{
    (void)state;
    static uint8_t good[ROOM], odd[ROOM];
    static const uint8_t numbers[][3] = {{0, 0, 0}, {1, 63, 0}, {0, 63, 0x10}, {63, 0, 1}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        size_t n = slurp("subsampled.jpg", good);
        memcpy(odd, good, n);
        uint8_t *sos = find_marker(odd, n, 0xda, 0);
        memcpy(sos + 5 + 2 * 3, numbers[i], 3);
        assert_same(good, n, odd, n, "scan header");
    }
}

static void what_surrounds_a_picture_is_harmless(void **state)
{
    (void)state;
    static uint8_t good[ROOM], odd[ROOM];
    for (int i = 0; i < N_JPEGS; i++) {
        size_t n = slurp(jpegs[i], good);
        /* A second picture behind it (MPO), a phone's trailer, zeros of a webcam's buffer */
        memcpy(odd, good, n);
        memcpy(odd + n, good, n);
        assert_same(good, n, odd, 2 * n, NULL);
        memset(odd + n, 0, 3000);
        assert_same(good, n, odd, n + 3000, NULL);
        memcpy(odd + n, "SEFT 1234 SEFT", 14);
        assert_same(good, n, odd, n + 14, NULL);
        /* Fill bytes before a marker, and bytes that belong to no segment */
        size_t first = 2 + 2 + (size_t)(good[4] << 8 | good[5]); /* behind the first segment */
        for (int fill = 0; fill < 2; fill++) {
            memcpy(odd, good, first);
            memset(odd + first, fill ? 0xff : 0x00, 5);
            memcpy(odd + first + 5, good + first, n - first);
            assert_same(good, n, odd, n + 5, NULL);
        }
    }
}

/* exif6.jpg with another form of its orientation entry. */
static void assert_turned(bool little, int type, int count, const uint8_t value[4], bool turned)
{
    static uint8_t good[ROOM], odd[ROOM];
    size_t n = slurp("exif6.jpg", good);
    uint8_t tiff[] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    const uint8_t le[] = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01};
    if (little)
        memcpy(tiff, le, sizeof le);
    tiff[little ? 12 : 13] = (uint8_t)type;
    tiff[little ? 14 : 17] = (uint8_t)count;
    memcpy(tiff + 18, value, 4);
    uint8_t *app1 = find_marker(good, n, 0xe1, 0);
    size_t before = (size_t)(app1 - good), len = (size_t)(app1[2] << 8 | app1[3]) + 2, o = before;
    memcpy(odd, good, before);
    odd[o++] = 0xff;
    odd[o++] = 0xe1;
    odd[o++] = 0;
    odd[o++] = 2 + 6 + sizeof tiff;
    memcpy(odd + o, "Exif\0", 6);
    memcpy(odd + o + 6, tiff, sizeof tiff);
    o += 6 + sizeof tiff;
    memcpy(odd + o, app1 + len, n - before - len);
    o += n - before - len;
    if (turned) {
        assert_same(good, n, odd, o, NULL);
        return;
    }
    rh_image img;
    rh_error err;
    assert_int_equal(decode(&img, odd, o, &err), RH_OK);
    assert_int_equal(img.width, 48); /* as stored */
    rh_image_done(&img);
}

static void orientation_may_have_any_whole_type(void **state)
{
    (void)state;
    static const int shorts[] = {3, 8}, longs[] = {4, 9}, bytes[] = {1, 6};
    for (int i = 0; i < 2; i++) {
        assert_turned(false, shorts[i], 1, (const uint8_t[4]){0, 6, 0, 0}, true);
        assert_turned(true, shorts[i], 1, (const uint8_t[4]){6, 0, 0, 0}, true);
        assert_turned(false, longs[i], 1, (const uint8_t[4]){0, 0, 0, 6}, true);
        assert_turned(true, longs[i], 1, (const uint8_t[4]){6, 0, 0, 0}, true);
        assert_turned(false, bytes[i], 1, (const uint8_t[4]){6, 0, 0, 0}, true);
        assert_turned(true, bytes[i], 1, (const uint8_t[4]){6, 0, 0, 0}, true);
        assert_turned(false, longs[i], 1, (const uint8_t[4]){1, 0, 0, 6}, false);
    }
    assert_turned(false, 2, 1, (const uint8_t[4]){6, 0, 0, 0}, false); /* text */
    assert_turned(false, 3, 0, (const uint8_t[4]){0, 6, 0, 0}, false); /* no value */
    assert_turned(false, 3, 1, (const uint8_t[4]){0, 9, 0, 0}, false);
}

static void sixteen_bits_are_as_bright_as_eight(void **state)
{
    (void)state;
    static uint8_t bytes[ROOM];
    for (int linear = 0; linear < 2; linear++) {
        rh_image img;
        rh_error err;
        size_t n = slurp(linear ? "linear16.png" : "ramp16.png", bytes);
        assert_int_equal(decode(&img, bytes, n, &err), RH_OK);
        for (int x = 0; x < 64; x++) {
            double v = x * 4 / 255.0;
            double want = linear ? (v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055) : v;
            if (fabs(img.data[x * 3] - want * 255) > (linear ? 6 : 1)) /* libpng is coarse in the dark */
                fail_msg("%d: grey %d is %d, not %g", linear, x * 4, img.data[x * 3], want * 255);
        }
        rh_image_done(&img);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_end_marker_is_a_warning_and_more_missing_an_error),
        cmocka_unit_test(a_scan_header_with_foreign_numbers_is_a_warning),
        cmocka_unit_test(what_surrounds_a_picture_is_harmless),
        cmocka_unit_test(orientation_may_have_any_whole_type),
        cmocka_unit_test(sixteen_bits_are_as_bright_as_eight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
