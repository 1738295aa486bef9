/* mentions.c - what somebody did, what changed, and what they named: "the billing migration". */
#include "followups_internal.h"

#include <string.h>

enum { NUMBER_REACH = 14, WISH_REACH = 8, OWNER_REACH = 16, ACTS_TELL = 3 };

static bool is(const finder *f, size_t i, const char *key)
{
    return i < f->n && strcmp(f->t[i].key, key) == 0;
}

/* A number nearby tells how much already. */
static bool number_near(const finder *f, size_t first, size_t end)
{
    static const char amounts[] = "double doubled fold halved percentage quarter third tripled";
    size_t from = first > NUMBER_REACH ? first - NUMBER_REACH : 0;
    for (size_t i = from; i < f->n && i < end + NUMBER_REACH; i++)
        if ((f->t[i].pos & RH_POS_NUMBER) || rh_word_in(f->t[i].key, amounts))
            return true;
    return false;
}

/* "I hope", "if", "would": not done yet. */
static bool is_wished(const finder *f, size_t i)
{
    static const char unreal[] =
        "applying apply can could future gonna hope hopefully hoping i'd if imagine looking might no not should "
        "someday wanna want wanted will wish would you your";
    static const char past[] = "had was were";
    for (size_t k = i; k-- > 0 && i - k <= WISH_REACH && !f->t[k].ends;) {
        if (rh_word_in(f->t[k].key, past))
            return false;
        if (rh_word_in(f->t[k].key, unreal))
            return true;
    }
    return false;
}

/* Who the words at `i` are about: the nearest person before them, the speaker or another. */
static bool is_ours(const finder *f, size_t i, size_t end)
{
    static const char us[] = "i i'd i'm i've me my our us we we're we've";
    static const char others[] = "he he's her his she she's their they they're who you your";
    static const char persons[] =
        "boss brother client colleague colleagues company's coworker daughter director father friend friends husband manager "
        "mom mother neighbor partner predecessor professor roommate sister son supervisor teacher wife";
    for (size_t k = i; k < end; k++)
        if (rh_word_in(f->t[k].key, us))
            return true;
    for (size_t k = i; k-- > 0 && i - k <= OWNER_REACH;) {
        bool my = is(f, k, "my") || is(f, k, "our");
        if (rh_word_in(f->t[k].key, others) || (my && rh_word_in(f->t[k + 1].key, persons)))
            return false;
        if (rh_word_in(f->t[k].key, us))
            return true;
    }
    return false;
}

static int times_said(const finder *f, const char *key)
{
    int times = 0;
    for (size_t i = 0; i < f->n; i++)
        times += strcmp(f->t[i].key, key) == 0;
    return times;
}

/* ---- projects, terms, troubles ---- */

/* Words before the head that tell this one from others. */
static int telling_words(const finder *f, const rh_noun_phrase *p)
{
    int telling = 0;
    for (size_t k = p->core; k < p->head; k++)
        telling += !(f->t[k].pos & (RH_POS_ADVERB | RH_POS_NUMBER | RH_POS_ADJECTIVE)) &&
                   !rh_word_listed(RH_LIST_NO_MODIFIERS, f->t[k].key);
    return telling;
}

/* "a lab", "my team" do not. */
static bool tells_much(const finder *f, const rh_noun_phrase *p)
{
    const rh_token *h = &f->t[p->head];
    bool inner = p->extended && !rh_word_listed(RH_LIST_VAGUE, f->t[p->end - 1].key);
    return telling_words(f, p) > 0 || inner || h->name || rh_word_listed(RH_LIST_MASS, h->key) ||
           rh_word_listed(RH_LIST_TERMS, h->key);
}

static bool is_own(const finder *f, const rh_noun_phrase *p)
{
    return p->determined && (is(f, p->first, "my") || is(f, p->first, "our"));
}

