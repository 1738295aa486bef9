/* From decoded frames to pictures: no byte beyond the room, at any size; shapes and turns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <libavutil/frame.h>
#include <libavutil/log.h>
#include <libavutil/pixdesc.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "media/video_internal.h"

enum { ROOM_BYTES = 32 << 20 };

static const enum AVPixelFormat formats[] = {
    AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV422P,   AV_PIX_FMT_YUV444P,   AV_PIX_FMT_NV12,
    AV_PIX_FMT_GRAY8,   AV_PIX_FMT_P010,     AV_PIX_FMT_YUV420P10, AV_PIX_FMT_YUV422P10, AV_PIX_FMT_YUV444P12LE,
    AV_PIX_FMT_GBRP,    AV_PIX_FMT_BGRA,     AV_PIX_FMT_YUYV422,   AV_PIX_FMT_YUVA420P,
};
enum { N_FORMATS = sizeof formats / sizeof *formats };

/* A page that may not be touched lies behind the room. libswscale's vector code is not built with the
 * sanitizers, which would not see it write too far. */
static uint8_t *room_end;

static int make_room(void **state)
{
    (void)state;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *room = mmap(NULL, ROOM_BYTES + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED || mprotect(room + ROOM_BYTES, page, PROT_NONE) != 0)
        return -1;
    room_end = room + ROOM_BYTES;
    av_log_set_level(AV_LOG_QUIET);
    return 0;
}

static AVFrame *grey_frame(enum AVPixelFormat format, int w, int h)
{
    AVFrame *f = av_frame_alloc();
    assert_non_null(f);
    f->format = format;
    f->width = w;
    f->height = h;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(format);
    for (int i = 0; i < 4 && f->buf[i]; i++) {
        if (d->comp[0].depth == 8) {
            memset(f->buf[i]->data, 128, f->buf[i]->size);
            continue;
        }
        uint16_t half = (uint16_t)((1 << (d->comp[0].depth - 1)) << d->comp[0].shift);
        for (size_t k = 0; k + 1 < f->buf[i]->size; k += 2)
            memcpy(f->buf[i]->data + k, &half, 2);
    }
    return f;
}

/* The picture is grey to its last pixel and nothing behind the room was touched. */
static void convert(struct SwsContext **sws, enum AVPixelFormat format, int w, int h, int to_w, int to_h)
{
    rh_error err = {0};
    AVFrame *f = grey_frame(format, w, h);
    uint8_t *rgb = room_end - rh_rgb_bytes(to_w, to_h);
    assert_int_equal((uintptr_t)rgb % 64, 0);
    size_t last = (size_t)(to_h - 1) * rh_rgb_stride(to_w) + (size_t)to_w * 3 - 1;
    rgb[0] = rgb[last] = 0;
    if (rh_frame_to_rgb(sws, f, rgb, to_w, to_h, &err) != RH_OK)
        fail_msg("%s", err.msg);
    for (int y = 0; y<to_h; y += to_h> 3 ? to_h - 1 : 1)
        for (int i = 0; i < to_w * 3; i++) {
            int v = rgb[(size_t)y * rh_rgb_stride(to_w) + (size_t)i];
            if (v < 125 || v > 133)
                fail_msg("%s %dx%d to %dx%d: byte %d of row %d is %d", av_get_pix_fmt_name(format), w, h, to_w, to_h, i,
                         y, v);
        }
    av_frame_free(&f);
}

static void no_width_writes_past_its_room(void **state)
{
    (void)state;
    struct SwsContext *sws = NULL;
    for (int k = 0; k < N_FORMATS; k++)
        for (int w = 2; w <= 400; w++) {
            int h = 2 + (w * 7 + k) % 9; /* odd ones too */
            convert(&sws, formats[k], w, h, w, h);
            if (w % 3 == k % 3)
                convert(&sws, formats[k], w, h + 20, (w * 2 + 2) / 3, h + 7);
        }
    sws_freeContext(sws);
}

