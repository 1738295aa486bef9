/* deeds.c - what somebody says they did: "I also rewrote the queue". */
#include "phrases_internal.h"

#include <stdio.h>
#include <string.h>

enum { MAX_QUOTE_WORDS = 12 };

#define CHANGE RH_VERB_CHANGE
#define NO_DEED RH_VERB_NO_DEED
#define STEP RH_VERB_STEP
/* Only verbs that need nothing behind their object: not "give", "make sure", "put". */
/* clang-format off */
static const rh_verb VERBS[] = {
    {"accelerate", "accelerated", NULL, NULL, CHANGE}, {"analyse", "analysed", NULL, NULL, 0},
    {"analyze", "analyzed", NULL, NULL, 0},          {"arrange", "arranged", NULL, NULL, 0},
    {"audit", "audited", NULL, NULL, 0},             {"automate", "automated", NULL, NULL, 0},
    {"boost", "boosted", NULL, NULL, CHANGE},        {"build", "built", NULL, NULL, 0},
    {"carry", "carried", NULL, "out", 0},            {"chair", "chaired", NULL, NULL, 0},
    {"change", "changed", NULL, NULL, 0},
    {"clean", "cleaned", NULL, "up", 0},             {"close", "closed", NULL, NULL, 0},
    {"coach", "coached", NULL, NULL, 0},             {"collaborate", "collaborated", NULL, "with", NO_DEED},
    {"collect", "collected", NULL, NULL, 0},         {"come", "came", "come", "up with", 0},
    {"compete", "competed", NULL, "in", NO_DEED},    {"complete", "completed", NULL, NULL, 0},
    {"conduct", "conducted", NULL, NULL, 0},         {"configure", "configured", NULL, NULL, 0},
    {"convince", "convinced", NULL, NULL, 0},        {"coordinate", "coordinated", NULL, NULL, 0},
    {"create", "created", NULL, NULL, 0},            {"cut", "cut", NULL, NULL, CHANGE},
    {"deal", "dealt", NULL, "with", 0},              {"debug", "debugged", NULL, NULL, 0},
    {"decrease", "decreased", NULL, NULL, CHANGE},   {"deliver", "delivered", NULL, NULL, 0},
    {"deploy", "deployed", NULL, NULL, 0},           {"design", "designed", NULL, NULL, 0},
    {"develop", "developed", NULL, NULL, 0},         {"diagnose", "diagnosed", NULL, NULL, 0},
    {"direct", "directed", NULL, NULL, 0},           {"document", "documented", NULL, NULL, 0},
    {"draft", "drafted", NULL, NULL, 0},             {"draw", "drew", "drawn", "up", 0},
    {"edit", "edited", NULL, NULL, 0},               {"eliminate", "eliminated", NULL, NULL, 0},
    {"establish", "established", NULL, NULL, 0},     {"evaluate", "evaluated", NULL, NULL, 0},
    {"expand", "expanded", NULL, NULL, CHANGE},      {"figure", "figured", NULL, "out", 0},
    {"finish", "finished", NULL, NULL, 0},           {"fix", "fixed", NULL, NULL, 0},
{"gather", "gathered", NULL, NULL, 0},
    {"grow", "grew", "grown", NULL, CHANGE},         {"handle", "handled", NULL, NULL, 0},
    {"help", "helped", NULL, "with", NO_DEED},       {"hire", "hired", NULL, NULL, 0},
    {"host", "hosted", NULL, NULL, 0},               {"identify", "identified", NULL, NULL, 0},
    {"implement", "implemented", NULL, NULL, 0},     {"improve", "improved", NULL, NULL, CHANGE},
    {"increase", "increased", NULL, NULL, CHANGE},   {"install", "installed", NULL, NULL, 0},
    {"integrate", "integrated", NULL, NULL, 0},      {"interview", "interviewed", NULL, NULL, 0},
    {"introduce", "introduced", NULL, NULL, 0},      {"invent", "invented", NULL, NULL, 0},
    {"investigate", "investigated", NULL, NULL, 0},  {"join", "joined", NULL, NULL, NO_DEED},
    {"launch", "launched", NULL, NULL, 0},           {"lead", "led", NULL, NULL, 0},
    {"look", "looked", NULL, "into", 0},             {"lower", "lowered", NULL, NULL, CHANGE},
    {"manage", "managed", NULL, NULL, 0},            {"measure", "measured", NULL, NULL, 0},
    {"mentor", "mentored", NULL, NULL, 0},           {"migrate", "migrated", NULL, NULL, 0},
    {"moderate", "moderated", NULL, NULL, 0},        {"modify", "modified", NULL, NULL, 0},
    {"negotiate", "negotiated", NULL, NULL, 0},      {"optimise", "optimised", NULL, NULL, CHANGE},
    {"optimize", "optimized", NULL, NULL, CHANGE},   {"organise", "organised", NULL, NULL, 0},
    {"organize", "organized", NULL, NULL, 0},        {"oversee", "oversaw", "overseen", NULL, 0},
    {"participate", "participated", NULL, "in", NO_DEED}, {"persuade", "persuaded", NULL, NULL, 0},
    {"pitch", "pitched", NULL, NULL, 0},             {"plan", "planned", NULL, NULL, 0},
    {"prepare", "prepared", NULL, NULL, 0},          {"present", "presented", NULL, NULL, 0},
    {"produce", "produced", NULL, NULL, 0},          {"program", "programmed", NULL, NULL, 0},
    {"propose", "proposed", NULL, NULL, 0},          {"prototype", "prototyped", NULL, NULL, 0},
    {"publish", "published", NULL, NULL, 0},         {"put", "put", NULL, "together", 0},
    {"raise", "raised", NULL, NULL, CHANGE},         {"rebuild", "rebuilt", NULL, NULL, 0},
    {"recruit", "recruited", NULL, NULL, 0},         {"redesign", "redesigned", NULL, NULL, 0},
    {"reduce", "reduced", NULL, NULL, CHANGE},       {"refactor", "refactored", NULL, NULL, 0},
    {"remove", "removed", NULL, NULL, 0},            {"reorganize", "reorganized", NULL, NULL, 0},
    {"replace", "replaced", NULL, NULL, 0},          {"research", "researched", NULL, NULL, 0},
    {"resolve", "resolved", NULL, NULL, 0},          {"restructure", "restructured", NULL, NULL, 0},
    {"review", "reviewed", NULL, NULL, 0},           {"rewrite", "rewrote", "rewritten", NULL, 0},
    {"roll", "rolled", NULL, "out", 0},              {"run", "ran", "run", NULL, 0},
    {"schedule", "scheduled", NULL, NULL, 0},        {"set", "set", NULL, "up", 0},
    {"ship", "shipped", NULL, NULL, 0},              {"shorten", "shortened", NULL, NULL, CHANGE},
    {"simplify", "simplified", NULL, NULL, 0},       {"solve", "solved", NULL, NULL, 0},
    {"speed", "sped", NULL, "up", CHANGE},           {"standardize", "standardized", NULL, NULL, 0},
    {"start", "started", NULL, NULL, 0},             {"streamline", "streamlined", NULL, NULL, CHANGE},
    {"study", "studied", NULL, NULL, NO_DEED},       {"supervise", "supervised", NULL, NULL, 0},
    {"switch", "switched", NULL, "to", 0},           {"take", "took", "taken", NULL, NO_DEED},        {"take", "took", "taken", "care of", 0},
    {"take", "took", "taken", "charge of", 0},       {"take", "took", "taken", "on", 0},
    {"take", "took", "taken", "over", 0},            {"take", "took", "taken", "part in", NO_DEED},
    {"test", "tested", NULL, NULL, 0},               {"track", "tracked", NULL, "down", 0},
    {"train", "trained", NULL, NULL, 0},             {"transform", "transformed", NULL, NULL, 0},
    {"translate", "translated", NULL, NULL, 0},      {"upgrade", "upgraded", NULL, NULL, 0},
    {"volunteer", "volunteered", NULL, "at", NO_DEED}, {"win", "won", NULL, NULL, NO_DEED},
    {"work", "worked", NULL, "on", NO_DEED},         {"work", "worked", NULL, "with", NO_DEED},
    {"call", "called", NULL, NULL, STEP},            {"check", "checked", NULL, NULL, STEP},
    {"contact", "contacted", NULL, NULL, STEP},      {"contribute", "contributed", NULL, "to", NO_DEED},
    {"delegate", "delegated", NULL, NULL, 0},        {"escalate", "escalated", NULL, NULL, STEP},
    {"focus", "focused", NULL, "on", 0},             {"go", "went", "gone", "to", STEP},
    {"establish", "founded", NULL, NULL, 0},         {"intern", "interned", NULL, "at", NO_DEED},
    {"intern", "interned", NULL, "with", NO_DEED},   {"maintain", "maintained", NULL, NULL, 0},
    {"meet", "met", NULL, "with", STEP},             {"reach", "reached", NULL, "out to", STEP},
    {"report", "reported", NULL, NULL, STEP},        {"restore", "restored", NULL, NULL, 0},
    {"serve", "served", NULL, "as", NO_DEED},        {"serve", "served", NULL, "on", NO_DEED},
    {"sit", "sat", NULL, "down with", STEP},         {"speak", "spoke", "spoken", "to", STEP},
    {"speak", "spoke", "spoken", "with", STEP},      {"talk", "talked", NULL, "to", STEP},
    {"talk", "talked", NULL, "with", STEP},          {"volunteer", "volunteered", NULL, "for", NO_DEED},
    {"volunteer", "volunteered", NULL, "with", NO_DEED}, {"work", "worked", NULL, "as", NO_DEED},
    {"work", "worked", NULL, "at", NO_DEED},         {"work", "worked", NULL, "for", NO_DEED},
    {"work", "worked", NULL, "in", NO_DEED},
    {"write", "wrote", "written", NULL, 0},
    {"assemble", "assembled", NULL, NULL, 0},        {"calibrate", "calibrated", NULL, NULL, 0},
    {"compare", "compared", NULL, NULL, 0},          {"cover", "covered", NULL, NULL, 0},
    {"digitise", "digitised", NULL, NULL, 0},        {"digitize", "digitized", NULL, NULL, 0},
    {"film", "filmed", NULL, NULL, 0},               {"make", "made", NULL, NULL, 0},
    {"open", "opened", NULL, NULL, 0},               {"outline", "outlined", NULL, NULL, 0},
    {"renovate", "renovated", NULL, NULL, 0},        {"reorganise", "reorganised", NULL, NULL, 0},
    {"repair", "repaired", NULL, NULL, 0},           {"reschedule", "rescheduled", NULL, NULL, 0},
    {"scan", "scanned", NULL, NULL, 0},              {"shadow", "shadowed", NULL, NULL, 0},
    {"sketch", "sketched", NULL, NULL, 0},           {"standardise", "standardised", NULL, NULL, 0},
    {"track", "tracked", NULL, NULL, 0},
};
/* clang-format on */

