/* language_tables.c - word lists of the language measures, chosen by hand from
 * guides to interviewing and plain speaking; docs/scoring.md names their use.
 * A list of words has blanks between them, a list of phrases bars. */
#include "language_internal.h"

#include <string.h>

const char RH_HEDGES[] =
    "maybe|perhaps|possibly|probably|presumably|hopefully|somewhat|kinda|sorta|kind of|sort of|i guess|i suppose|"
    "i think|i believe|i feel like|i feel that|i would say|i'd say|i'm not sure|not sure|not really sure|"
    "i don't know|more or less|in a way|in some ways|a little bit|it seems|seems like|seemed like|could be|might be|"
    "might have|i might|to some extent|as far as i know|i would think|i was hoping|or so";

const char RH_WEAK[] =
    "stuff|stuff like that|things like that|or something|or whatever|whatever|and so on|and everything|etcetera|"
    "et cetera|a lot of|lots of|a bunch of|really|very|just|literally|honestly|to be honest|obviously|"
    "was responsible for|were responsible for|was involved in|were involved in|helped out|tried to|try to|trying to|"
    "worked on|some things|many things|pretty much|pretty good";

/* Keys between words: the phrase must end where a word ends. */
static int match_phrase(const rh_key *keys, size_t n, size_t i, const char *words)
{
    int used = 0;
    for (; *words && *words != '|'; used++, i++) {
        size_t len = strcspn(words, " |");
        if (i >= n || strlen(keys[i]) != len || memcmp(keys[i], words, len) != 0)
            return 0;
        words += len;
        words += *words == ' ';
    }
    return used;
}

int rh_phrase_at(const rh_key *keys, size_t n, size_t i, const char *phrases)
{
    int best = 0;
    for (const char *p = phrases; *p; p += *p == '|') {
        int used = *p == keys[i][0] ? match_phrase(keys, n, i, p) : 0;
        best = used > best ? used : best;
        p += strcspn(p, "|");
    }
    return best;
}

const char RH_STOP_WORDS[] =
    "about actually after again all also always an and another any are around as at back basically be because "
    "been before being but by can can't could couldn't did didn't do does doesn't doing don't done down each "
    "even every everything first for from get getting give going gonna good got had has have having he her here "
    "him his how i i'd i'll i'm i've if in into is it it's its just kind know like little make many maybe me "
    "mean more most much my need never not now of off okay on one only or other our out over own people pretty "
    "quite really right said same say see she should so some something sort still such take than that that's "
    "the their them then there there's these they they're thing things think this those through time to too two "
    "under until up us very want wanted was wasn't way we we're we've well went were what when where which "
    "while who why will with work would wouldn't yeah year years yes you you're your";

bool rh_is_stop_word(const char *key)
{
    return rh_word_in(key, RH_STOP_WORDS);
}

bool rh_is_strong_verb(const char *key)
{
    static const char strong[] =
        "accelerated achieved adapted analysed analyzed audited automated built championed closed coached "
        "collaborated completed convinced coordinated created cut debugged decided decreased delivered deployed "
        "designed developed diagnosed directed documented doubled drafted drove earned eliminated established "
        "exceeded expanded facilitated fixed founded generated grew guided halved headed hired identified "
        "implemented improved increased initiated interviewed introduced launched led managed mediated mentored "
        "migrated modernised modernized negotiated optimised optimized organised organized oversaw owned persuaded "
        "pioneered planned presented prevented produced profiled proposed prototyped raised rebuilt recruited "
        "redesigned reduced refactored removed renegotiated replaced researched resolved restored restructured "
        "rewrote saved secured shipped shortened simplified solved standardised standardized streamlined "
        "strengthened supervised surpassed tackled taught tested trained transformed tripled upgraded won";
    return rh_word_in(key, strong);
}

const char RH_NUMBERS[] =
    "billion dozen eight eighteen eighty eleven fifteen fifty five forty four fourteen half hundred million "
    "nine nineteen ninety percent seven seventeen seventy six sixteen sixty ten thirteen thirty thousand three "
    "twelve twenty twice two";

bool rh_is_number_word(const char *key)
{
    return rh_word_in(key, RH_NUMBERS);
}

bool rh_is_adjective_like(const char *key)
{
    static const char states[] =
        "advanced amazed based bored committed complicated concerned confused dedicated detailed disappointed done "
        "embarrassed excited exhausted experienced focused frustrated gone interested involved limited located lost "
        "married motivated organised organized overwhelmed pleased prepared qualified related relieved satisfied "
        "scared shocked skilled stressed supposed surprised tired used worried";
    return rh_word_in(key, states);
}

static bool is_regular(const char *key)
{
    size_t n = strlen(key);
    return n > 3 && strcmp(key + n - 2, "ed") == 0 && strcmp(key + n - 3, "eed") != 0;
}

bool rh_is_participle(const char *key)
{
    static const char irregular[] =
        "beaten born bought broken brought built caught chosen cut done drawn driven eaten fed felt forgotten found "
        "given grown heard held hidden hit hurt kept known laid led left lost made meant met paid put read run said "
        "seen sent set shot shown shut sold spent split spoken stolen taken taught thought thrown told torn "
        "understood won worn written";
    return is_regular(key) || rh_word_in(key, irregular);
}

bool rh_is_past_tense(const char *key)
{
    static const char irregular[] =
        "asked began broke brought built came caught chose cut did drew drove found gave got grew held kept knew "
        "laid led left let made met paid put ran read said sat saw sent set sold spent split spoke stood taught "
        "thought told took went won wrote";
    return is_regular(key) || rh_word_in(key, irregular);
}
