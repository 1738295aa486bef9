/* tongue_german.c - German: its lists, by hand from guides to speaking, and its syllables. "ß" is compared as "ss". */
#include "tongue_internal.h"

#include <string.h>

static const char hedges[] =
    "vielleicht|eventuell|möglicherweise|wahrscheinlich|vermutlich|womöglich|wohl|unter umständen|ich glaube|glaube ich|"
    "ich denke|denke ich|ich meine|ich würde sagen|würde ich sagen|ich finde|ich schätze|schätze ich|ich vermute|"
    "ich nehme an|ich weiss nicht|weiss ich nicht|ich bin mir nicht sicher|nicht ganz sicher|nicht so sicher|"
    "irgendwie|ein bisschen|ein wenig|ein stück weit|mehr oder weniger|in gewisser weise|gewissermassen|"
    "in gewissem masse|es könnte sein|könnte sein|kann sein|es scheint|scheint mir|meines wissens|soweit ich weiss|"
    "ich hoffe|hoffentlich|eher|oder so|quasi|sozusagen|im grossen und ganzen|ich könnte mir vorstellen|an sich";

static const char weak[] =
    "sachen|zeug|dinge|ding|irgendwas|irgendwelche|irgendein|irgendeine|und so weiter|und so|und alles|oder sowas|"
    "und sowas|sowas|oder was auch immer|was auch immer|eine menge|jede menge|ein haufen|ziemlich|sehr viel|sehr viele|"
    "echt|wirklich|total|voll|ganz gut|ehrlich gesagt|natürlich|selbstverständlich|einfach|einfach nur|halt|eben mal|"
    "und dergleichen|war zuständig für|war verantwortlich für|war beteiligt an|habe versucht|hatte versucht|"
    "verschiedene themen|verschiedene sachen|verschiedene dinge";

/* Not "um" and "als": mostly inside a clause. */
static const char openers[] =
    "aber als bevor bis da dann damit dass denn deren dessen die doch ehe falls indem je nachdem ob obgleich obwohl oder "
    "seit seitdem sobald sodass sofern solange sondern sowie sowohl trotzdem um und wann warum was weil welche welcher "
    "welches wenn wer weshalb wie wieso wo wobei wodurch wofür womit woran worauf während wenngleich deshalb deswegen "
    "daher darum jedoch";

static const char stop[] =
    "aber alle allem allen aller alles also am an andere anderen auch auf aus bei beim bin bis bisschen bist da dabei "
    "dadurch dafür damit danach dann daran darauf darum das dass davon dazu dein deine dem den denn der deren des deshalb "
    "dessen die dies diese diesem diesen dieser dieses doch dort du durch eben eigentlich ein eine einem einen einer "
    "eines einfach einmal er es etwas euch euer für ganz gar gab gegeben gehabt gemacht gewesen geworden gibt ging gut "
    "habe haben hat hatte hatten hier ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im immer in ins irgendwie ist ja jede "
    "jedem jeden jeder jedes jetzt kann kein keine keinen können könnte machen mal man mehr mein meine meinem meinen "
    "meiner mich mir mit muss musste müssen möchte nach natürlich nicht nichts noch nun nur ob oder ohne sein seine "
    "seinem seinen seiner sehr sich sie sind so sollte sondern soll sollen über um und uns unser unsere unserem unseren "
    "unserer unter viel viele vom von vor waren war was weil weiss welche wenn wer werde werden wie wieder will wir wird "
    "wo wollte wollten wurde wurden würde würden zu zum zur zwar zwischen";

/* ---- syllables ---- */

static bool is_vowel(uint32_t c)
{
    return c < 0x80 ? c && strchr("aeiouy", (int)c) : c == 0xe4 || c == 0xf6 || c == 0xfc || c == 0xe9 || c == 0xe8;
}

/* Two letters that are one vowel. */
static bool is_pair(uint32_t a, uint32_t b)
{
    static const char pairs[][3] = {"ai", "au", "ei", "eu", "ie", "aa", "ee", "oo", "ey", "ay", "oi", "ou", "oy"};
    if (a == 0xe4 && b == 'u')
        return true;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (a == (uint32_t)pairs[i][0] && b == (uint32_t)pairs[i][1])
            return true;
    return false;
}

static bool ends(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && strcmp(s + n - m, suffix) == 0;
}

