/* tongue_french.c - French: its lists, by hand from guides to speaking, and its syllables as they are said. */
#include "tongue_internal.h"

#include <string.h>

static const char hedges[] =
    "peut-être|probablement|sans doute|éventuellement|possiblement|je pense|je pense que|je crois|je crois que|"
    "il me semble|il me semble que|je dirais|je dirais que|on va dire|j'imagine|j'imagine que|je suppose|"
    "j'ai l'impression|j'ai l'impression que|je ne sais pas|je sais pas|j'sais pas|je ne suis pas sûr|"
    "je ne suis pas sûre|je suis pas sûr|je suis pas sûre|pas vraiment sûr|plus ou moins|un peu|un petit peu|"
    "en quelque sorte|d'une certaine manière|d'une certaine façon|dans une certaine mesure|on pourrait dire|"
    "ça pourrait|il se peut|si je ne me trompe pas|à ma connaissance|j'espère|j'espère que|plutôt|assez|"
    "quelque part|ou quelque chose comme ça|à peu près|comment dire";

static const char weak[] =
    "choses|chose|trucs|truc|machin|machins|quelque chose|plein de|pas mal de|tas de|un tas de|beaucoup de choses|"
    "et tout|et tout ça|et caetera|etcetera|et cetera|et ainsi de suite|et compagnie|ou je ne sais quoi|vraiment|très|"
    "super|hyper|trop|carrément|franchement|honnêtement|évidemment|forcément|littéralement|simplement|juste|"
    "j'ai essayé de|on a essayé de|essayer de|j'étais chargé de|j'étais chargée de|j'étais responsable de|"
    "j'ai participé à|toutes sortes de|différentes choses";

static const char openers[] =
    "afin alors après avant car ce comme comment de depuis donc dont dès et jusqu'à lorsque lorsqu'il lorsqu'on mais ni "
    "où ou parce pendant pour pourquoi puis puisque qu'il qu'elle qu'on qu'ils qu'un qu'une quand que qui quoique sans si "
    "s'il s'ils sinon tandis ensuite ainsi";

static const char stop[] =
    "à ai aie ainsi alors après assez au aucun aussi autre autres aux avaient avait avant avec avez avoir avons beaucoup "
    "bien c'est c'était car ça ce cela celle celles celui ces cet cette ceux chaque chez ci comme comment d'un d'une dans "
    "de déjà depuis des deux dire donc dont du elle elles en encore entre est et étaient était été être eu eux fait faire "
    "fois font fut il ils j'ai j'avais j'étais je jusqu'à là la le les leur leurs lui ma mais me même mêmes mes moi moins "
    "mon n'ai n'est ne ni nos notre nous on ont où ou par parce pas pendant peu peut plus pour pourquoi puis quand que "
    "quel quelle quelque quelques qu'il qu'on qui quoi s'est sa sans se sera ses si son sont sous suis sur ta te tes toi "
    "ton tous tout toute toutes très trop tu un une va vers voilà vos votre vous vraiment y";

/* ---- syllables ---- */

enum { E_ACUTE = 0xe9, E_GRAVE = 0xe8, E_CIRC = 0xea, E_TREMA = 0xeb, I_TREMA = 0xef, OE = 0x153 };

static bool is_vowel(const uint32_t *w, size_t n, size_t i)
{
    static const uint32_t others[] = {0xe0,    0xe2, E_ACUTE, E_GRAVE, E_CIRC, E_TREMA, 0xee,
                                      I_TREMA, 0xf4, 0xf9,    0xfb,    OE,     0xe6};
    if (w[i] == 'u' && i > 0 &&
        (w[i - 1] == 'q' || (w[i - 1] == 'g' && i + 1 < n && w[i + 1] != 'r' && w[i + 1] != 'l')))
        return i + 1 == n; /* que, langue */
    if (w[i] == 'y')
        return i > 0 || n == 1;
    if (w[i] < 0x80)
        return strchr("aeiou", (int)w[i]) != NULL;
    for (size_t k = 0; k < sizeof others / sizeof *others; k++)
        if (w[i] == others[k])
            return true;
    return false;
}

static bool ends(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && strcmp(s + n - m, suffix) == 0;
}

static bool is_one_of(uint32_t c, const char *letters)
{
    return c > 0 && c < 0x80 && strchr(letters, (int)c);
}

/* Is the vowel at i a new syllable behind the vowel before it? */
static bool is_apart(const uint32_t *w, size_t n, size_t i)
{
    uint32_t a = w[i - 1], b = w[i];
    if (b == E_TREMA || b == I_TREMA)
        return true;
    if (a == 'y' && i > 1 && is_vowel(w, n, i - 2)) /* moyen */
        return true;
    if (a == E_ACUTE) /* réaliser, réussi; not née */
        return b != 'e';
    if (is_one_of(a, "iuy") || (a == 'u' && i > 1 && w[i - 2] == 'o')) { /* bien, nuit: glides, but not behind cr, pl */
        size_t from = a == 'u' && i > 1 && w[i - 2] == 'o' ? i - 2 : i - 1;
        bool cluster = from >= 2 && is_one_of(w[from - 1], "rl") && is_one_of(w[from - 2], "bcdfgptv");
        bool silent = b == 'e' && i + 1 == n;
        return cluster && !silent && !(a == 'u' && b == 'i') && !(a == 'o' && b == 'i') && b != 'u';
    }
    if ((b == E_ACUTE || b == E_GRAVE) && is_one_of(a, "aeo"))
        return true; /* coéquipier */
    if (a == 'e' && b == 'o')
        return i > 1 && w[i - 2] != 'g'; /* géo with its accent is above; pigeon */
    if (a == 'a' && is_one_of(b, "ao"))
        return true;
    return a == 'o' && (b == 'a' || (b == 'o'));
}

