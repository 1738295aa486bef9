/* asked.c - see asked.h. Lists by hand. A word of a list is the beginning of the words it stands for; one that
 * ends with a full stop is whole. */
#include "asked.h"

#include <string.h>

typedef struct {
    const char
        *asked; /* in the question; with "|" between them phrases of whole words, where single ones say too little */
    const char *told; /* in answers */
} topic;

/* Spoken of at work, whatever was asked. */
static const char WORK[] =
    "work job. jobs. team project manager compan customer client colleague coworker boss deadline experien skill "
    "role. career engineer develop software data. product sales budget meeting report. office process design test. "
    "tests. testing system code business market universit college degree studied study student class. course. "
    "intern graduat research supervis responsib organis organiz hired hiring interview employ train. trained "
    "training staff release supplier order. orders. patient. patients. nurse shift. hospital school teach lesson "
    "contract invoice quarter launch";

static const topic topics[] = {
    {"conflict disagree argument argue difficult opposite resist angry settle wrong. defend",
     "conflict disagree argu tension compromis listen opinion understood side. sides. resolv agree discuss frustrat "
     "calm mediat perspective convinc explained apolog refus complain proposal persuad objected insisted"},
    {"lead. leader led. leadership build built team. manage hire",
     "lead. leader led. leading captain team organiz organis coordinat delegat motivat manag responsib initiative "
     "ran. founded president group. charge. hired mentor members. assign together"},
    {"team collaborat together group colleague teammate people somebody worked",
     "team together group collaborat member partner help shared share. colleague coworker teammate roommate we."},
    {"fail failed mistake error lost regret wrong. badly lose missed weakness hard.",
     "fail mistake wrong. learn missed forgot error bug. bugs. broke lost fix realis realiz lesson noticed regret "
     "apolog blame caused delay improv"},
    {"challenge difficult obstacle hard hardest problem pressure stress deadline calm solve tight little risk tried",
     "problem deadline difficult hardest challeng pressure solv issue stuck trouble overc overtime urgent priorit "
     "figured debug failure failing effort crash outage delay plan. planned split calm. night"},
    {"strength weakness improve describe better best. feedback say. taught option change",
     "strength strong weak improv tend. tends learn feedback skill struggl perfection patient patience organiz "
     "organis shy. focus. habit practi confiden public. speaking procrastin detail overcom trying. honest "
     "hardworking impatient delegat"},
    {"about yourself|describe yourself|introduce yourself|tell me about you|tell us about you|who are you|background|"
     "resume|cv|walk me through your|walk us through your|your career|your steps|what you work on",
     "studied study graduat degree work year. years. university college school born grew. experien job. currently "
     "engineer major. majoring interned internship background compan started senior junior sophomore freshman hobb "
     "interest. project team. career role."},
    {"why. want. interest company role. position job. hire choose us. apply offer leaving looking next. experience",
     "company role. team product mission skill experien contribut opportun learn passion grow. growth fit. values "
     "customer excit interest challeng bring. background career responsib impact offer. believe"},
    {"proud achieve accomplish success example goal organised beyond helped",
     "proud built won. finish launch achiev result success award project complet record goal reached deliver improv "
     "months. promoted"},
    {"five. years future goals goal see. lose track subject learn first.",
     "goal year. years. future manager lead. grow. becom plan. learn career senior dream phd. master. research "
     "start."},
    {"project technical system design explain code bug. build feature test software data analysis model metric "
     "performance production incident release measure accessible rewrite statistical process quality capacity",
     "project system data. code built. build. design test user. users. software api. server database deploy "
     "production bug. log. logs. release review metric model. measur performance latency cache query feature "
     "require interface version sample average chance significan analys checked error monitor automat script tool. "
     "tools. percent cost document process step. steps."},
    {"customer client patient family sell deal campaign call search product launch budget price",
     "customer client complain order refund service. patient family explain sell sold price needs deal. contract "
     "campaign market budget product launch user. users. offer. promis deliver sales"},
    {"decide decision priorit plan choose mind. change notice would. notices credit ask. do. proceed respond half "
     "inherit questions salary expect anything",
     "decid decision option risk. priorit manager plan. important urgent inform consider evidence choice. trade "
     "team explain listen safety rule. rules. salary range. market culture success"},
    {"learn",
     "learn read. reading manual. book. books. tutorial course. practi rehears stud taught teach expert mentor"},
    {"lesson learner class teach student",
     "student class lesson learn teach taught pupil group exercise explain test. grade homework parent"},
};

/* Which of the list's beginnings of words (between single blanks; "x." is a whole word) `key` begins with, counted
 * from 1; 0 = none. */
