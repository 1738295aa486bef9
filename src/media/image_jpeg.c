/* image_jpeg.c - JPEG through libjpeg-turbo, whole or in part.
 *
 * Decoding a part costs less in three ways: rows above the part are only
 * entropy-decoded, columns beside it are left out to the next block, rows below
 * are not touched; and the inverse DCT can give a half, a quarter or an eighth of the
 * size (these have vector code in libjpeg-turbo, the sizes between do not).
 * Limits: damaged data is an error, not a grey area; progressive pictures have
 * at most MAX_SCANS scans, so that small input cannot keep us busy for long. What phones and
 * webcams get wrong without harm to the picture is read, with a warning: no end marker behind
 * complete data, a scan header with the numbers of another kind of JPEG. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jpeglib.h>
#include <jerror.h>
#include "image_internal.h"
#include "rehearse/base/alloc.h"

enum { MAX_SCANS = 100, TAIL_SEARCH = 1024 };

typedef struct {
    struct jpeg_error_mgr mgr; /* must be first: libjpeg hands back a pointer to it */
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    rh_status status;
    char msg[JMSG_LENGTH_MAX];
    bool no_end, odd_scan; /* the faults that are read with a warning */
} jpeg_trap;

static void on_error(j_common_ptr c)
{
    jpeg_trap *t = (jpeg_trap *)c->err;
    t->status = c->err->msg_code == JERR_OUT_OF_MEMORY ? RH_ERR_NOMEM : RH_ERR_FORMAT;
    c->err->format_message(c, t->msg);
    longjmp(t->jump, 1);
}

/* libjpeg only warns of data that is cut off or damaged, and paints grey. Bytes
 * between segments are harmless and common in webcam streams. */
static void on_message(j_common_ptr c, int level)
{
    jpeg_trap *t = (jpeg_trap *)c->err;
    if (level >= 0)
        return;
    switch (c->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_ADOBE_XFORM: return;
    case JWRN_NOT_SEQUENTIAL: t->odd_scan = true; return;
    case JWRN_JPEG_EOF: /* if the data ends too early, JWRN_HIT_MARKER follows */
        t->no_end = c->is_decompressor && ((j_decompress_ptr)c)->input_scan_number > 0;
        if (t->no_end)
            return;
        break;
    default: break;
    }
    on_error(c);
}

static void on_output(j_common_ptr c)
{
    (void)c;
}

static void on_progress(j_common_ptr c)
{
    if (c->is_decompressor && ((j_decompress_ptr)c)->input_scan_number > MAX_SCANS) {
        jpeg_trap *t = (jpeg_trap *)c->err;
        t->status = RH_ERR_LIMIT;
        (void)snprintf(t->msg, sizeof t->msg, "more than %d scans", (int)MAX_SCANS);
        longjmp(t->jump, 1);
    }
}

static void set_trap(jpeg_trap *t)
{
    (void)jpeg_std_error(&t->mgr);
    t->mgr.error_exit = on_error;
    t->mgr.emit_message = on_message;
    t->mgr.output_message = on_output;
    t->progress.progress_monitor = on_progress;
    t->status = RH_OK;
    t->msg[0] = 0;
    t->no_end = t->odd_scan = false;
}

static int orientation_of(j_decompress_ptr c)
{
    for (jpeg_saved_marker_ptr m = c->marker_list; m; m = m->next)
        if (m->marker == JPEG_APP0 + 1 && m->data_length > 6 && memcmp(m->data, "Exif\0\0", 6) == 0)
            return rh_exif_orientation(m->data + 6, m->data_length - 6);
    return 1;
}

static void read_header(j_decompress_ptr c, const uint8_t *bytes, size_t n)
{
    jpeg_save_markers(c, JPEG_APP0 + 1, 0xffff);
    jpeg_mem_src(c, (unsigned char *)(uintptr_t)bytes, n); /* older headers lack the const */
    (void)jpeg_read_header(c, TRUE);
}

rh_status rh_jpeg_probe(const uint8_t *bytes, size_t n, int *w, int *h, int *orientation, rh_error *err)
{
    struct jpeg_decompress_struct c;
    jpeg_trap trap;
    memset(&c, 0, sizeof c);
    set_trap(&trap);
    c.err = &trap.mgr;
    if (setjmp(trap.jump)) {
        jpeg_destroy_decompress(&c);
        return rh_fail(err, trap.status, "broken JPEG: %s", trap.msg);
    }
    jpeg_create_decompress(&c);
    read_header(&c, bytes, n);
    *w = (int)c.image_width;
    *h = (int)c.image_height;
    *orientation = orientation_of(&c);
    jpeg_destroy_decompress(&c);
    return rh_image_check_size(*w, *h, err);
}