static bool is(const rh_token *t, const char *key)
{
    return strcmp(t->key, key) == 0;
}

/* "building", "running", "writing" of build, run, write. */
static bool is_ing_of(const char *key, const char *base)
{
    size_t n = strlen(base);
    bool silent = base[n - 1] == 'e';
    size_t kept = silent ? n - 1 : n;
    if (strncmp(key, base, kept) != 0)
        return false;
    return strcmp(key + kept, "ing") == 0 || (key[kept] == base[n - 1] && strcmp(key + kept + 1, "ing") == 0);
}

/* The words of the particle at `i`: their number; 0 = another word. */
static size_t particle_at(const rh_token *t, size_t n, size_t i, const char *particle)
{
    size_t used = 0;
    while (*particle) {
        size_t len = strcspn(particle, " ");
        if (i >= n || strlen(t[i].key) != len || memcmp(t[i].key, particle, len) != 0 || (i > 0 && t[i - 1].stops))
            return 0;
        particle += len + (particle[len] == ' ');
        used++;
        i++;
    }
    return used;
}

size_t rh_verb_at(const rh_token *t, size_t n, size_t i, int form, const rh_verb **out)
{
    size_t best = 0;
    if (i >= n)
        return 0;
    for (size_t k = 0; k < sizeof VERBS / sizeof *VERBS; k++) {
        const rh_verb *v = &VERBS[k];
        const char *key = form == 0 ? v->base : form == 1 || !v->participle ? v->past : v->participle;
        if (form == 3 ? !is_ing_of(t[i].key, v->base) : strcmp(t[i].key, key) != 0)
            continue;
        size_t particle = v->particle ? particle_at(t, n, i + 1, v->particle) : 0;
        if ((v->particle && !particle) || 1 + particle <= best)
            continue;
        best = 1 + particle;
        *out = v;
    }
    return best;
}

