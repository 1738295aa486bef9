#include "plan.h"

#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/json.h"
#include "rehearse/speech/key_terms.h"

enum { OWN_ROLE = 3, FRESH_NAMES = 4, AD_WEIGHT = 2, CV_WEIGHT = 1, ID_BYTES = RH_KEY_TERM_BYTES + 8 };

/* What the interview is about. */
typedef struct {
    rh_key_words words; /* of advertisement and CV */
    rh_key_term names[RH_KEY_NAMES];
    size_t n_names;
} matter;

/* O opening, B behavioural, S situational, R of the role, C closing; in small letters where what the advertisement
 * names is asked about, if it names something. */
static const struct {
    int n;
    const char *slots;
} shapes[] = {{1, "B"}, {3, "ObR"}, {5, "ObSRC"}, {8, "OBRSbrSC"}};

static const char *kind_of(char slot)
{
    switch (slot | 0x20) {
    case 'o': return "opening";
    case 's': return "situational";
    case 'r': return "role";
    case 'c': return "closing";
    default: return "behavioural";
    }
}

/* A number of its own for each text, whatever the order. */
static uint64_t drawn(uint64_t seed, const char *text)
{
    uint64_t x = seed * 0x9e3779b97f4a7c15u + 0xcbf29ce484222325u;
    for (; *text; text++)
        x = (x ^ (unsigned char)*text) * 0x100000001b3u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static bool has_question(const json_t *plan, const char *id)
{
    size_t i;
    json_t *q;
    json_array_foreach(plan, i, q)
        if (strcmp(rh_json_str(q, "question_id"), id) == 0)
            return true;
    return false;
}

/* How many interviews ago it was asked last; more than there are = never. */
static size_t asked_ago(const json_t *recent, const char *id)
{
    size_t i;
    json_t *interview;
    json_array_foreach(recent, i, interview)
        if (has_question(json_object_get(interview, "plan"), id))
            return i;
    return json_array_size(recent);
}

typedef struct {
    size_t ago;
    int score;
    uint64_t luck;
} rank;

static bool is_better(rank a, rank b)
{
    if (a.ago != b.ago)
        return a.ago > b.ago;
    return a.score != b.score ? a.score > b.score : a.luck > b.luck;
}

static const json_t *best_of_kind(const rh_plan_wish *w, const matter *m, const json_t *plan, const char *kind)
{
    const json_t *best = NULL;
    rank best_rank = {0};
    size_t i;
    json_t *q;
    json_array_foreach(w->bank, i, q) {
        const char *id = rh_json_str(q, "id"), *text = rh_json_str(q, "text");
        if (strcmp(rh_json_str(q, "kind"), kind) != 0 || has_question(plan, id))
            continue;
        bool own = strcmp(rh_json_str(q, "role"), w->role) == 0;
        rank r = {asked_ago(w->recent, id), OWN_ROLE * own + rh_key_words_met(&m->words, text), drawn(w->seed, id)};
        if (!best || is_better(r, best_rank)) {
            best = q;
            best_rank = r;
        }
    }
    return best;
}

/* A role without questions of a kind has others. */
static const json_t *from_bank(const rh_plan_wish *w, const matter *m, const json_t *plan, char slot)
{
    static const char others[] = "SBOC";
    const json_t *q = best_of_kind(w, m, plan, kind_of(slot));
    for (size_t i = 0; !q && others[i]; i++)
        q = best_of_kind(w, m, plan, kind_of(others[i]));
    return q;
}

/* ---- from what the advertisement names ---- */

static void id_of(const rh_key_term *name, char out[ID_BYTES])
{
    (void)snprintf(out, ID_BYTES, "ad:%s", name->text);
}

/* One of the first few that was not asked about lately. */
static const rh_key_term *pick_name(const rh_plan_wish *w, const matter *m, const json_t *plan)
{
    const rh_key_term *best = NULL;
    rank best_rank = {0};
    size_t left = 0;
    for (size_t i = 0; i < m->n_names && left < FRESH_NAMES; i++) {
        char id[ID_BYTES];
        id_of(&m->names[i], id);
        if (has_question(plan, id))
            continue;
        left++;
        rank r = {asked_ago(w->recent, id), (int)m->names[i].weight, drawn(w->seed, id)};
        if (!best || is_better(r, best_rank)) {
            best = &m->names[i];
            best_rank = r;
        }
    }
    return best;
}

typedef struct {
    const char *before, *after;
} pattern;

static pattern pattern_of(const rh_key_term *name, bool behavioural)
{
    if (name->skill)
        return behavioural ? (pattern){"The advertisement asks for ", ". Tell me about a time that shows yours."}
                           : (pattern){"The advertisement asks for ", ". How do you go about such work, step by step?"};
    if (!behavioural)
        return (pattern){"The advertisement names ", ". How do you work with it, and where do you see its limits?"};
    return name->n_said ? (pattern){"Both the advertisement and your CV name ",
                                    ". What is the hardest thing you have done with it?"}
                        : (pattern){"The advertisement asks for ", ". Tell me about a time you used it."};
}

static json_t *made_from(const rh_key_term *name, const char *kind)
{
    char id[ID_BYTES], text[RH_KEY_TERM_BYTES + 128];
    pattern p = pattern_of(name, strcmp(kind, "behavioural") == 0);
    id_of(name, id);
    (void)snprintf(text, sizeof text, "%s%s%s", p.before, name->text, p.after);
    return json_pack("{s:s, s:s, s:s, s:s, s:[s, s, s]}", "question_id", id, "kind", kind, "text", text, "term",
                     name->text, "shows", "One real case, and your own part in it",
                     "Details that only somebody knows who has done it",
                     "What came of it, with a figure, or what you would have to learn");
}

static rh_status about(const rh_plan_wish *w, matter *m, rh_error *err)
{
    rh_status st = rh_key_names_of(w->job_ad, w->cv, m->names, &m->n_names, err);
    if (st == RH_OK)
        st = rh_key_words_add(&m->words, w->job_ad, AD_WEIGHT, err);
    return st == RH_OK ? rh_key_words_add(&m->words, w->cv, CV_WEIGHT, err) : st;
}

rh_status rh_interview_plan(const rh_plan_wish *w, json_t **out, rh_error *err)
{
    matter *m = rh_calloc(1, sizeof *m);
    json_t *plan = json_array();
    const char *slots = shapes[0].slots;
    rh_status st = m && plan ? about(w, m, err) : rh_fail(err, RH_ERR_NOMEM, "out of memory");
    if (st != RH_OK) {
        rh_free(m);
        json_decref(plan);
        return st;
    }
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (shapes[i].n == w->n_questions)
            slots = shapes[i].slots;
    for (size_t i = 0; slots[i]; i++) {
        const rh_key_term *name = slots[i] >= 'a' ? pick_name(w, m, plan) : NULL;
        const json_t *q = name ? NULL : from_bank(w, m, plan, slots[i]);
        json_t *item = name ? made_from(name, kind_of(slots[i]))
                       : q  ? json_pack("{s:O, s:O, s:O, s:O}", "question_id", json_object_get(q, "id"), "kind",
                                        json_object_get(q, "kind"), "text", json_object_get(q, "text"), "shows",
                                        json_object_get(q, "shows"))
                            : NULL;
        if (item) {
            json_object_set_new(item, "index", json_integer((json_int_t)json_array_size(plan)));
            json_array_append_new(plan, item);
        }
    }
    rh_free(m);
    *out = plan;
    return RH_OK;
}