static void no_common_size_writes_past_its_room(void **state)
{
    (void)state;
    static const int sizes[][2] = {
        {176, 144},  {270, 480},   {320, 240},   {360, 640},   {426, 240},   {480, 360},   {480, 854},
        {540, 960},  {606, 1080},  {640, 352},   {640, 480},   {720, 576},   {750, 1334},  {828, 1792},
        {886, 1920}, {1080, 608},  {1080, 1080}, {1080, 1350}, {1080, 1920}, {1170, 2532}, {1284, 2778},
        {1366, 768}, {1440, 1080}, {1920, 1080}, {1918, 1078}, {3840, 2160},
    };
    struct SwsContext *sws = NULL;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int k = 0; k < N_FORMATS; k++) {
            int w = sizes[i][0], h = sizes[i][1], sw, sh;
            if (h > 1200 && k % 4 != 0) /* few are enough of the large ones */
                continue;
            convert(&sws, formats[k], w, h, w, h);
            rh_shown_size(w, h, (AVRational){4, 3}, 640, &sw, &sh);
            convert(&sws, formats[k], w, h, sw, sh);
        }
    sws_freeContext(sws);
}

static void pixels_become_square_and_nothing_is_made_smaller_for_it(void **state)
{
    (void)state;
    static const struct {
        int w, h, num, den, max, shown_w, shown_h;
    } cases[] = {
        {1440, 1080, 4, 3, 4096, 1920, 1080}, {1440, 1080, 4, 3, 1280, 1280, 720}, {720, 576, 16, 15, 4096, 768, 576},
        {720, 480, 8, 9, 4096, 720, 540},     {640, 480, 1, 1, 4096, 640, 480},    {640, 480, 0, 1, 4096, 640, 480},
        {640, 480, 0, 0, 4096, 640, 480},     {640, 480, 1000, 1, 4096, 640, 480}, {640, 480, 1, 1000, 320, 320, 240},
        {640, 480, -4, 3, 4096, 640, 480},    {8192, 1, 1, 1, 1280, 1280, 2},      {1, 1, 1, 1, 1280, 2, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int w, h;
        rh_shown_size(cases[i].w, cases[i].h, (AVRational){cases[i].num, cases[i].den}, cases[i].max, &w, &h);
        assert_int_equal(w, cases[i].shown_w);
        assert_int_equal(h, cases[i].shown_h);
    }
}

static void a_matrix_is_its_nearest_quarter_turn(void **state)
{
    (void)state;
    static const int turns[4] = {1, 6, 3, 8}, mirrored[4] = {2, 7, 4, 5};
    for (int deg = -44; deg < 360; deg += 8) {
        double s = sin(deg * M_PI / 180), c = cos(deg * M_PI / 180);
        for (double scale = 1; scale < 40000; scale *= 180) {
            int32_t k = (int32_t)(65536 / scale + 0.5), z = 1 << 30;
            int32_t co = (int32_t)(c * k), si = (int32_t)(s * k);
            const int32_t turn[9] = {co, si, 0, -si, co, 0, 0, 0, z};
            /* first mirrored, then turned */
            const int32_t both[9] = {-co, -si, 0, -si, co, 0, 5 << 16, 7 << 16, z};
            int quarter = (deg + 45) / 90 % 4;
            if (k > 100) {
                assert_int_equal(rh_matrix_orientation(turn), turns[quarter]);
                assert_int_equal(rh_matrix_orientation(both), mirrored[quarter]);
            }
        }
    }
    static const int32_t none[9] = {0}, flat[9] = {65536, 0, 0, 0, 0, 0, 0, 0, 1 << 30},
                         extreme[9] = {INT32_MIN, INT32_MAX, 0, INT32_MIN, INT32_MIN};
    assert_int_equal(rh_matrix_orientation(none), 1);
    assert_int_equal(rh_matrix_orientation(flat), 1);
    int o = rh_matrix_orientation(extreme);
    assert_true(o >= 1 && o <= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_width_writes_past_its_room),
        cmocka_unit_test(no_common_size_writes_past_its_room),
        cmocka_unit_test(pixels_become_square_and_nothing_is_made_smaller_for_it),
        cmocka_unit_test(a_matrix_is_its_nearest_quarter_turn),
    };
    return cmocka_run_group_tests(tests, make_room, NULL);
}