/* Adobe writes CMYK inverted: 255 is no ink. */
static void cmyk_row(uint8_t *rgb, const uint8_t *cmyk, int n, bool inverted)
{
    for (int i = 0; i < n; i++) {
        const uint8_t *s = cmyk + (size_t)i * 4;
        int k = inverted ? s[3] : 255 - s[3];
        for (int ch = 0; ch < 3; ch++)
            rgb[(size_t)i * 3 + (size_t)ch] = (uint8_t)((inverted ? s[ch] : 255 - s[ch]) * k / 255);
    }
}

static int clamp_int(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* The part to decode in output px: *box. Whole picture when the wanted region
 * does not apply to this one. */
static void choose_box(j_decompress_ptr c, const rh_image_want *want, bool whole, rh_rect *box)
{
    int w = (int)c->output_width, h = (int)c->output_height;
    *box = (rh_rect){0, 0, w, h};
    if (whole || !want->region)
        return;
    int num = (int)c->scale_num, den = (int)c->scale_denom;
    const rh_rect *r = want->region;
    int x0 = clamp_int(r->x, 0, (int)c->image_width - 1) * num / den;
    int y0 = clamp_int(r->y, 0, (int)c->image_height - 1) * num / den;
    int x1 = (clamp_int(r->x + r->width, 1, (int)c->image_width) * num + den - 1) / den;
    int y1 = (clamp_int(r->y + r->height, 1, (int)c->image_height) * num + den - 1) / den;
    x1 = clamp_int(x1, x0 + 1, w);
    y1 = clamp_int(y1, y0 + 1, h);
    *box = (rh_rect){x0, y0, x1 - x0, y1 - y0};
}

static void set_scale(j_decompress_ptr c, float min_scale)
{
    c->scale_denom = 8;
    c->scale_num = 8;
    while (c->scale_num > 1 && (float)(c->scale_num / 2) / 8.0f >= min_scale)
        c->scale_num /= 2;
}

/* Whether all scans of a picture of several came, as far as their headers tell. */
static bool has_all_scans(j_decompress_ptr c)
{
    for (int i = 0; i < c->num_components; i++) {
        if (!c->comp_info[i].quant_table)
            return false; /* not one */
        for (int k = 0; c->progressive_mode && k < DCTSIZE2; k++)
            if (c->coef_bits[i][k] != 0)
                return false;
    }
    return true;
}

/* Everything between header and pixels; may longjmp. Returns the status of our
 * own checks. */
static rh_status start(j_decompress_ptr c, rh_image_part *part, const rh_image_want *want, int *orientation,
                       rh_rect *box, rh_error *err)
{
    rh_status st = rh_image_check_size(c->image_width, c->image_height, err);
    if (st != RH_OK)
        return st;
    *orientation = orientation_of(c);
    bool whole = *orientation > 1 || !want->region || want->of_width != (int)c->image_width ||
                 want->of_height != (int)c->image_height;
    bool cmyk = c->jpeg_color_space == JCS_CMYK || c->jpeg_color_space == JCS_YCCK;
    c->out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
    set_scale(c, want->min_scale);
    c->do_fancy_upsampling = want->region || want->min_scale < 1.0f ? FALSE : TRUE;
    (void)jpeg_start_decompress(c);
    if (((jpeg_trap *)c->err)->no_end && !has_all_scans(c))
        return rh_fail(err, RH_ERR_FORMAT, "broken JPEG: cut off before its last scan");
    choose_box(c, want, whole, box);
    if (box->width < (int)c->output_width) {
        JDIMENSION x = (JDIMENSION)box->x, w = (JDIMENSION)box->width;
        jpeg_crop_scanline(c, &x, &w); /* widens to whole blocks */
        box->x = (int)x;
        box->width = (int)w;
    }
    st = rh_image_resize(&part->img, box->width, box->height, err);
    if (st != RH_OK)
        return st;
    float scale = (float)c->scale_num / (float)c->scale_denom;
    part->full_width = (int)c->image_width;
    part->full_height = (int)c->image_height;
    part->x0 = (int)((float)box->x / scale);
    part->y0 = (int)((float)box->y / scale);
    part->scale = scale;
    return RH_OK;
}

static void read_rows(j_decompress_ptr c, rh_image *img, const rh_rect *box, uint8_t *cmyk)
{
    if (box->y > 0)
        (void)jpeg_skip_scanlines(c, (JDIMENSION)box->y);
    bool inverted = c->saw_Adobe_marker;
    for (int y = 0; y < box->height;) {
        uint8_t *row = img->data + (size_t)y * img->stride;
        if (cmyk) {
            if (jpeg_read_scanlines(c, &cmyk, 1) == 1) {
                cmyk_row(row, cmyk, box->width, inverted);
                y++;
            }
            continue;
        }
        uint8_t *rows[16];
        int n = box->height - y < 16 ? box->height - y : 16;
        for (int i = 0; i < n; i++)
            rows[i] = row + (size_t)i * img->stride;
        y += (int)jpeg_read_scanlines(c, rows, (JDIMENSION)n);
    }
}

/* A part is read without looking at the bytes after it, so a picture cut off
 * there would pass; one cheap look at the end tells. */
static bool has_end(const uint8_t *b, size_t n)
{
    size_t low = n > TAIL_SEARCH ? n - TAIL_SEARCH : 0;
    for (size_t i = n; i >= low + 2; i--)
        if (b[i - 2] == 0xff && b[i - 1] == 0xd9)
            return true;
    return false;
}

typedef struct {
    struct jpeg_decompress_struct c;
    jpeg_trap trap;
    rh_rect box;
    uint8_t *cmyk; /* one row */
} jpeg_job;

static rh_status decode_job(jpeg_job *j, rh_image_part *part, int *orientation, const uint8_t *bytes, size_t n,
                            const rh_image_want *want, rh_error *err)
{
    if (setjmp(j->trap.jump))
        return rh_fail(err, j->trap.status, "broken JPEG: %s", j->trap.msg);
    jpeg_create_decompress(&j->c);
    j->c.progress = &j->trap.progress;
    read_header(&j->c, bytes, n);
    rh_status st = start(&j->c, part, want, orientation, &j->box, err);
    if (st != RH_OK)
        return st;
    if (j->c.out_color_space == JCS_CMYK) {
        j->cmyk = rh_alloc_array((size_t)j->c.output_width, 4);
        if (!j->cmyk)
            return rh_fail(err, RH_ERR_NOMEM, "no memory for a row of the picture");
    }
    read_rows(&j->c, &part->img, &j->box, j->cmyk);
    if (j->c.output_scanline >= j->c.output_height)
        (void)jpeg_finish_decompress(&j->c);
    return RH_OK;
}

rh_status rh_jpeg_decode(rh_image_part *part, int *orientation, const uint8_t *bytes, size_t n,
                         const rh_image_want *want, rh_error *err)
{
    jpeg_job job;
    memset(&job, 0, sizeof job);
    set_trap(&job.trap);
    job.c.err = &job.trap.mgr;
    rh_image_want w = *want;
    if (w.region && !has_end(bytes, n))
        w.region = NULL; /* look at all of it */
    rh_status st = decode_job(&job, part, orientation, bytes, n, &w, err);
    if (st == RH_OK && job.trap.no_end)
        st = rh_fail(err, RH_OK, "the JPEG has no end marker; all of the picture was there");
    else if (st == RH_OK && job.trap.odd_scan)
        st = rh_fail(err, RH_OK, "the JPEG's scan header is not that of a sequential one; it was read as one");
    jpeg_destroy_decompress(&job.c);
    rh_free(job.cmyk);
    return st;
}

typedef struct {
    struct jpeg_compress_struct c;
    jpeg_trap trap;
    unsigned char *bytes; /* malloc'ed by libjpeg */
    unsigned long n;
} jpeg_out;

static rh_status encode_job(jpeg_out *j, const rh_image *img, int quality, rh_error *err)
{
    if (setjmp(j->trap.jump))
        return rh_fail(err, j->trap.status, "JPEG encoding failed: %s", j->trap.msg);
    jpeg_create_compress(&j->c);
    jpeg_mem_dest(&j->c, &j->bytes, &j->n);
    j->c.image_width = (JDIMENSION)img->width;
    j->c.image_height = (JDIMENSION)img->height;
    j->c.input_components = 3;
    j->c.in_color_space = JCS_RGB;
    jpeg_set_defaults(&j->c);
    jpeg_set_quality(&j->c, quality, TRUE);
    jpeg_start_compress(&j->c, TRUE);
    while (j->c.next_scanline < j->c.image_height) {
        uint8_t *row = img->data + j->c.next_scanline * img->stride;
        (void)jpeg_write_scanlines(&j->c, &row, 1);
    }
    jpeg_finish_compress(&j->c);
    return RH_OK;
}

rh_status rh_image_encode_jpeg(const rh_image *img, int quality, uint8_t **out, size_t *n_out, rh_error *err)
{
    if (quality < 1 || quality > 100)
        return rh_fail(err, RH_ERR_INVAL, "JPEG quality %d outside 1..100", quality);
    rh_status st = rh_image_check_size(img->width, img->height, err);
    if (st != RH_OK)
        return st;
    jpeg_out job;
    memset(&job, 0, sizeof job);
    set_trap(&job.trap);
    job.c.err = &job.trap.mgr;
    st = encode_job(&job, img, quality, err);
    jpeg_destroy_compress(&job.c);
    uint8_t *copy = st == RH_OK ? rh_alloc(job.n) : NULL;
    if (st == RH_OK && !copy)
        st = rh_fail(err, RH_ERR_NOMEM, "no memory for a JPEG of %lu bytes", job.n);
    if (st == RH_OK) {
        memcpy(copy, job.bytes, job.n);
        *out = copy;
        *n_out = job.n;
    }
    free(job.bytes);
    return st;
}
