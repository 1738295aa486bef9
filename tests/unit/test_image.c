/* Pictures: every coding gives the four quarters; parts equal the whole; what
 * is broken is refused. Fixtures: tests/fixtures/images (made by make.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/media/image.h"

static uint8_t *slurp(const char *name, size_t *n)
{
    char path[256];
    (void)snprintf(path, sizeof path, "tests/fixtures/images/%s", name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    uint8_t *bytes = malloc(1 << 20);
    *n = fread(bytes, 1, 1 << 20, f);
    fclose(f);
    return bytes;
}

static void assert_pixel(const rh_image *img, int x, int y, int r, int g, int b)
{
    const uint8_t *p = img->data + (size_t)y * img->stride + (size_t)x * 3;
    if (abs(p[0] - r) > 24 || abs(p[1] - g) > 24 || abs(p[2] - b) > 24)
        fail_msg("pixel %d,%d is %d,%d,%d, not %d,%d,%d", x, y, p[0], p[1], p[2], r, g, b);
}

static void assert_quarters(const char *name)
{
    size_t n;
    uint8_t *bytes = slurp(name, &n);
    rh_image img = {0};
    rh_error err = {0};
    if (rh_image_decode(&img, bytes, n, &err) != RH_OK)
        fail_msg("%s: %s", name, err.msg);
    assert_int_equal(img.width, 64);
    assert_int_equal(img.height, 48);
    print_message("%s\n", name);
    assert_pixel(&img, 8, 6, 255, 0, 0);
    assert_pixel(&img, 56, 6, 0, 255, 0);
    assert_pixel(&img, 8, 42, 0, 0, 255);
    assert_pixel(&img, 56, 42, 255, 255, 255);
    int w = 0, h = 0;
    assert_int_equal(rh_image_probe(bytes, n, &w, &h, NULL), RH_OK);
    assert_int_equal(w, 64);
    assert_int_equal(h, 48);
    rh_image_done(&img);
    free(bytes);
}

static void every_coding_gives_the_same_picture(void **state)
{
    (void)state;
    static const char *names[] = {"baseline.jpg", "progressive.jpg", "subsampled.jpg", "cmyk.jpg",  "rgb.png",
                                  "palette.png",  "alpha.png",       "lossless.webp",  "lossy.webp"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_quarters(names[i]);
}

static void exif_rotation_is_applied(void **state)
{
    (void)state;
    for (int o = 2; o <= 8; o++) {
        char name[16];
        (void)snprintf(name, sizeof name, "exif%d.jpg", o);
        assert_quarters(name);
    }
    assert_quarters("exif6.png");
    assert_quarters("exif6.webp");
}

static void grey_and_one_pixel_pictures_are_read(void **state)
{
    (void)state;
    size_t n;
    rh_image img = {0};
    uint8_t *bytes = slurp("grey.jpg", &n);
    assert_int_equal(rh_image_decode(&img, bytes, n, NULL), RH_OK);
    assert_pixel(&img, 8, 6, 76, 76, 76);
    free(bytes);
    bytes = slurp("one.jpg", &n);
    assert_int_equal(rh_image_decode(&img, bytes, n, NULL), RH_OK);
    assert_int_equal(img.width * img.height, 1);
    free(bytes);
    rh_image_done(&img);
}

/* A picture with detail, large enough for cropping. */
static void make_picture(rh_image *img, int w, int h)
{
    assert_int_equal(rh_image_resize(img, w, h, NULL), RH_OK);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            uint8_t *p = img->data + (size_t)y * img->stride + (size_t)x * 3;
            p[0] = (uint8_t)(x * 255 / w);
            p[1] = (uint8_t)(y * 255 / h);
            p[2] = (uint8_t)((x / 16 + y / 16) % 2 * 100);
        }
}

static void assert_part_matches(const rh_image_part *part, const rh_image *whole)
{
    int step = (int)(1.0f / part->scale + 0.5f);
    for (int v = 1; v < part->img.height - 1; v += 3)
        for (int u = 1; u < part->img.width - 1; u += 3) {
            long sum[3] = {0};
            int x0 = part->x0 + u * step, y0 = part->y0 + v * step;
            for (int y = y0; y < y0 + step; y++)
                for (int x = x0; x < x0 + step; x++)
                    for (int c = 0; c < 3; c++)
                        sum[c] += whole->data[(size_t)y * whole->stride + (size_t)x * 3 + (size_t)c];
            for (int c = 0; c < 3; c++) {
                int want = (int)(sum[c] / (step * step));
                int got = part->img.data[(size_t)v * part->img.stride + (size_t)u * 3 + (size_t)c];
                /* Blue is a checkerboard at reduced chroma resolution: only the ramps are exact. */
                if (c < 2 && abs(got - want) > 48)
                    fail_msg("scale %g at %d,%d channel %d: %d, not %d", (double)part->scale, u, v, c, got, want);
            }
        }
}

