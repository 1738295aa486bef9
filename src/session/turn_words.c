#include "turn_words.h"

#include <string.h>
#include "rehearse/base/words.h"

/* Words after which a sentence goes on: articles, conjunctions, prepositions that never come last,
 * subjects with their verb. `seldom_last`: those that mostly go on ("that is what I was looking for"). */
static const struct {
    const char *language, *never_last, *seldom_last;
} LISTS[] = {
    {"en",
     "a an the my your our their every and or nor but because although unless until whereas if whether than of from "
     "into onto upon i we i'm i've i'd i'll we're we've we'd we'll they're they've you're he's she's it's that's "
     "there's let's who's which very such quite gonna via per towards mr mrs ms dr",
     "this these his its what who whose when where why how as since while whom for to with without about at by between "
     "among during after against like then he they she is are was were am be been being have has had did will would can could "
     "shall should may might must really rather just also not don't didn't doesn't wasn't weren't couldn't wouldn't "
     "can't won't isn't aren't in under through some any no more most another other each both much many first next "
     "think kind sort able going get getting got make making try trying want wanted need pretty maybe probably "
     "especially mean feel only still always few couple little big main interested looking used let went came put took "
     "find give called said within whatever basically actually"},
    {"de",
     "der den dem des ein eine einen einem einer eines mein meine meinen meinem meiner unsere unseren unserem dieser "
     "diese diesen diesem jeder jede jeden und oder sondern weil obwohl dass wenn während bevor nachdem damit sodass "
     "denn im am beim vom zum zur für wegen trotz wir er man",
     "die das als aber also ob bis durch gegen ohne um mit nach von bei auf in an aus über unter vor hinter zwischen "
     "ich sie es sehr so sein seine ihr ihre"},
    {"es",
     "el la los las un unos unas mi mis tu tus su sus nuestro nuestra nuestros nuestras y e o u pero sino porque "
     "aunque que de del al en con por para sin sobre entre hasta desde hacia según muy tan se me nos le",
     "si cuando donde como mientras una este esta estos estas es son era eran fue fueron está están estaba ha han "
     "había hay yo lo a contra cual quien"},
    {"fr",
     "le la les l un une des du de d mon ma mes ton ta tes son sa ses notre nos votre vos leurs cet cette ces et ou mais "
     "car parce que qu quand lorsque puisque dont à au aux en dans sur chez par je j il on très se me ne",
     "leur ce si comme où qui sous avec sans pour entre vers nous elle est sont était étaient a ont avait ai avons "
     "plus depuis pendant c'est"},
};

/* Nothing is known of the words of other languages. */
static rh_turn_open openness(const char *word, const char *language)
{
    for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++)
        if (strcmp(LISTS[i].language, *language ? language : "en") == 0)
            return rh_word_in(word, LISTS[i].never_last)    ? RH_OPEN
                   : rh_word_in(word, LISTS[i].seldom_last) ? RH_MAYBE_OPEN
                                                            : RH_CLOSED;
    return RH_CLOSED;
}

static bool is_one_of(char c, const char *signs)
{
    return c && strchr(signs, c);
}

/* What stands behind the last word, whose end comes back in *n. */
static rh_turn_stop stop_of(const char *text, size_t *n)
{
    static const char ELLIPSIS[] = "\xE2\x80\xA6", DASH[] = "\xE2\x80\x94";
    rh_turn_stop stop = RH_STOP_NONE;
    size_t dots = 0, at = *n;
    for (; at > 0; at--) {
        char c = text[at - 1];
        if (at >= 3 && (memcmp(text + at - 3, ELLIPSIS, 3) == 0 || memcmp(text + at - 3, DASH, 3) == 0)) {
            stop = RH_STOP_TRAILING;
            at -= 2;
        } else if (is_one_of(c, ".!?")) {
            dots += c == '.';
            stop = stop == RH_STOP_TRAILING || dots > 1 ? RH_STOP_TRAILING : RH_STOP_FULL;
        } else if (is_one_of(c, ",;:")) {
            stop = stop == RH_STOP_NONE ? RH_STOP_COMMA : stop;
        } else if (c == '-') {
            stop = RH_STOP_TRAILING;
        } else if (!is_one_of(c, " \"')\n")) {
            break;
        }
    }
    *n = at;
    return stop;
}

static size_t word_start(const char *text, size_t end)
{
    while (end > 0 && !is_one_of(text[end - 1], " \n"))
        end--;
    return end;
}

rh_turn_words rh_turn_words_of(const char *text, size_t n, const char *language)
{
    rh_turn_words w = {0};
    char word[RH_WORD_BYTES];
    w.stop = stop_of(text, &n);
    size_t from = word_start(text, n);
    (void)rh_word_form(text + from, n - from, "'", word);
    w.filler = rh_hesitation_of(word) != RH_SOUND_NONE;
    w.open = openness(word, language);
    while (n > 0) { /* back to the full stop before */
        from = word_start(text, n);
        w.n_words += rh_word_form(text + from, n - from, "'", word) > 0;
        while (from > 0 && is_one_of(text[from - 1], " \n"))
            from--;
        if (from > 0 && is_one_of(text[from - 1], ".!?"))
            break;
        n = from;
    }
    return w;
}