/* "Familie", "Ferien": the i and the e are said apart. */
static bool parts_ie(const char *s)
{
    static const char *const all[] = {"milie",     "milien",     "linie",  "linien",  "serie",       "serien",
                                      "studie",    "studien",    "ferien", "italien", "spanien",     "medien",
                                      "kriterien", "prinzipien", "aktie",  "aktien",  "materialien", "folie",
                                      "folien",    "prämie",     "prämien"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (ends(s, all[i]))
            return true;
    return strcmp(s, "serie") == 0;
}

/* Words from English, by syllables from one on. */
static int of_english(const char *s)
{
    static const char *const odd[] = {"team teams code date deal job",
                                      "deadline deadlines software release releases "
                                      "feature features online update updates pipeline",
                                      "museum interviewer"};
    for (int i = 0; i < 3; i++)
        if (rh_word_in(s, odd[i]))
            return i + 1;
    return 0;
}

static int letters(const uint32_t *w, size_t n, const char *text)
{
    int count = of_english(text);
    if (count)
        return count;
    bool prefixed = (strncmp(text, "bee", 3) == 0 && strncmp(text, "beet", 4) != 0 && strncmp(text, "beer", 4) != 0) ||
                    strncmp(text, "gee", 3) == 0 || strncmp(text, "beu", 3) == 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_vowel(w[i]) || (w[i] == 'u' && i > 0 && w[i - 1] == 'q') || (w[i] == 'y' && i == 0))
            continue;
        count++;
        if (i + 1 < n && is_pair(w[i], w[i + 1]) && !(i == 1 && prefixed))
            i++;
    }
    return count + parts_ie(text);
}

static int below_thousand(long v)
{
    static const int ones[] = {0, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2};
    static const int tens[] = {0, 0, 2, 2, 2, 2, 2, 2, 2, 2};
    int s = v >= 100 ? 2 + (v >= 200 ? ones[v / 100] : 1) : 0;
    v %= 100;
    return s + (v < 20 ? ones[v] : tens[v / 10] + (v % 10 ? ones[v % 10] + 1 : 0));
}

static int number(long v)
{
    if (v == 0)
        return 1;
    if (v >= 1100 && v < 2000) /* a year: neunzehnhundert ... */
        return below_thousand(v / 100) + 2 + below_thousand(v % 100);
    return (v >= 1000000 ? below_thousand(v / 1000000) + 3 : 0) +
           (v % 1000000 >= 1000 ? (v % 1000000 / 1000 > 1 ? below_thousand(v % 1000000 / 1000) : 0) + 2 : 0) +
           below_thousand(v % 1000);
}

static int syllables(const char *word)
{
    return rh_syllables_by(word, letters, number);
}

static const char *const fillers_set_off[] = {"also",
                                              "genau",
                                              "eigentlich",
                                              "irgendwie",
                                              "im prinzip",
                                              "im grunde",
                                              "weisst du",
                                              "wissen sie",
                                              "verstehst du",
                                              "verstehen sie",
                                              "wie soll ich sagen",
                                              "wie sagt man",
                                              "sagen wir mal",
                                              "sagen wir",
                                              "ich meine",
                                              "na ja",
                                              "naja",
                                              "nun",
                                              "nun ja",
                                              "ne",
                                              "nicht wahr",
                                              NULL};

static const char *const fillers_anywhere[] = {"sozusagen",
                                               "quasi",
                                               "sag ich mal",
                                               "sage ich mal",
                                               "ich sag mal",
                                               "ich sage mal",
                                               "sag ich jetzt mal",
                                               "würd ich mal sagen",
                                               "halt so",
                                               "halt irgendwie",
                                               "tja",
                                               NULL};

const rh_tongue rh_tongue_german = {
    .code = "de",
    .pace_low = 100,
    .pace_high = 155,
    .syllables_a_word = 1.75f,
    .syllables = syllables,
    .finds_fillers = true,
    .sounds = {"ähm", "äh", "öh", "hm"},
    .heard_as = {"ähm äm ehm öhm ähem ähhm uhm", "äh ähh ääh", "öh öhh", "hm hmm mh mhh"},
    .fillers_set_off = fillers_set_off,
    .fillers_anywhere = fillers_anywhere,
    .joiners = "aber und weil dass oder",
    .small = "als am an auch auf aus bei da das dass dem den der des die ein eine einen einer er es für haben habe hat "
             "ich ihr im in ist ja mein meine mit nach nicht oder sich sie so über um und uns unser unsere vom von vor "
             "war waren was wenn weil wie wir wird wo zu zum zur",
    .doubled = "ja nein sehr viel viele ganz immer nie nur so lange",
    .subjects = "ich wir er sie es man das",
    .hedges = hedges,
    .weak = weak,
    .hedge_example = "\"vielleicht\" and \"ich glaube\"",
    .weak_example = "\"Sachen\" and \"irgendwas\"",
    .openers = openers,
    .i = "ich mich mir mein meine meinem meinen meiner meines",
    .we = "wir uns unser unsere unserem unseren unserer unseres unsre",
    .numbers =
        "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
        "achtzehn neunzehn zwanzig dreissig vierzig fünfzig sechzig siebzig achtzig neunzig hundert tausend million "
        "millionen milliarde milliarden prozent dutzend hälfte drittel viertel doppelt zweimal dreimal",
    .stop = stop,
};