static size_t past_adverbs(const rh_token *t, size_t n, size_t i)
{
    static const char skipped[] =
        "actually also always basically eventually finally first immediately just mainly mostly personally quickly "
        "really recently simply successfully then usually";
    while (i < n && rh_word_in(t[i].key, skipped) && !t[i].ends)
        i++;
    return i;
}

/* Nothing before the subject makes it a wish, a condition or somebody else's. */
static bool subject_stands(const rh_token *t, size_t i)
{
    static const char unreal[] = "can could did do if should unless whether would";
    return i == 0 || t[i].opens || !rh_word_in(t[i - 1].key, unreal);
}

static int form_behind(const rh_token *t, size_t n, size_t *i, bool *past, const char **auxiliary)
{
    static const struct {
        const char *said, *told;
        int form;
        bool past;
    } auxiliaries[] = {{"am", "are", 3, false},
                       {"are", "are", 3, false},
                       {"was", "were", 3, true},
                       {"were", "were", 3, true},
                       {"have", "have", 2, true}};
    *auxiliary = "";
    *past = true;
    for (size_t k = 0; *i < n && k < sizeof auxiliaries / sizeof *auxiliaries; k++)
        if (is(&t[*i], auxiliaries[k].said)) {
            *i = past_adverbs(t, n, *i + 1);
            *auxiliary = auxiliaries[k].told;
            *past = auxiliaries[k].past;
            return auxiliaries[k].form;
        }
    return 1;
}