/* The e of "samedi": between two single consonants it is not said. */
static bool drops_inside(const uint32_t *w, size_t n, size_t i)
{
    if (w[i] != 'e' || i < 2 || i + 2 >= n || is_vowel(w, n, i - 1) || is_vowel(w, n, i + 1) || !is_vowel(w, n, i + 2))
        return false;
    bool single = is_vowel(w, n, i - 2) || w[i - 2] == w[i - 1] || (w[i - 2] == 's' && w[i - 1] == 's');
    return single && w[i + 1] != 'x' && (i >= 3 || is_vowel(w, n, 0));
}

/* -e, -es, and the -ent of "travaillent" and "étaient". */
static size_t silent_from(const uint32_t *w, size_t n, const char *text)
{
    static const char verbs[] =
        "parlent donnent posent demandent trouvent utilisent travaillent aident restent arrivent "
        "pensent passent viennent prennent tiennent veulent peuvent doivent";
    if (n > 3 && (ends(text, "aient") || ends(text, "issent") || ends(text, "illent") || ends(text, "èrent") ||
                  ends(text, "ennent") || rh_word_in(text, verbs)))
        return n - 3;
    if (n > 2 && w[n - 1] == 'e')
        return n - 1;
    if (n > 3 && w[n - 1] == 's' && w[n - 2] == 'e')
        return n - 2;
    return n;
}

static int letters(const uint32_t *w, size_t n, const char *text)
{
    static const char one[] = "les des mes tes ses ces est es très près le de je me te se ne ce que";
    int count = 0;
    if (rh_word_in(text, one))
        return 1;
    size_t end = silent_from(w, n, text);
    for (size_t i = 0; i < end; i++) {
        if (!is_vowel(w, n, i))
            continue;
        bool in = i > 0 && is_vowel(w, n, i - 1);
        if ((!in || is_apart(w, n, i)) && !drops_inside(w, n, i))
            count++;
    }
    return count;
}

static int below_hundred(long v)
{
    static const int ones[] = {0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 2, 2, 2};
    static const int tens[] = {0, 0, 1, 1, 2, 2, 2, 2, 3, 3};
    if (v < 20)
        return ones[v];
    long from = v >= 80 ? 80 : v >= 60 ? 60 : v / 10 * 10, rest = v - from;
    return tens[from / 10] + (rest ? ones[rest] : 0) + (from < 80 && rest % 10 == 1);
}

static int below_thousand(long v)
{
    return (v >= 100 ? 1 + (v >= 200) : 0) + below_hundred(v % 100);
}

static int number(long v)
{
    if (v == 0)
        return 2;
    return (v >= 1000000 ? below_thousand(v / 1000000) + 2 : 0) +
           (v % 1000000 >= 1000 ? (v % 1000000 / 1000 > 1 ? below_thousand(v % 1000000 / 1000) : 0) + 1 : 0) +
           below_thousand(v % 1000);
}

static int syllables(const char *word)
{
    return rh_syllables_by(word, letters, number);
}

static const char *const fillers_set_off[] = {"bon",     "bah",        "ben",          "donc",           "alors",
                                              "en fait", "du coup",    "enfin",        "voilà",          "quoi",
                                              "genre",   "disons",     "en gros",      "tu vois",        "vous voyez",
                                              "tu sais", "vous savez", "je veux dire", "comment dire",   "on va dire",
                                              "hein",    "bref",       "à la limite",  "si vous voulez", NULL};

static const char *const fillers_anywhere[] = {"bah voilà",   "ben voilà",    "donc voilà",
                                               "enfin voilà", "donc du coup", "et du coup voilà",
                                               "enfin bref",  "bon ben",      NULL};

const rh_tongue rh_tongue_french = {
    .code = "fr",
    .pace_low = 120,
    .pace_high = 185,
    .syllables_a_word = 1.45f,
    .syllables = syllables,
    .finds_fillers = true,
    .sounds = {"hum", "euh", "heu", "hmm"},
    .heard_as = {"hum euhm um uhm", "euh euhh uh", "heu", "hm hmm mmh mmm mm"},
    .fillers_set_off = fillers_set_off,
    .fillers_anywhere = fillers_anywhere,
    .joiners = "et mais parce que ou",
    .small =
        "à au aux avec c'est ce cette dans de des du elle en est et il ils j'ai j'avais je la le les leur ma mais me "
        "mes mon ne nous on ou par pas pour qu'il que qui sa se ses si son sont sur un une vous y",
    .doubled = "très oui non nous vous bien beaucoup plus jamais petit",
    .subjects = "je j'ai j'avais il elle on nous ils elles ça c'est c'était",
    .hedges = hedges,
    .weak = weak,
    .hedge_example = "\"peut-être\" and \"je pense\"",
    .weak_example = "\"trucs\" and \"plein de\"",
    .openers = openers,
    .i = "je j' me m' moi mon ma mes mien mienne miens miennes moi-même",
    .we = "nous notre nos nôtre nôtres on nous-mêmes",
    .numbers =
        "deux trois quatre cinq six sept huit dix onze douze treize quatorze quinze seize dix-sept dix-huit "
        "dix-neuf vingt trente quarante cinquante soixante soixante-dix quatre-vingts quatre-vingt quatre-vingt-dix "
        "cent cents mille million millions milliard milliards pourcent douzaine dizaine vingtaine centaine moitié "
        "tiers double",
    .stop = stop,
    .names_by_capital = true,
};
