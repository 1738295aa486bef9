/* claims.c - what somebody says they are, like, want or were: "I'm a fast learner". */
#include "followups_internal.h"

#include <string.h>

static const char PLACES[] = "of for with in on at to from about between";

static bool is(const finder *f, size_t i, const char *key)
{
    return i < f->n && strcmp(f->t[i].key, key) == 0;
}

static bool is_one_of(const finder *f, size_t i, const char *words)
{
    return i < f->n && rh_word_in(f->t[i].key, words);
}

static size_t past_degrees(const finder *f, size_t i)
{
    static const char degrees[] =
        "absolutely actually also always currently definitely extremely fairly generally incredibly just most "
        "mostly naturally personally pretty quite really so super truly usually very";
    while (is_one_of(f, i, degrees) && !f->t[i].stops)
        i++;
    return i;
}

/* Said of oneself and as a fact: not "when I'm", "I don't think I'm". */
static bool is_claimed(const finder *f, size_t i)
{
    static const char open[] = "how if that unless until what whatever when whenever where whether which while who";
    static const char denied[] = "didn't doesn't don't hardly never not wasn't wish wouldn't";
    if (i == 0 || f->t[i].opens)
        return true;
    if (is_one_of(f, i - 1, open) && !(is(f, i - 1, "that") && i > 1 && (is(f, i - 2, "think") || is(f, i - 2, "say"))))
        return false;
    for (size_t k = i; k-- > 0 && i - k <= 4 && !f->t[k].stops;)
        if (is_one_of(f, k, denied))
            return false;
    return true;
}

/* Behind "I am", "I consider myself", "I can be": the token after it; 0 = something else. */
static size_t past_i_am(const finder *f, size_t i)
{
    if (!is_claimed(f, i))
        return 0;
    if (is(f, i, "i'm") && !f->t[i].stops)
        return i + 1;
    return is(f, i, "i") && is(f, i + 1, "am") && !f->t[i + 1].stops ? i + 2 : 0;
}

static size_t past_i_see_myself(const finder *f, size_t i)
{
    if (!is(f, i, "i") || f->t[i].stops || !is_claimed(f, i))
        return 0;
    size_t v = past_degrees(f, i + 1);
    if (is(f, v, "can") && is(f, v + 1, "be") && !f->t[v + 1].stops)
        return v + 2;
    if (!is(f, v + 1, "myself") || f->t[v + 1].stops)
        return 0;
    if (is(f, v, "consider"))
        return is(f, v + 2, "to") && is(f, v + 3, "be") ? v + 4 : v + 2;
    return is(f, v, "see") && is(f, v + 2, "as") ? v + 3 : 0;
}

/* The end of "working with people", "solving problems" or of a noun phrase at `i`; 0 = neither. */
static size_t activity_end(const finder *f, size_t i)
{
    rh_noun_phrase p;
    size_t len = i < f->n ? strlen(f->t[i].key) : 0;
    bool ing = len > 5 && strcmp(f->t[i].key + len - 3, "ing") == 0 && !is(f, i, "something") &&
               !is(f, i, "anything") && !is(f, i, "everything");
    static const char wants_more[] = "asking getting letting telling"; /* somebody to do something */
    if (ing && !f->t[i].stops && i + 1 < f->n) {
        size_t k = i + 1;
        if ((f->t[k].pos & RH_POS_PREPOSITION) && !f->t[k].stops)
            k++;
        bool found = rh_noun_phrase_at(f->t, f->n, k, PLACES, &p) || rh_noun_phrase_at(f->t, f->n, k, "", &p);
        if (found && is_one_of(f, i, wants_more) && p.end < f->n && !f->t[p.end - 1].stops)
            return 0;
        if (found)
            return p.end - i <= 9 ? p.end : 0;
        bool state = (f->t[i + 1].pos & RH_POS_ADJECTIVE) && (f->t[i + 1].stops || i + 2 >= f->n); /* staying calm */
        return state ? i + 2 : 0;
    }
    if (ing)
        return f->t[i].breaks ? 0 : i + 1;
    if (!rh_noun_phrase_at(f->t, f->n, i, PLACES, &p) && !rh_noun_phrase_at(f->t, f->n, i, "", &p))
        return 0;
    return rh_is_vague(f->t, &p) || p.end - i > 8 ? 0 : p.end;
}

