/* Sounds of words by rules of English spelling, rough on purpose: what is compared are a name and
 * what a recogniser made of it, "Helstone" and "Houston". */
#include <string.h>
#include "rehearse/base/words.h"
#include "terms_internal.h"

static bool is_vowel(char c)
{
    return c && strchr("aeiou", c);
}

/* Letters with accents of Latin-1 as plain ones; others stay bytes that are like nothing else. */
static size_t plain_letters(const char *text, size_t n, char out[RH_WORD_BYTES])
{
    static const char plain[] = "aaaaaaaceeeeiiiidnooooo ouuuuypsaaaaaaaceeeeiiiidnooooo ouuuuypy";
    char form[RH_WORD_BYTES];
    size_t k = 0, len = rh_word_form(text, n, "", form);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)form[i], next = (unsigned char)form[i + 1];
        if (c == 0xc3 && next >= 0x80 && next <= 0xbf) {
            out[k++] = plain[next - 0x80];
            i++;
        } else {
            out[k++] = (char)c;
        }
    }
    out[k] = '\0';
    return k;
}

typedef struct {
    const char *written;
    const char *sounds;
} rule;

/* The first that fits, longest ones first. S: sh, C: ch, J: as in judge, T: th, N: ng. */
static const rule rules[] = {
    {"tion", "Sn"}, {"sion", "Sn"}, {"ough", "o"}, {"augh", "o"}, {"eigh", "e"}, {"tch", "C"}, {"sch", "S"},
    {"igh", "i"},   {"dge", "J"},   {"chr", "kr"}, {"ch", "C"},   {"sh", "S"},   {"ph", "f"},  {"th", "T"},
    {"wh", "w"},    {"ck", "k"},    {"qu", "kw"},  {"gh", ""},    {"ng", "N"},   {"ee", "i"},  {"ea", "i"},
    {"ie", "i"},    {"ei", "e"},    {"ey", "e"},   {"ai", "e"},   {"ay", "e"},   {"oo", "u"},  {"ou", "o"},
    {"ow", "o"},    {"ew", "u"},    {"au", "o"},   {"aw", "o"},   {"oa", "o"},   {"oi", "o"},  {"oy", "o"},
    {"ue", "u"},    {"ui", "u"},
};

static const rule starts[] = {{"kn", "n"}, {"wr", "r"}, {"ps", "s"}, {"pt", "t"}, {"gn", "n"}, {"gh", "g"}, {"x", "z"}};

static size_t rule_at(const rule *r, size_t n_rules, const char *s, const char **sounds)
{
    for (size_t i = 0; i < n_rules; i++)
        if (strncmp(s, r[i].written, strlen(r[i].written)) == 0) {
            *sounds = r[i].sounds;
            return strlen(r[i].written);
        }
    return 0;
}

/* A letter by itself. */
static const char *letter(const char *w, size_t at, char one[2])
{
    char c = w[at], next = w[at + 1];
    bool soft = next == 'e' || next == 'i' || next == 'y';
    one[0] = c;
    one[1] = '\0';
    if (c == 'c')
        one[0] = soft ? 's' : 'k';
    else if (c == 'g' && soft && at > 0)
        one[0] = 'J';
    else if (c == 'j')
        one[0] = 'J';
    else if (c == 'q')
        one[0] = 'k';
    else if (c == 'x')
        return "ks";
    else if (c == 'y' && (at > 0 || !is_vowel(next)))
        one[0] = 'i';
    else if (c == 'e' && !next && at > 1 && !is_vowel(w[at - 1]))
        one[0] = '\0'; /* silent */
    else if (c == 'b' && !next && at > 0 && w[at - 1] == 'm')
        one[0] = '\0';
    return one;
}

static void add(rh_term_key *key, const char *sounds)
{
    for (; *sounds && key->n < TERM_SOUNDS; sounds++)
        if (!key->n || key->sounds[key->n - 1] != *sounds)
            key->sounds[key->n++] = *sounds;
    key->sounds[key->n] = '\0';
}

void rh_term_key_of(const char *text, size_t n, rh_term_key *key)
{
    char w[RH_WORD_BYTES], one[2];
    size_t len = plain_letters(text, n, w);
    key->n = 0;
    key->sounds[0] = '\0';
    for (size_t i = 0; i < len;) {
        const char *sounds = NULL;
        size_t took = i == 0 ? rule_at(starts, sizeof starts / sizeof *starts, w, &sounds) : 0;
        if (!took)
            took = rule_at(rules, sizeof rules / sizeof *rules, w + i, &sounds);
        if (!took) {
            sounds = letter(w, i, one);
            took = 1;
        }
        add(key, sounds);
        i += took;
    }
}

/* ---- how far apart ---- */

static bool both(const char *group, char a, char b)
{
    return strchr(group, a) && strchr(group, b);
}

static float change(char a, char b)
{
    if (a == b)
        return 0.0f;
    if (is_vowel(a) && is_vowel(b))
        return 0.4f;
    if (both("pb", a, b) || both("td", a, b) || both("kg", a, b) || both("sz", a, b) || both("nN", a, b))
        return 0.3f;
    if (both("szSCJ", a, b) || both("fvT", a, b) || both("Ttd", a, b) || both("mnN", a, b) || both("wu", a, b) ||
        both("yi", a, b) || both("gJ", a, b))
        return 0.45f;
    if (both("lr", a, b) || both("wv", a, b) || both("Ck", a, b) || both("tC", a, b) || both("Ts", a, b) ||
        both("dJ", a, b) || both("lw", a, b) || both("bv", a, b))
        return 0.6f;
    return 1.0f;
}

static float missing(char c)
{
    return c == 'h' ? 0.3f : is_vowel(c) ? 0.45f : c == 'r' ? 0.6f : 0.8f;
}

float rh_term_distance(const rh_term_key *a, const rh_term_key *b, float most)
{
    float row[TERM_SOUNDS + 1];
    float mean = (float)(a->n + b->n) / 2;
    if (!a->n || !b->n || (float)(a->n > b->n ? a->n - b->n : b->n - a->n) * 0.3f > most * mean)
        return 1.0f;
    row[0] = 0.0f;
    for (int k = 0; k < b->n; k++)
        row[k + 1] = row[k] + missing(b->sounds[k]);
    for (int i = 0; i < a->n; i++) {
        float corner = row[0], least;
        row[0] += missing(a->sounds[i]);
        least = row[0];
        for (int k = 0; k < b->n; k++) {
            float best = corner + change(a->sounds[i], b->sounds[k]);
            float up = row[k + 1] + missing(a->sounds[i]), left = row[k] + missing(b->sounds[k]);
            corner = row[k + 1];
            best = up < best ? up : best;
            row[k + 1] = left < best ? left : best;
            least = row[k + 1] < least ? row[k + 1] : least;
        }
        if (least > most * mean)
            return 1.0f;
    }
    float d = row[b->n] / mean;
    return d < 1.0f ? d : 1.0f;
}