static int begins_one_of(const char *key, const char *list)
{
    for (int at = 1; *list; at++) {
        size_t len = strcspn(list, " ");
        bool whole = list[len - 1] == '.';
        size_t letters = len - whole;
        if (strncmp(key, list, letters) == 0 && (!whole || key[letters] == '\0'))
            return at;
        list += len;
        list += *list == ' ';
    }
    return 0;
}

enum { MAX_LISTED = 256, MAX_ASKED = 64 };

/* Different words of the list in the answer. */
static int different(const rh_key *keys, size_t n, const char *list)
{
    unsigned char seen[MAX_LISTED] = {0};
    int found = 0;
    for (size_t i = 0; i < n; i++) {
        int at = begins_one_of(keys[i], list);
        if (at > 0 && at < MAX_LISTED && !seen[at]) {
            seen[at] = 1;
            found++;
        }
    }
    return found;
}

/* The next word of `text` as it is compared ("" where nothing of it is letters or digits), and where to go on; NULL
 * at the end. */
static const char *next_key(const char *text, rh_key out)
{
    text += strspn(text, " \t\n");
    size_t len = strcspn(text, " \t\n");
    (void)rh_word_form(text, len, "'-", out);
    return len ? text + len : NULL;
}

static size_t keys_of(const char *question, rh_key *out, size_t max)
{
    size_t n = 0;
    for (const char *at = question; n < max && at && (at = next_key(at, out[n])) != NULL;)
        n += out[n][0] != '\0';
    return n;
}

/* Words of the question that mean something, taken up by the answer: the same first five letters. */
static int taken_up(const rh_key *keys, size_t n, const rh_key *asked, size_t n_asked)
{
    int found = 0;
    for (size_t a = 0; a < n_asked; a++) {
        size_t len = strlen(asked[a]);
        if (len < 4 || rh_is_stop_word(asked[a]) || strcmp(asked[a], "tell") == 0 || strcmp(asked[a], "describe") == 0)
            continue;
        bool again = false;
        for (size_t i = 0; i < n && !again; i++)
            again = strncmp(keys[i], asked[a], len < 5 ? len : 5) == 0;
        found += again;
    }
    return found;
}

/* What an answer of `n` words holds of what was asked. */
typedef struct {
    int work, own, best; /* different words of a working life, of the question, of the topic with most of them */
    bool asked, known;   /* there is a question; its topic is known */
} held;

static bool asks_about(const topic *t, const rh_key *asked, size_t n)
{
    bool phrases = strchr(t->asked, '|') != NULL, asks = false;
    for (size_t i = 0; i < n && !asks; i++)
        asks = (phrases ? rh_phrase_at(asked, n, i, t->asked) : begins_one_of(asked[i], t->asked)) > 0;
    return asks;
}

static held held_of(const rh_key *keys, size_t n, const char *question)
{
    rh_key asked[MAX_ASKED];
    size_t n_asked = keys_of(question, asked, MAX_ASKED);
    held h = {.work = different(keys, n, WORK), .asked = n_asked > 0};
    for (size_t t = 0; t < sizeof topics / sizeof *topics; t++) {
        bool asks = asks_about(&topics[t], (const rh_key *)asked, n_asked);
        h.known |= asks;
        int hits = asks || n_asked == 0 ? different(keys, n, topics[t].told) : 0;
        h.best = hits > h.best ? hits : h.best;
    }
    h.own = taken_up(keys, n, (const rh_key *)asked, n_asked);
    return h;
}

static int hits_of(held h)
{
    if (!h.asked || !h.known)
        return h.work + h.own + (h.best > 2 ? h.best - 2 : 0);
    /* An answer of a working life is not far off; one that has none of its words hardly is one. */
    return h.best + h.own + (h.work > 1 ? 1 : 0) - (h.work == 0 && h.own == 0 ? 1 : 0);
}

int rh_topic_hits(const rh_key *keys, size_t n, const char *question)
{
    return hits_of(held_of(keys, n, question));
}

bool rh_is_off_question(const rh_key *keys, size_t n, const char *question)
{
    enum { LEAST_WORDS = 40 };
    held h = held_of(keys, n, question);
    return h.known && n >= LEAST_WORDS && hits_of(h) <= 0;
}

bool rh_asks_for_story(const char *question, const char *kind)
{
    rh_key asked[MAX_ASKED];
    static const char signs[] = "a time|an example of|a situation|an occasion|did you last|have you ever";
    size_t n = keys_of(question ? question : "", asked, MAX_ASKED);
    for (size_t i = 0; i < n; i++)
        if (rh_phrase_at((const rh_key *)asked, n, i, signs))
            return true;
    return kind && strcmp(kind, "behavioural") == 0;
}