/* "the thing", "a good time"; not "the waiting time", "a team of five". */
bool rh_is_vague(const rh_token *t, const rh_noun_phrase *p)
{
    const char *head = t[p->head].key;
    if (!rh_word_listed(RH_LIST_VAGUE, head))
        return false;
    if (p->extended && rh_word_listed(RH_LIST_PARTS_OF, head)) {
        const char *last = t[p->end - 1].key;
        bool counted = rh_is_plural(last) || (t[p->end - 1].pos & RH_POS_NUMBER);
        return rh_word_listed(RH_LIST_HAVES, last) || !counted ||
               (rh_word_listed(RH_LIST_VAGUE, last) && strcmp(last, "people") != 0);
    }
    static const char measured[] = "time times order orders list set area terms";
    bool said = p->head > p->core && !(t[p->head - 1].pos & RH_POS_ADJECTIVE) &&
                !rh_word_listed(RH_LIST_NO_MODIFIERS, t[p->head - 1].key);
    return !(said && rh_word_in(head, measured));
}

/* "decided to", "helped", "trying to" before a verb in its base form: how many words. */
static size_t words_before(const rh_token *t, size_t n, size_t i, int form)
{
    static const char past[] = "agreed chose decided had helped managed needed offered tried";
    const rh_verb *verb;
    if (i + 2 >= n || t[i].stops)
        return 0;
    bool to = is(&t[i + 1], "to") && !t[i + 1].stops;
    if (form == 1 && is(&t[i], "helped") && rh_verb_at(t, n, i + 1, 0, &verb))
        return 1;
    if (form == 3 && (is(&t[i], "trying") || is(&t[i], "able")) && to)
        return 2;
    return form == 1 && rh_word_in(t[i].key, past) && to ? 2 : 0;
}