static void weigh_mention(finder *f, size_t i, const rh_noun_phrase *p)
{
    const char *head = f->t[p->head].key;
    int telling = telling_words(f, p);
    bool plain = rh_word_listed(RH_LIST_PLAIN, head), own = is_own(f, p);
    bool trouble = rh_word_listed(RH_LIST_TROUBLES, head), group = own && rh_word_listed(RH_LIST_GROUPS, head);
    bool work = own && rh_word_listed(RH_LIST_WORKS, head), project = work || rh_word_listed(RH_LIST_PROJECTS, head);
    ask_kind project_ask = work ? ASK_WORK : is(f, p->first, "my") ? ASK_MY_PROJECT : ASK_PROJECT;
    bool told_apart = telling > 0 || (p->extended && !plain) || (own && !plain) ||
                      (!plain && (is(f, p->first, "a") || is(f, p->first, "an")));
    if (trouble && telling == 0 && !p->extended)
        return;
    if (!told_apart || (!trouble && !project && !group) || is_wished(f, i) || !is_ours(f, i, p->end) ||
        (p->extended && rh_word_listed(RH_LIST_VAGUE, f->t[p->end - 1].key)))
        return;
    float weight = 56.0f + 2.0f * (float)telling + 2.0f * (float)p->extended + 2.0f * (float)own;
    weight -= 3.0f * (float)(times_said(f, head) - 1);
    if (trouble && f->deeds_i == 0 && f->story)
        rh_add_candidate(f, RH_FOLLOWUP_ACTION, ASK_ACTION, 78, "You mentioned", i, p->end);
    else if (project && !rh_is_plural(head))
        rh_add_candidate(f, RH_FOLLOWUP_MENTION, project_ask, weight - 4 * (float)work, "You mentioned", i, p->end);
    else if (group && !rh_is_plural(head))
        rh_add_candidate(f, RH_FOLLOWUP_MENTION, ASK_GROUP, weight - 6, "You mentioned", i, p->end);
}

static void find_term(finder *f, size_t i)
{
    static const char words_too[] = "bootstrap excel flask julia react rust sap scala spark stripe swift unity vue";
    if (rh_word_in(f->t[i].key, words_too) && !f->t[i].name)
        return;
    bool alone = f->t[i].stops || i + 1 >= f->n || (f->t[i + 1].pos & (RH_POS_CLOSED | RH_POS_ADVERB));
    bool used = i > 0 && !f->t[i - 1].stops &&
                (f->t[i - 1].pos & (RH_POS_PREPOSITION | RH_POS_VERB | RH_POS_ING | RH_POS_ED | RH_POS_JOINER));
    if (alone && used && is_ours(f, i, i + 1) && !is_wished(f, i) && times_said(f, f->t[i].key) == 1)
        rh_add_candidate(f, RH_FOLLOWUP_MENTION, ASK_TERM, 54, "You mentioned", i, i + 1);
}

void rh_find_mentions(finder *f)
{
    rh_noun_phrase p;
    for (size_t i = 0; i < f->n;) {
        bool begins = f->t[i].pos & RH_POS_DETERMINER;
        if (begins && (rh_noun_phrase_at(f->t, f->n, i, "of for", &p) || rh_noun_phrase_at(f->t, f->n, i, "", &p))) {
            weigh_mention(f, i, &p);
            i = p.end;
            continue;
        }
        if (rh_word_listed(RH_LIST_TERMS, f->t[i].key) && !f->t[i].opens)
            find_term(f, i);
        i++;
    }
}

/* ---- deeds ---- */

static void count_deeds(finder *f)
{
    rh_deed d;
    for (size_t i = 0; i < f->n; i++)
        if (rh_deed_at(f->t, f->n, i, &d)) {
            f->deeds_i += !d.we;
        }
}

/* "I decided", "I talked to him": things that I did, whatever their object. */
static int acts(finder *f)
{
    int n = 0;
    static const char no_act[] =
        "came felt got graduated grew had heard knew liked loved moved needed noticed realised realized saw "
        "thought wanted wished";
    for (size_t i = 0; i + 1 < f->n; i++) {
        size_t v = i + 1;
        while (v < f->n && (f->t[v].pos & RH_POS_ADVERB))
            v++;
        static const char been[] = "been done had led worked";
        bool was = is(f, i, "i") && is(f, v, "was");
        bool have = (is(f, i, "i've") && rh_word_in(f->t[v].key, been)) ||
                    (is(f, i, "i") && is(f, v, "have") && v + 1 < f->n && rh_word_in(f->t[v + 1].key, been));
        f->told_of += was || have;
        if (is(f, i, "i") && !f->t[i].stops && v < f->n && rh_is_past_tense(f->t[v].key) &&
            !rh_word_in(f->t[v].key, no_act))
            n++;
    }
    return n;
}

static void deed_opening(const rh_deed *d, char out[32])
{
    (void)strcpy(out, "You said you");
    if (*d->auxiliary)
        (void)strcat(strcat(out, " "), d->auxiliary);
}