/* "organized", with nothing behind it that it could belong to. */
static bool stands_alone(const finder *f, size_t i)
{
    if (f->t[i].breaks)
        return false;
    return f->t[i].stops || i + 1 >= f->n || (f->t[i + 1].pos & (RH_POS_JOINER | RH_POS_PRONOUN));
}

static void find_trait(finder *f, size_t i)
{
    rh_noun_phrase p;
    size_t k = past_i_am(f, i), other = k ? 0 : past_i_see_myself(f, i);
    if (other && rh_noun_phrase_at(f->t, f->n, other, "", &p) && p.determined &&
        rh_word_listed(RH_LIST_TRAIT_NOUNS, f->t[p.head].key))
        rh_add_candidate(f, RH_FOLLOWUP_EXAMPLE, ASK_EXAMPLE, 72,
                         is(f, other - 1, "be") && !is(f, other - 2, "to") ? "You said you can be"
                                                                           : "You said you see yourself as",
                         other, p.end);
    if (!k || is(f, k, "not"))
        return;
    size_t a = past_degrees(f, k);
    if (a < f->n && rh_word_listed(RH_LIST_TRAITS, f->t[a].key) && stands_alone(f, a)) {
        rh_add_candidate(f, RH_FOLLOWUP_EXAMPLE, ASK_EXAMPLE, 70, "You said you are", a, a + 1);
        return;
    }
    if (rh_noun_phrase_at(f->t, f->n, a, "", &p) && p.determined &&
        rh_word_listed(RH_LIST_TRAIT_NOUNS, f->t[p.head].key) && !(is(f, p.head, "person") && p.head == p.core))
        rh_add_candidate(f, RH_FOLLOWUP_EXAMPLE, ASK_EXAMPLE, 72, "You said you are", a, p.end);
}

/* "I'm good at solving problems", "I'm not very good at it". */
static void find_feeling(finder *f, size_t i)
{
    /* clang-format off */
    static const struct {
        const char *adjective, *preposition;
        ask_kind ask;
    } feelings[] = {
        {"good", "at", ASK_EXAMPLE},          {"great", "at", ASK_EXAMPLE},       {"bad", "at", ASK_WEAKNESS},
        {"terrible", "at", ASK_WEAKNESS},     {"interested", "in", ASK_INTEREST}, {"passionate", "about", ASK_INTEREST},
        {"excited", "about", ASK_INTEREST},   {"fascinated", "by", ASK_INTEREST}, {"skilled", "in", ASK_EXAMPLE},
        {"skilled", "at", ASK_EXAMPLE},       {"experienced", "in", ASK_EXAMPLE}, {"comfortable", "with", ASK_EXAMPLE},
        {"responsible", "for", ASK_DETAIL_NOW}, {"nervous", "about", ASK_WEAKNESS}, {"afraid", "of", ASK_WEAKNESS},
    };
    /* clang-format on */
    size_t k = past_i_am(f, i), been = past_degrees(f, i + 1);
    bool long_since = !k && is(f, i, "i've") && is_claimed(f, i) && is(f, been, "been") && !f->t[been].stops;
    k = long_since ? been + 1 : k;
    size_t negated = k && is(f, k, "not");
    size_t a = k ? past_degrees(f, k + negated) : 0;
    for (size_t m = 0; k && m < sizeof feelings / sizeof *feelings; m++) {
        if (!is(f, a, feelings[m].adjective) || !is(f, a + 1, feelings[m].preposition) || f->t[a].stops ||
            f->t[a + 1].stops)
            continue;
        size_t end = activity_end(f, a + 2);
        static const char too_plain[] = "company industry job opportunity position role subject";
        if (end && feelings[m].ask == ASK_INTEREST && is_one_of(f, end - 1, too_plain))
            return;
        if (!end || (negated && feelings[m].ask != ASK_EXAMPLE))
            continue;
        if (negated)
            rh_add_candidate(f, RH_FOLLOWUP_EXAMPLE, ASK_WEAKNESS, 72, "You said you are", k, end);
        else
            rh_add_candidate(f, RH_FOLLOWUP_EXAMPLE, feelings[m].ask, feelings[m].ask == ASK_INTEREST ? 62 : 71,
                             long_since ? "You said you have been" : "You said you are", a, end);
    }
}

