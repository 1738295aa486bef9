/* language_tables.c - word lists of the language measures, chosen by hand from
 * guides to interviewing and plain speaking; docs/scoring.md names their use.
 * Lists searched by bisection are in strcmp order. */
#include "language_internal.h"

#include <string.h>

const rh_phrase RH_HEDGES[] = {
    {"maybe", 1},         {"perhaps", 1},         {"possibly", 1},       {"probably", 1},
    {"presumably", 1},    {"hopefully", 1},       {"somewhat", 1},       {"kinda", 1},
    {"sorta", 1},         {"kind of", 1},         {"sort of", 1},        {"i guess", 1},
    {"i suppose", 1},     {"i think", 1},         {"i believe", 1},      {"i feel like", 1},
    {"i feel that", 1},   {"i would say", 1},     {"i'd say", 1},        {"i'm not sure", 1},
    {"not sure", 1},      {"not really sure", 1}, {"i don't know", 1},   {"more or less", 1},
    {"in a way", 1},      {"in some ways", 1},    {"a little bit", 1},   {"it seems", 1},
    {"seems like", 1},    {"seemed like", 1},     {"could be", 1},       {"might be", 1},
    {"might have", 1},    {"i might", 1},         {"to some extent", 1}, {"as far as i know", 1},
    {"i would think", 1}, {"i was hoping", 1},    {"or so", 1},
};
const size_t RH_N_HEDGES = sizeof RH_HEDGES / sizeof RH_HEDGES[0];

const rh_phrase RH_WEAK[] = {
    {"stuff", 1},
    {"stuff like that", 1},
    {"things like that", 1},
    {"or something", 1},
    {"or whatever", 1},
    {"whatever", 1},
    {"and so on", 1},
    {"and everything", 1},
    {"etcetera", 1},
    {"et cetera", 1},
    {"a lot of", 1},
    {"lots of", 1},
    {"a bunch of", 1},
    {"really", 1},
    {"very", 1},
    {"just", 1},
    {"literally", 1},
    {"honestly", 1},
    {"to be honest", 1},
    {"obviously", 1},
    {"was responsible for", 1},
    {"were responsible for", 1},
    {"was involved in", 1},
    {"were involved in", 1},
    {"helped out", 1},
    {"tried to", 1},
    {"try to", 1},
    {"trying to", 1},
    {"worked on", 1},
    {"some things", 1},
    {"many things", 1},
    {"pretty much", 1},
    {"pretty good", 1},
};
const size_t RH_N_WEAK = sizeof RH_WEAK / sizeof RH_WEAK[0];

/* Keys between words: the phrase must end where a word ends. */
static int match_phrase(const rh_key *keys, size_t n, size_t i, const char *words)
{
    int used = 0;
    while (*words) {
        size_t len = strcspn(words, " ");
        if (i >= n || strlen(keys[i]) != len || memcmp(keys[i], words, len) != 0)
            return 0;
        words += len;
        words += *words == ' ';
        used++;
        i++;
    }
    return used;
}

int rh_phrase_at(const rh_key *keys, size_t n, size_t i, const rh_phrase *table, size_t n_table)
{
    int best = 0;
    for (size_t k = 0; k < n_table; k++) {
        if (table[k].words[0] != keys[i][0])
            continue;
        int used = match_phrase(keys, n, i, table[k].words);
        if (used > best)
            best = used;
    }
    return best;
}

bool rh_is_stop_word(const char *key)
{
    static const char *const stop[] = {
        "about",  "actually", "after",     "again",   "all",       "also",       "always",
        "an",     "and",      "another",   "any",     "are",       "around",     "as",
        "at",     "back",     "basically", "be",      "because",   "been",       "before",
        "being",  "but",      "by",        "can",     "can't",     "could",      "couldn't",
        "did",    "didn't",   "do",        "does",    "doesn't",   "doing",      "don't",
        "done",   "down",     "each",      "even",    "every",     "everything", "first",
        "for",    "from",     "get",       "getting", "give",      "going",      "gonna",
        "good",   "got",      "had",       "has",     "have",      "having",     "he",
        "her",    "here",     "him",       "his",     "how",       "i",          "i'd",
        "i'll",   "i'm",      "i've",      "if",      "in",        "into",       "is",
        "it",     "it's",     "its",       "just",    "kind",      "know",       "like",
        "little", "make",     "many",      "maybe",   "me",        "mean",       "more",
        "most",   "much",     "my",        "need",    "never",     "not",        "now",
        "of",     "off",      "okay",      "on",      "one",       "only",       "or",
        "other",  "our",      "out",       "over",    "own",       "people",     "pretty",
        "quite",  "really",   "right",     "said",    "same",      "say",        "see",
        "she",    "should",   "so",        "some",    "something", "sort",       "still",
        "such",   "take",     "than",      "that",    "that's",    "the",        "their",
        "them",   "then",     "there",     "there's", "these",     "they",       "they're",
        "thing",  "things",   "think",     "this",    "those",     "through",    "time",
        "to",     "too",      "two",       "under",   "until",     "up",         "us",
        "very",   "want",     "wanted",    "was",     "wasn't",    "way",        "we",
        "we're",  "we've",    "well",      "went",    "were",      "what",       "when",
        "where",  "which",    "while",     "who",     "why",       "will",       "with",
        "work",   "would",    "wouldn't",  "yeah",    "year",      "years",      "yes",
        "you",    "you're",   "your"};
    return RH_WORD_IN(key, stop);
}

