/* Files taken apart: time that runs out, tracks, pipes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "media/container_internal.h"
#include "rehearse/media/audio.h"
#include "rehearse/base/pipe.h"
#include "rehearse/media/video.h"

static const char clip[] = "tests/fixtures/jfk_3s_video.mp4", formats[] = "mov,mp4";

static void reading_ends_when_its_time_is_used_up(void **state)
{
    (void)state;
    rh_container c;
    rh_error err = {0};
    AVPacket *packet = av_packet_alloc();
    assert_int_equal(rh_container_open_file(&c, clip, "MP4", &err), RH_OK);
    assert_int_equal(rh_container_start(&c, formats, "a video", &err), RH_OK);
    assert_int_equal(rh_container_read(&c, packet, &err), RH_OK);
    av_packet_unref(packet);
    c.allowed_us = c.spent_us - 1;
    assert_int_equal(rh_container_read(&c, packet, &err), RH_ERR_LIMIT);
    assert_non_null(strstr(err.msg, "too long"));
    /* More sound or pictures earn more time. */
    assert_int_equal(rh_container_start(&c, formats, "a video", &err), RH_OK);
    int64_t before = c.allowed_us;
    rh_container_enter(&c);
    assert_int_equal(rh_container_leave(&c, 100, &err), RH_OK);
    assert_true(c.allowed_us > before + 100 * 1000000ll && c.allowed_us < before + 2000 * 1000000ll);
    rh_container_enter(&c);
    assert_int_equal(rh_container_leave(&c, 1e300, &err), RH_OK);
    c.spent_us = c.allowed_us;
    rh_container_enter(&c);
    usleep(2000);
    assert_int_equal(rh_container_leave(&c, 0, &err), RH_ERR_LIMIT);
    av_packet_free(&packet);
    rh_container_done(&c);
    rh_container_done(&c);
}

static void a_folder_a_missing_and_an_empty_file_are_told_apart(void **state)
{
    (void)state;
    rh_container c;
    rh_error err = {0};
    assert_int_equal(rh_container_open_file(&c, "tests", "MP4", &err), RH_ERR_IO);
    assert_non_null(strstr(err.msg, "folder"));
    rh_container_done(&c);
    assert_int_equal(rh_container_open_file(&c, "tests/nothing", "MP4", &err), RH_ERR_NOTFOUND);
    rh_container_done(&c);
    assert_int_equal(rh_container_open_memory(&c, "", 0, "MP4", &err), RH_ERR_FORMAT);
    assert_non_null(strstr(err.msg, "empty"));
    rh_container_done(&c);
}

typedef struct {
    const char *path; /* a named pipe, opened by the writer; NULL: fd is */
    int fd;
    size_t n;
    uint8_t *bytes;
} writer;

static void *write_all(void *user)
{
    writer *w = user;
    if (w->path)
        w->fd = open(w->path, O_WRONLY); /* waits for a reader */
    for (size_t at = 0; at < w->n;) {
        ssize_t n = write(w->fd, w->bytes + at, w->n - at);
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    close(w->fd);
    return NULL;
}

static void slurp(writer *w, const char *path)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    w->bytes = malloc(1 << 20);
    w->n = fread(w->bytes, 1, 1 << 20, f);
    fclose(f);
}

static void a_pipe_becomes_a_file_with_all_that_came(void **state)
{
    (void)state;
    int ends[2];
    rh_error err = {0};
    pthread_t thread;
    writer w = {0};
    slurp(&w, "tests/fixtures/jfk_16k.wav");
    assert_int_equal(pipe(ends), 0);
    w.fd = ends[1];
    assert_int_equal(pthread_create(&thread, NULL, write_all, &w), 0);
    assert_int_equal(rh_pipe_to_file(&ends[0], &err), RH_OK);
    pthread_join(thread, NULL);
    struct stat s;
    assert_int_equal(fstat(ends[0], &s), 0);
    assert_int_equal(s.st_size, w.n);
    uint8_t *back = malloc(w.n);
    assert_int_equal(read(ends[0], back, w.n), w.n);
    assert_memory_equal(back, w.bytes, w.n);
    assert_int_equal(lseek(ends[0], 100, SEEK_SET), 100); /* a file stays as it is, where it is */
    int same = ends[0];
    assert_int_equal(rh_pipe_to_file(&same, &err), RH_OK);
    assert_int_equal(same, ends[0]);
    assert_int_equal(lseek(same, 0, SEEK_CUR), 100);
    close(ends[0]);
    int closed = ends[0];
    assert_int_equal(rh_pipe_to_file(&closed, &err), RH_ERR_IO);
    free(back);
    free(w.bytes);
}

/* MP4 with its table of contents behind the sound, through a named pipe. */
static void sound_and_pictures_come_through_a_pipe(void **state)
{
    (void)state;
    char dir[] = "/tmp/rehearse-test-XXXXXX", path[64];
    rh_error err = {0};
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/pipe", dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    for (int pictures = 0; pictures < 2; pictures++) {
        writer w = {0};
        pthread_t thread;
        slurp(&w, clip);
        w.path = path;
        assert_int_equal(pthread_create(&thread, NULL, write_all, &w), 0);
        if (pictures) {
            rh_video *v = NULL;
            assert_int_equal(rh_video_open(&v, path, 640, &err), RH_OK);
            rh_video_close(v);
        } else {
            rh_audio a;
            assert_int_equal(rh_audio_read_file(&a, path, 60, &err), RH_OK);
            assert_true(a.n > 2 * 16000);
            rh_audio_done(&a);
        }
        pthread_join(thread, NULL);
        free(w.bytes);
    }
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_ends_when_its_time_is_used_up),
        cmocka_unit_test(a_folder_a_missing_and_an_empty_file_are_told_apart),
        cmocka_unit_test(a_pipe_becomes_a_file_with_all_that_came),
        cmocka_unit_test(sound_and_pictures_come_through_a_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