static void find_liking(finder *f, size_t i)
{
    static const char verbs[] = "enjoy like love prefer";
    static const char weak[] = "hate struggle";
    if (!is(f, i, "i") || f->t[i].stops || !is_claimed(f, i))
        return;
    size_t v = past_degrees(f, i + 1);
    bool liked = is_one_of(f, v, verbs), hated = is_one_of(f, v, weak);
    if ((!liked && !hated) || f->t[v].stops || v + 1 >= f->n)
        return;
    size_t from = is(f, v, "struggle") ? v + 1 + is(f, v + 1, "with") : v + 1;
    if (is(f, v, "struggle") && from == v + 1)
        return;
    size_t end = activity_end(f, from), len = strlen(f->t[from].key);
    bool ing = len > 4 && strcmp(f->t[from].key + len - 3, "ing") == 0;
    if (end)
        rh_add_candidate(f, RH_FOLLOWUP_EXAMPLE,
                         hated ? ASK_WEAKNESS
                         : ing ? ASK_LIKING
                               : ASK_LIKED,
                         hated ? 72 : 60, "You said you", v, end);
}

/* "I want to build my own company". */
static void find_wish(finder *f, size_t i)
{
    const rh_verb *verb;
    rh_noun_phrase p;
    static const char wishes[] = "hope plan want";
    if (!is_claimed(f, i) || f->t[i].stops)
        return;
    size_t v = past_degrees(f, i + 1);
    bool always = is(f, i, "i've") && is(f, v, "wanted");
    bool would = is(f, i, "i'd") || (is(f, i, "i") && is(f, v, "would"));
    size_t w = is(f, i, "i'd") ? v : v + 1;
    if (would) {
        w = past_degrees(f, w);
        if (!is(f, w, "like") && !is(f, w, "love"))
            return;
        w++;
    } else if (!always && (!is(f, i, "i") || !is_one_of(f, v, wishes))) {
        return;
    }
    if (!is(f, w, "to") || f->t[w].stops || f->t[w - 1].stops)
        return;
    if ((is(f, w + 1, "be") || is(f, w + 1, "become")) && !f->t[w + 1].stops &&
        rh_noun_phrase_at(f->t, f->n, w + 2, "", &p) && p.determined && !rh_is_vague(f->t, &p)) {
        rh_add_candidate(f, RH_FOLLOWUP_EXAMPLE, ASK_WISH, 61,
                         would ? "You said you would like to" : "You said you want to", w + 1, p.end);
        return;
    }
    size_t used = rh_verb_at(f->t, f->n, w + 1, 0, &verb);
    if (!used || f->t[w + used].stops ||
        (!rh_noun_phrase_at(f->t, f->n, w + 1 + used, PLACES, &p) &&
         !rh_noun_phrase_at(f->t, f->n, w + 1 + used, "", &p)) ||
        rh_is_vague(f->t, &p) || p.end - w > 10)
        return;
    rh_add_candidate(f, RH_FOLLOWUP_EXAMPLE, ASK_WISH, 61,
                     would ? "You said you would like to" : "You said you want to", w + 1, p.end);
}

/* "I have strong communication skills", "I work well under pressure". */
static void find_strength(finder *f, size_t i)
{
    rh_noun_phrase p;
    if (!is(f, i, "i") || f->t[i].stops || !is_claimed(f, i))
        return;
    size_t v = past_degrees(f, i + 1);
    if (is(f, v, "have") &&
        (rh_noun_phrase_at(f->t, f->n, v + 1, "in with of for", &p) || rh_noun_phrase_at(f->t, f->n, v + 1, "", &p))) {
        bool counted =
            rh_word_listed(RH_LIST_HAVES, f->t[p.head].key) ||
            (rh_word_listed(RH_LIST_PARTS_OF, f->t[p.head].key) && rh_word_listed(RH_LIST_HAVES, f->t[p.end - 1].key));
        bool plain = p.head == p.core && !p.extended;
        if (counted && !plain)
            rh_add_candidate(f, RH_FOLLOWUP_EXAMPLE, ASK_EXAMPLE, 68, "You said you", v, p.end);
    }
    size_t well = v + 1;
    if (is(f, v, "work") && (is(f, past_degrees(f, well), "well") || is(f, well, "best"))) {
        well = past_degrees(f, well);
        if (!f->t[well].stops && well + 1 < f->n && (f->t[well + 1].pos & RH_POS_PREPOSITION) &&
            !is(f, well + 1, "as") && rh_noun_phrase_at(f->t, f->n, well + 2, "", &p))
            rh_add_candidate(f, RH_FOLLOWUP_EXAMPLE, ASK_EXAMPLE, 70, "You said you", v, p.end);
    }
}