bool rh_is_strong_verb(const char *key)
{
    static const char *const strong[] = {
        "accelerated", "achieved", "adapted", "analysed", "analyzed", "audited", "automated",
        "built", "championed", "closed", "coached", "collaborated", "completed", "convinced",
        "coordinated", "created", "cut", "debugged", "decided", "decreased", "delivered",
        "deployed", "designed", "developed", "diagnosed", "directed", "documented", "doubled",
        "drafted", "drove", "earned", "eliminated", "established", "exceeded", "expanded",
        "facilitated", "fixed", "founded", "generated", "grew", "guided", "halved", "headed",
        "hired", "identified", "implemented", "improved", "increased", "initiated", "interviewed",
        "introduced", "launched", "led", "managed", "mediated", "mentored", "migrated",
        "modernised", "modernized", "negotiated", "optimised", "optimized", "organised",
        "organized", "oversaw", "owned", "persuaded", "pioneered", "planned", "presented",
        "prevented", "produced", "profiled", "proposed", "prototyped", "raised", "rebuilt",
        "recruited", "redesigned", "reduced", "refactored", "removed", "renegotiated", "replaced",
        "researched", "resolved", "restored", "restructured", "rewrote", "saved", "secured",
        "shipped", "shortened", "simplified", "solved", "standardised", "standardized",
        "streamlined", "strengthened", "supervised", "surpassed", "tackled", "taught", "tested",
        "trained", "transformed", "tripled", "upgraded", "won"};
    return RH_WORD_IN(key, strong);
}

bool rh_is_number_word(const char *key)
{
    static const char *const numbers[] = {
        "billion",  "dozen", "eight",    "eighteen", "eighty",   "eleven",   "fifteen",
        "fifty",    "five",  "forty",    "four",     "fourteen", "half",     "hundred",
        "million",  "nine",  "nineteen", "ninety",   "percent",  "seven",    "seventeen",
        "seventy",  "six",   "sixteen",  "sixty",    "ten",      "thirteen", "thirty",
        "thousand", "three", "twelve",   "twenty",   "twice",    "two"};
    return RH_WORD_IN(key, numbers);
}

bool rh_is_adjective_like(const char *key)
{
    static const char *const states[] = {
        "advanced",    "amazed",     "based",     "bored",       "committed",    "complicated",
        "concerned",   "confused",   "dedicated", "detailed",    "disappointed", "done",
        "embarrassed", "excited",    "exhausted", "experienced", "focused",      "frustrated",
        "gone",        "interested", "involved",  "limited",     "located",      "lost",
        "married",     "motivated",  "organised", "organized",   "overwhelmed",  "pleased",
        "prepared",    "qualified",  "related",   "relieved",    "satisfied",    "scared",
        "shocked",     "skilled",    "stressed",  "supposed",    "surprised",    "tired",
        "used",        "worried"};
    return RH_WORD_IN(key, states);
}

bool rh_is_participle(const char *key)
{
    static const char *const irregular[] = {
        "beaten", "born",  "bought", "broken",  "brought", "built",  "caught", "chosen",
        "cut",    "done",  "drawn",  "driven",  "eaten",   "fed",    "felt",   "forgotten",
        "found",  "given", "grown",  "heard",   "held",    "hidden", "hit",    "hurt",
        "kept",   "known", "laid",   "led",     "left",    "lost",   "made",   "meant",
        "met",    "paid",  "put",    "read",    "run",     "said",   "seen",   "sent",
        "set",    "shot",  "shown",  "shut",    "sold",    "spent",  "split",  "spoken",
        "stolen", "taken", "taught", "thought", "thrown",  "told",   "torn",   "understood",
        "won",    "worn",  "written"};
    size_t n = strlen(key);
    bool regular = n > 3 && strcmp(key + n - 2, "ed") == 0 && strcmp(key + n - 3, "eed") != 0;
    return regular || RH_WORD_IN(key, irregular);
}

bool rh_is_past_tense(const char *key)
{
    static const char *const irregular[] = {
        "asked",   "began", "broke", "brought", "built", "came",  "caught", "chose",
        "cut",     "did",   "drew",  "drove",   "found", "gave",  "got",    "grew",
        "held",    "kept",  "knew",  "laid",    "led",   "left",  "let",    "made",
        "met",     "paid",  "put",   "ran",     "read",  "said",  "sat",    "saw",
        "sent",    "set",   "sold",  "spent",   "split", "spoke", "stood",  "taught",
        "thought", "told",  "took",  "went",    "won",   "wrote"};
    size_t n = strlen(key);
    bool regular = n > 3 && strcmp(key + n - 2, "ed") == 0 && strcmp(key + n - 3, "eed") != 0;
    return regular || RH_WORD_IN(key, irregular);
}