/* What follows says only what the speaker did next, not what others did or what came of it. */
static bool outcome_open(const finder *f, size_t end)
{
    static const char others[] = "everybody everyone he it it's nobody people she that that's they this";
    static const char own[] = "also and i so then we", state[] = "are is was were";
    for (size_t i = end; i < f->n; i++) {
        bool object = i > 0 && (f->t[i - 1].pos & (RH_POS_VERB | RH_POS_ED | RH_POS_PREPOSITION));
        bool begins = f->t[i].opens || (i > 0 && (f->t[i - 1].pos & RH_POS_JOINER));
        if ((rh_word_in(f->t[i].key, others) && !object) || rh_word_in(f->t[i].key, state))
            return false;
        if (f->t[i].opens && !rh_word_in(f->t[i].key, own))
            return false;
        if (begins && (f->t[i].pos & (RH_POS_DETERMINER | RH_POS_OTHERS)))
            return false;
    }
    return true;
}

/* Which second sentences fit what was done. */
static ask_kind deed_ask(const finder *f, const rh_deed *d)
{
    static const char places[] = "as at for in";
    static const char made[] =
        "arrange automate build change create design develop implement install introduce launch organise "
        "organize plan prepare program redesign rewrite set start write";
    static const char sought[] = "analyse analyze audit compare evaluate investigate look measure research review";
    const char *base = d->verb->base;
    bool deed = !(d->verb->flags & (RH_VERB_NO_DEED | RH_VERB_STEP)), now = !d->past;
    bool place =
        !deed && (rh_word_in(base, "study take") || (d->verb->particle && rh_word_in(d->verb->particle, places)));
    if (now && strcmp(base, "study") == 0)
        return ASK_STUDY;
    if (strcmp(base, "join") == 0)
        return ASK_STEP;
    if (now)
        return place ? ASK_POST : ASK_DETAIL_NOW;
    if (strcmp(f->t[d->verb_at].key, "had") == 0 && d->meant)
        return ASK_DUTY;
    if (rh_word_in(base, sought))
        return ASK_SOUGHT;
    return !deed ? place ? ASK_TIME_THERE : ASK_SHARE : rh_word_in(base, made) ? ASK_MADE : ASK_DETAIL;
}

static void weigh_deed(finder *f, const rh_deed *d, bool last)
{
    char opening[32];
    size_t first = d->verb_at, end = d->object.end;
    unsigned flags = d->verb->flags;
    bool deed = !(flags & (RH_VERB_NO_DEED | RH_VERB_STEP)), simple = d->past && !d->meant && !*d->auxiliary;
    float words = (float)(end - first > 4 ? 4 : end - first);
    size_t from = f->n_list;
    deed_opening(d, opening);
    ask_kind detail = deed_ask(f, d);
    if (is_wished(f, d->subject) || (detail == ASK_DUTY && f->acts >= 2) ||
        ((flags & RH_VERB_NO_DEED) && !tells_much(f, &d->object)))
        return;
    if ((flags & RH_VERB_CHANGE) && simple && !number_near(f, first, end))
        rh_add_candidate(f, RH_FOLLOWUP_NUMBER, ASK_NUMBER, 90, opening, first, end);
    if (d->we && simple && deed && f->deeds_i == 0 && f->acts == 0)
        rh_add_candidate(f, RH_FOLLOWUP_OWN_PART, ASK_OWN_PART, 84 + words, NULL, d->subject, end);
    static const char outcomes[] = "close complete deliver finish fix resolve solve win";
    if (last && simple && !(flags & (RH_VERB_NO_DEED | RH_VERB_STEP)) && !rh_word_in(d->verb->base, outcomes) &&
        f->story && f->language->star_sentence[RH_STAR_RESULT] < 0 && !(f->told & TOLD_OUTCOME) && outcome_open(f, end))
        rh_add_candidate(f, RH_FOLLOWUP_RESULT, ASK_RESULT, 80, opening, first, end);
    if (flags & RH_VERB_STEP)
        return; /* a call, a talk: too small to be asked about */
    if (deed && simple && detail != ASK_SOUGHT && f->story && f->language->star_sentence[RH_STAR_TASK] < 0 &&
        f->language->star_sentence[RH_STAR_ACTION] >= 0)
        rh_add_candidate(f, RH_FOLLOWUP_TASK, ASK_TASK, 46, opening, first, end);
    if (deed && simple && f->story && f->language->star_sentence[RH_STAR_SITUATION] < 0 && !(f->told & TOLD_WHEN))
        rh_add_candidate(f, RH_FOLLOWUP_SITUATION, ASK_SITUATION, 45, opening, first, end);
    rh_add_candidate(f, RH_FOLLOWUP_DETAIL, detail, (deed ? 52 : 48) + words, opening, first, end);
    for (size_t i = from; i < f->n_list; i++)
        f->list[i].we = d->we && f->list[i].kind != RH_FOLLOWUP_OWN_PART;
}

