/* word_order.c - see word_order.h. */
#include "word_order.h"

#include <stdbool.h>
#include <string.h>

static bool never_neighbours(const char *before, const char *after)
{
#define DETERMINERS "a an the my our your their his its every "
#define SUBJECTS "i we he she they "
#define OBJECTS "me us him them "
#define TO_BE "is was are were am "
#define TO_HAVE "have has had "
#define MODALS "would could will can did do "
#define TOWARDS "at from with by into "
    static const struct {
        const char *before, *never_next;
    } rules[] = {
        {DETERMINERS, DETERMINERS TOWARDS SUBJECTS OBJECTS TO_BE TO_HAVE MODALS
         "of for on in to and or but because this that these those not be been"},
        {TOWARDS "of for", TOWARDS SUBJECTS TO_BE TO_HAVE MODALS "of to be in on"},
        {"in on", TOWARDS SUBJECTS TO_BE TO_HAVE MODALS "of for"},
        {"to", TOWARDS SUBJECTS TO_BE "of to for has had would could will can did on in"},
        {SUBJECTS, DETERMINERS TOWARDS SUBJECTS OBJECTS "of for or on"},
        {OBJECTS, SUBJECTS TO_BE TO_HAVE MODALS},
        {TO_BE, TO_BE TO_HAVE MODALS OBJECTS "of or"},
        {TO_HAVE, TO_BE MODALS "of or i we he she they"},
        {"would could will can", TOWARDS TO_BE OBJECTS DETERMINERS "of for in on or and to has had"},
        {"and or but", "of or and but"},
    };
    for (size_t i = 0; strcmp(before, after) != 0 && i < sizeof rules / sizeof *rules; i++)
        if (rh_word_in(before, rules[i].before) && rh_word_in(after, rules[i].never_next))
            return true;
    return false;
}

size_t rh_words_out_of_order(const rh_key *keys, size_t n)
{
    size_t out = 0;
    for (size_t i = 0; i + 1 < n; i++)
        out += never_neighbours(keys[i], keys[i + 1]);
    return out;
}
