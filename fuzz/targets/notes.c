/* What is asked for of notes, goals and links; and whose guess a wrong link was, by the same bytes. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/text.h"
#include "server/api/note_wish.h"
#include "server/forwarded.h"
#include "server/guesses.h"

static void read_wish(const json_t *wish)
{
    enum { MOST = 60 };
    static const char *const keys[] = {"text", "name"};
    rh_error err;
    const char *param = NULL;
    json_t *goal = NULL;
    double t = 0;
    bool flag = false;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char *text = NULL;
        if (rh_wish_text(wish, keys[i], MOST, &text, &err) != RH_OK)
            continue;
        if (rh_utf8_count(text, strlen(text)) > MOST)
            abort();
        rh_free(text);
    }
    if (rh_wish_moment(wish, &t, &err) == RH_OK && !(t >= 0 && t <= 24 * 3600))
        abort();
    (void)rh_wish_flag(wish, "comments", &flag, &err);
    if (rh_wish_goal(wish, &goal, &param, &err) != RH_OK) {
        if (!param)
            abort();
        return;
    }
    if (!json_is_string(json_object_get(goal, "measure")) || json_object_size(goal) < 2)
        abort();
    json_decref(goal);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static rh_guesses guesses;
    char who[40], *text = malloc(n + 1);
    json_t *wish = json_loadb((const char *)bytes, n, 0, NULL);
    if (json_is_object(wish))
        read_wish(wish);
    json_decref(wish);
    if (!text)
        return 0;
    memcpy(text, bytes, n);
    text[n] = '\0';
    rh_networks trusted, asked;
    char address[RH_ADDRESS_MAX];
    if (rh_networks_parse(&trusted, "loopback", NULL) != RH_OK)
        abort();
    (void)rh_networks_parse(&asked, text, NULL);
    for (int rfc7239 = 0; rfc7239 < 2; rfc7239++) {
        uint8_t bytes_of[16];
        rh_forwarded_client(address, &trusted, "127.0.0.1", text, rfc7239);
        if (!rh_address_parse(address, bytes_of))
            abort();
        rh_guess_who(who, address);
        rh_guess_add(&guesses, who, 1);
        if (!*who || strlen(who) >= sizeof who)
            abort();
    }
    free(text);
    return 0;
}