/* A server goes down without a number. */
static bool is_measure(const char *key)
{
    static const char measures[] =
        "age amount average backlog budget churn cost level number percentage price quality rate reach "
        "satisfaction score share size speed time usage volume";
    return rh_word_in(key, measures) || rh_is_plural(key) || rh_word_listed(RH_LIST_MASS, key);
}

/* "the response time went down": what changed, and how; the tokens of the verb, 0 = no change. */
static size_t change_at(const finder *f, size_t i)
{
    static const char alone[] = "declined decreased dropped fell grew improved increased rose shrank";
    static const char ways[] = "down up";
    static const char degrees[] = "also actually definitely dramatically greatly really significantly";
    size_t k = i;
    while (k < f->n && !f->t[k].stops && rh_word_in(f->t[k].key, degrees))
        k++;
    if (k >= f->n)
        return 0;
    bool went = is(f, k, "went") && k + 1 < f->n && rh_word_in(f->t[k + 1].key, ways);
    size_t end = went ? k + 2 : rh_word_in(f->t[k].key, alone) ? k + 1 : 0;
    if (end && end < f->n && !f->t[end - 1].stops &&
        !(is(f, end, "a") && (is(f, end + 1, "lot") || is(f, end + 1, "bit"))) &&
        !(f->t[end].pos & (RH_POS_JOINER | RH_POS_ADVERB | RH_POS_PREPOSITION | RH_POS_PRONOUN)))
        return 0;
    return end ? end - i : 0;
}

static void find_changes(finder *f)
{
    rh_noun_phrase p;
    for (size_t i = 0; i < f->n; i++) {
        bool bare = f->t[i].opens &&
                    (rh_word_listed(RH_LIST_MASS, f->t[i].key) || rh_is_plural(f->t[i].key)); /* "Sales rose" */
        if (bare && !f->t[i].stops) {
            size_t length = change_at(f, i + 1);
            if (length && !number_near(f, i, i + 1 + length))
                rh_add_candidate(f, RH_FOLLOWUP_NUMBER, ASK_NUMBER, 89, "You said", i, i + 1 + length);
        }
        bool begins = f->t[i].pos & RH_POS_DETERMINER;
        if (!begins || (i > 0 && (f->t[i - 1].pos & RH_POS_PREPOSITION)) ||
            !rh_noun_phrase_at(f->t, f->n, i, "of for", &p) || f->t[p.end - 1].stops)
            continue;
        size_t used = change_at(f, p.end);
        bool either = is(f, p.end + used - 1, "down") || is(f, p.end + used - 1, "up") ||
                      is(f, p.end + used - 1, "dropped") || is(f, p.end + used - 1, "fell");
        if (used && (!either || is_measure(f->t[p.head].key)) && !number_near(f, i, p.end + used) && !is_wished(f, i))
            rh_add_candidate(f, RH_FOLLOWUP_NUMBER, ASK_NUMBER, 91, "You said", i, p.end + used);
    }
}

void rh_find_deeds(finder *f)
{
    rh_deed d, later;
    count_deeds(f);
    f->acts = acts(f);
    if (f->acts + f->told_of >= ACTS_TELL)
        f->told |= TOLD_EXAMPLE;
    if (f->deeds_i)
        f->told |= TOLD_DEEDS;
    find_changes(f);
    for (size_t i = 0; i < f->n; i++) {
        if (!rh_deed_at(f->t, f->n, i, &d))
            continue;
        bool last = true;
        for (size_t k = d.object.end; k < f->n && last; k++)
            last = !rh_deed_at(f->t, f->n, k, &later) || !later.past || *later.auxiliary || later.meant ||
                   (later.verb->flags & RH_VERB_NO_DEED);
        weigh_deed(f, &d, last);
    }
}