/* "I was the captain of our frisbee team". */
static void find_role(finder *f, size_t i)
{
    static const char roles[] =
        "administrator ambassador captain chair chairman chairperson chairwoman co-captain co-chair co-founder "
        "co-president cofounder commander conductor coordinator director editor facilitator founder head "
        "instructor lead leader manager mentor officer organiser organizer owner president producer representative "
        "secretary sergeant supervisor trainer treasurer vice-president";
    rh_noun_phrase p;
    bool was = is(f, i, "i") && is(f, i + 1, "was") && !f->t[i + 1].stops;
    size_t k = was && is_claimed(f, i) ? i + 2 : past_i_am(f, i);
    k = k ? past_degrees(f, k) : 0;
    if (!k || (!rh_noun_phrase_at(f->t, f->n, k, "of for at in", &p) && !rh_noun_phrase_at(f->t, f->n, k, "", &p)))
        return;
    bool role = is_one_of(f, p.head, roles);
    bool apart = is(f, p.head + 1, "of") || p.head > p.core || (p.extended && !is(f, p.head, "leader"));
    if (role && p.determined && apart && p.end - k <= 9)
        rh_add_candidate(f, RH_FOLLOWUP_MENTION, was ? ASK_ROLE : ASK_ROLE_NOW, 69,
                         was ? "You said you were" : "You said you are", k, p.end);
}

/* "I was in charge of the schedule", "I'm involved with my sorority". */
static void find_charge(finder *f, size_t i)
{
    bool was = is(f, i, "i") && is(f, i + 1, "was") && !f->t[i + 1].stops;
    size_t k = was && is_claimed(f, i) ? i + 2 : past_i_am(f, i);
    k = k ? past_degrees(f, k) : 0;
    bool charge = k && is(f, k, "in") && is(f, k + 1, "charge") && is(f, k + 2, "of");
    bool involved = k && is(f, k, "involved") && (is(f, k + 1, "in") || is(f, k + 1, "with") || is(f, k + 1, "on"));
    size_t from = charge ? k + 3 : k + 2, end = charge || involved ? activity_end(f, from) : 0;
    if (end)
        rh_add_candidate(f, RH_FOLLOWUP_MENTION,
                         charge && was ? ASK_CHARGE
                         : charge      ? ASK_DETAIL_NOW
                         : was         ? ASK_GROUP
                                       : ASK_INVOLVED,
                         charge ? 66 : 58, was ? "You said you were" : "You said you are", k, end);
}

/* "I'm majoring in computer science", "I'm a junior here studying biology". */
static void find_study(finder *f, size_t i)
{
    size_t k = past_i_am(f, i), used;
    rh_noun_phrase p;
    k = k ? past_degrees(f, k) : 0;
    for (size_t m = k; k && m < f->n && m < k + 8 && !f->t[m].ends; m++)
        if (is(f, m, "studying") || is(f, m, "majoring")) {
            k = m;
            break;
        }
    bool studying = k && is(f, k, "studying"), majoring = k && is(f, k, "majoring") && is(f, k + 1, "in");
    used = studying ? 1 : majoring ? 2 : 0;
    if (used && !f->t[k].stops && rh_noun_phrase_at(f->t, f->n, k + used, "", &p) && !rh_is_vague(f->t, &p))
        rh_add_candidate(f, RH_FOLLOWUP_MENTION, ASK_STUDY, 55, "You said you are", k, p.end);
}

void rh_find_claims(finder *f)
{
    for (size_t i = 0; i < f->n; i++) {
        if (f->t[i].key[0] != 'i')
            continue;
        find_trait(f, i);
        find_feeling(f, i);
        find_liking(f, i);
        find_wish(f, i);
        find_strength(f, i);
        find_role(f, i);
        find_charge(f, i);
        find_study(f, i);
    }
}