static void a_part_equals_the_same_place_of_the_whole(void **state)
{
    (void)state;
    rh_image img = {0}, whole = {0};
    uint8_t *jpeg = NULL;
    size_t n = 0;
    make_picture(&img, 640, 480);
    assert_int_equal(rh_image_encode_jpeg(&img, 90, &jpeg, &n, NULL), RH_OK);
    assert_int_equal(rh_image_decode(&whole, jpeg, n, NULL), RH_OK);
    rh_image_part part = {0};
    static const rh_rect regions[] = {{200, 100, 250, 260}, {-50, -50, 200, 200}, {600, 440, 500, 500},
                                      {0, 0, 640, 480},     {317, 231, 1, 1},     {900, 900, 10, 10}};
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++) {
        for (float s = 1.0f; s > 0.1f; s /= 2) {
            assert_int_equal(rh_image_decode_part(&part, jpeg, n, &regions[i], 640, 480, s, NULL), RH_OK);
            assert_true(part.scale >= s);
            assert_int_equal(part.full_width, 640);
            assert_part_matches(&part, &whole);
        }
    }
    /* Measured in a picture of another size: everything is decoded. */
    assert_int_equal(rh_image_decode_part(&part, jpeg, n, &regions[0], 320, 240, 1.0f, NULL), RH_OK);
    assert_int_equal(part.img.width, 640);
    rh_image_done(&part.img);
    rh_image_done(&whole);
    rh_image_done(&img);
    rh_free(jpeg);
}

static void damaged_pictures_are_refused(void **state)
{
    (void)state;
    static const char *names[] = {"baseline.jpg", "progressive.jpg", "rgb.png", "lossless.webp"};
    rh_image img = {0};
    rh_error err;
    assert_int_equal(rh_image_decode(&img, "", 0, &err), RH_ERR_FORMAT);
    assert_int_equal(rh_image_decode(&img, "hello", 5, &err), RH_ERR_FORMAT);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t n;
        uint8_t *bytes = slurp(names[i], &n);
        for (size_t cut = 0; cut + 8 < n; cut += 7) {
            rh_image_part part = {.img = img};
            rh_rect r = {0, 0, 16, 8};
            assert_int_not_equal(rh_image_decode(&img, bytes, cut, &err), RH_OK);
            part.img = img;
            assert_int_not_equal(rh_image_decode_part(&part, bytes, cut, &r, 64, 48, 0.5f, &err), RH_OK);
            img = part.img;
        }
        free(bytes);
    }
    rh_image_done(&img);
}

static void huge_sizes_are_refused_before_memory_is_taken(void **state)
{
    (void)state;
    size_t n;
    uint8_t *bytes = slurp("baseline.jpg", &n);
    rh_image img = {0};
    for (size_t i = 0; i + 9 < n; i++)
        if (bytes[i] == 0xff && bytes[i + 1] == 0xc0) {
            bytes[i + 5] = 0xff; /* height and width of the frame header */
            bytes[i + 7] = 0xff;
            break;
        }
    rh_error err = {0};
    assert_int_equal(rh_image_decode(&img, bytes, n, &err), RH_ERR_LIMIT);
    assert_null(img.data);
    assert_int_equal(rh_image_resize(&img, 8192, 8192, NULL), RH_ERR_LIMIT);
    free(bytes);
}

static void failed_allocation_is_reported(void **state)
{
    (void)state;
    size_t n;
    uint8_t *bytes = slurp("cmyk.jpg", &n);
    rh_image img = {0};
    for (long k = 1; k < 3; k++) {
        rh_alloc_fail_at(k);
        assert_int_equal(rh_image_decode(&img, bytes, n, NULL), RH_ERR_NOMEM);
        rh_image_done(&img);
    }
    rh_alloc_fail_at(0);
    free(bytes);
}

/* libpng would take the memory a chunk claims to need before it looks for the bytes. */
static void a_png_chunk_longer_than_the_file_is_refused(void **state)
{
    (void)state;
    size_t n;
    uint8_t *bytes = slurp("exif6.png", &n);
    rh_image img = {0};
    rh_error err = {0};
    assert_int_equal(rh_image_decode(&img, bytes, n, &err), RH_OK);
    bytes[33] = 0x7a; /* the length of the chunk after the header */
    assert_int_equal(rh_image_decode(&img, bytes, n, &err), RH_ERR_FORMAT);
    assert_non_null(strstr(err.msg, "cut off"));
    rh_image_done(&img);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_coding_gives_the_same_picture),
        cmocka_unit_test(exif_rotation_is_applied),
        cmocka_unit_test(a_png_chunk_longer_than_the_file_is_refused),
        cmocka_unit_test(grey_and_one_pixel_pictures_are_read),
        cmocka_unit_test(a_part_equals_the_same_place_of_the_whole),
        cmocka_unit_test(damaged_pictures_are_refused),
        cmocka_unit_test(huge_sizes_are_refused_before_memory_is_taken),
        cmocka_unit_test(failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