/* The verb at `i` with its object, in place. */
static bool verb_with_object(const rh_token *t, size_t n, size_t i, int form, rh_deed *d)
{
    static const char carried_on[] = "of for with in on at to from about between into";
    const rh_verb *second;
    size_t before = form == 0 ? 0 : words_before(t, n, i, form);
    if (form == 0)
        before = i + 2 < n && (is(&t[i], "try") || is(&t[i], "tend")) && is(&t[i + 1], "to") ? 2 : 0;
    d->verb_at = i;
    d->meant = before > 0;
    if (before) {
        i += before;
        form = 0;
    }
    size_t used = rh_verb_at(t, n, i, form, &d->verb);
    if (!used || t[i + used - 1].stops)
        return false;
    i += used;
    if (i + 1 < n && is(&t[i], "and") && (used = rh_verb_at(t, n, i + 1, form, &second)) > 0)
        i += 1 + used; /* "designed and built" */
    if (!rh_noun_phrase_at(t, n, i, carried_on, &d->object) && !rh_noun_phrase_at(t, n, i, "", &d->object))
        return false;
    bool team = d->verb->particle && strcmp(d->verb->particle, "as") == 0 && is(&t[d->object.head], "team");
    bool lesson = rh_word_in(t[d->object.head].key, "class classes course courses seminar lead");
    bool took = strcmp(d->verb->base, "take") == 0 && !d->verb->particle;
    static const char makeable[] =
        "chart cheat-sheet film list map mock-up mockup model movie plan poster presentation recipe rota "
        "schedule spreadsheet timetable";
    const char *head = t[d->object.head].key;
    bool made =
        strcmp(d->verb->base, "make") == 0 && !rh_word_in(head, makeable) && !rh_word_listed(RH_LIST_WORKS, head);
    if (rh_is_vague(t, &d->object) || team || (took && !lesson) || made)
        return false;
    return d->object.end - d->verb_at <= MAX_QUOTE_WORDS;
}

bool rh_deed_at(const rh_token *t, size_t n, size_t i, rh_deed *out)
{
    static const struct {
        const char *said;
        bool we;
        int form; /* 0 = to be found */
        const char *auxiliary;
        bool past;
    } subjects[] = {{"i", false, 0, "", true},        {"we", true, 0, "", true},
                    {"i'm", false, 3, "are", false},  {"we're", true, 3, "are", false},
                    {"i've", false, 2, "have", true}, {"we've", true, 2, "have", true}};
    for (size_t k = 0; k < sizeof subjects / sizeof *subjects; k++) {
        rh_deed d = {.we = subjects[k].we, .subject = i, .auxiliary = subjects[k].auxiliary, .past = subjects[k].past};
        if (!is(&t[i], subjects[k].said) || !subject_stands(t, i) || t[i].stops)
            continue;
        d.we = d.we || (i > 0 && is(&t[i - 1], "and") && !t[i].opens && i > 1 && !(t[i - 2].pos & RH_POS_CLOSED) &&
                        !t[i - 2].stops && i > 2 && (t[i - 3].pos & RH_POS_DETERMINER)); /* my friend and I */
        size_t v = past_adverbs(t, n, i + 1);
        int form = subjects[k].form;
        if (!form)
            form = form_behind(t, n, &v, &d.past, &d.auxiliary);
        if (verb_with_object(t, n, v, form, &d)) {
            *out = d;
            return true;
        }
        static const char at_once[] = "close come complete cut finish found join launch put set start switch take win";
        if (!subjects[k].form && !*d.auxiliary && form != 3 && v < n && !rh_word_in(t[v].key, at_once) &&
            verb_with_object(t, n, v, 0, &d)) { /* "I manage a team" */
            d.past = false;
            *out = d;
            return true;
        }
    }
    return false;
}
