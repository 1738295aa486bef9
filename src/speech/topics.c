/* topics.c - is an answer about what was asked?
 *
 * Told only where it is plain: the question names one of a few subjects, the answer is long, and
 * none of the many words that belong to the subject is in it. */
#include "asked.h"
#include "followups_internal.h"

enum { LEAST_WORDS = 40 };

/* `asked`: words; `told`: beginnings of words, see rh_begins_one_of(). */
static const struct {
    const char *asked, *told;
} TOPICS[] = {
    {"conflict disagree dispute",
     "accus aggress agree align alter angr annoy apolog argu bicker blam bother butt choice clash complain compromis "
     "conflict contrast controvers convinc critic decid decision deni differ difficult disagree disappoint discuss "
     "disput drama fair fault fight fought friction frustrat harsh hostil hurt ignor insist issue leader listen mad. "
     "mediat misunderst negotiat object opinion oppos opposite other perspective persuad problem quarrel refus resolv "
     "rude shout should side. sides. solution solv stubborn tension tough trouble unhapp upset view vote want wrong yell "},
    {"fail mistake setback",
     "accident bad badly blam broke bug cancel crash didn't disappoint drop embarrass error fail fault fell forgot "
     "hard. hindsight ignor impossible late. learn lesson lost mess miss mistake mistook never not. overlook poor "
     "problem regret reject setback shouldn't struggl terribl trouble underestimat unfortunat weren't worse worst wrong "
     "couldn't wasn't "},
    {"leader leadership lead led",
     "advis assign boss captain chair charge coach command coordinat decid decision delegat direct everybody everyone "
     "found group guid head. help influenc initiat inspir lead led. manag member mentor motivat organi others. oversaw "
     "people persuad plan president project respons run. ran. start supervis taught teach team train treasurer tutor "
     "vision volunteer "},
    {"weakness weaknesses",
     "afraid anxi avoid bad. better can't challeng chang critic delegat detail difficult doubt easily enough fail fear "
     "forget hard hate hesita impatien improv insecur lack late. lazy learn less mistake more. nervous not. over "
     "overthink patien perfect plan practic problem procrastin public quiet rush say. shy slow sometimes struggl "
     "stubborn tend too. trouble try trying weak work worry wrong "},
    {"customer client customers clients",
     "account bought buyer call client complain consumer contract custom diner guest he. her. him. order passenger "
     "patient people person purchas refund sale sell she. shop sold store student tenant they. user visitor "},
    {"deadline deadlines pressure stress stressful",
     "asap busy clock crisis crunch date day. days deadline deliver due. emergenc exam fast final finish hour hurr last "
     "late. long midnight minute month morning night overtime panic pressur quick rush schedul short sleep soon stress "
     "tight time urgent week weekend "},
};

static bool question_names(const char *question, const char *asked)
{
    rh_key key;
    for (const char *at = question; (at = rh_next_key(at, key)) != NULL;)
        if (rh_word_in(key, asked))
            return true;
    return false;
}

static bool is_off(const finder *f, const char *question)
{
    bool named = false;
    for (size_t k = 0; k < sizeof TOPICS / sizeof *TOPICS; k++) {
        if (!question_names(question, TOPICS[k].asked))
            continue;
        named = true;
        for (size_t i = 0; i < f->n; i++)
            if (rh_begins_one_of(f->t[i].key, TOPICS[k].told) > 0)
                return false;
    }
    return named;
}

void rh_find_off_question(finder *f, const char *question)
{
    rh_noun_phrase p;
    if (!question || f->n < LEAST_WORDS || !is_off(f, question))
        return;
    for (size_t i = 0; i < f->n; i++)
        if ((f->t[i].pos & RH_POS_DETERMINER) && rh_noun_phrase_at(f->t, f->n, i, "of for", &p) &&
            !rh_is_vague(f->t, &p)) {
            rh_add_candidate(f, RH_FOLLOWUP_OFF_QUESTION, ASK_RELATION, 100, "You talked about", i, p.end);
            return;
        }
}
