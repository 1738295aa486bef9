/* tongue_spanish.c - Spanish: its lists, by hand from guides to speaking, and its syllables. */
#include "tongue_internal.h"

#include <string.h>

static const char hedges[] =
    "quizás|quizá|tal vez|a lo mejor|puede ser|puede que|podría ser|posiblemente|probablemente|seguramente|supongo|"
    "supongo que|creo|creo que|yo creo|me parece|me parece que|pienso que|yo diría|diría que|no sé|no sé si|no lo sé|"
    "no estoy seguro|no estoy segura|no muy seguro|no muy segura|más o menos|un poco|un poquito|como que|"
    "de alguna manera|de alguna forma|en cierto modo|en cierta manera|hasta cierto punto|en parte|por decirlo así|"
    "por así decirlo|digamos|parece que|se supone que|que yo sepa|espero que|ojalá|o algo así|algo así|imagino que|"
    "me imagino";

static const char weak[] =
    "cosas|cosa|cosillas|algo|algunas cosas|muchas cosas|muchísimo|muchísimas|un montón|un montón de|la verdad|"
    "la verdad es que|sinceramente|honestamente|obviamente|evidentemente|etcétera|y tal|y eso|y todo eso|y demás|"
    "y cosas así|cosas así|o lo que sea|lo que sea|o algo|muy|realmente|simplemente|literalmente|bastante|"
    "bastante bien|intenté|traté de|intentaba|trataba de|estuve involucrado en|estuve involucrada en|"
    "era responsable de|fui responsable de|estaba encargado de|estaba encargada de|todo tipo de";

static const char openers[] =
    "aunque como cuando cuya cuyas cuyo cuyos donde entonces mientras ni o para pero porque pues que quien quienes si "
    "sino y e así además luego después cuándo cómo dónde qué quién sin según";

static const char stop[] =
    "a al algo alguna algunas alguno algunos ahí ahora allí ante antes aquel aquella aquí así aunque bien cada casi como "
    "con contra cosa cosas cual cuando cuanto de del desde después donde dos durante e el él ella ellas ellos en entonces "
    "entre era eran es esa esas ese eso esos esta está estaba estaban están estar estas este esto estos estoy estuvo fue "
    "fueron fui gran ha haber había habían han hasta hace hacer hacia hay he hemos hice hizo igual la las le les lo los "
    "luego me más mi mí mis mientras misma mismo mucha muchas mucho muchos muy nada ni no nos nosotros nuestra nuestras "
    "nuestro nuestros o os otra otras otro otros para pero poco podía por porque pude pues puede que qué quien quería se "
    "sé sea ser si sí sido siempre sin sino sobre son soy su sus también tan tanto te tenemos tener tengo tenía tenían ti "
    "tiene tienen toda todas todavía todo todos tu tú tus tuve un una unas uno unos usted va vamos vez veces voy y ya yo";

/* ---- syllables ---- */

static bool in_letters(uint32_t c, const char *ascii, const uint32_t *others)
{
    if (c < 0x80)
        return c && strchr(ascii, (int)c);
    for (; *others; others++)
        if (*others == c)
            return true;
    return false;
}

/* Those that make a syllable beside any other vowel. */
static bool is_strong(uint32_t c)
{
    static const uint32_t accented[] = {0xe1, 0xe9, 0xed, 0xf3, 0xfa, 0}; /* á é í ó ú */
    return in_letters(c, "aeo", accented);
}

static bool is_vowel(const uint32_t *w, size_t n, size_t i)
{
    static const uint32_t diaeresis[] = {0xfc, 0}; /* ü */
    bool front = i + 1 < n && (w[i + 1] == 'e' || w[i + 1] == 'i' || w[i + 1] == 0xe9 || w[i + 1] == 0xed);
    if (w[i] == 'u' && i > 0 && front && (w[i - 1] == 'q' || w[i - 1] == 'g'))
        return false; /* que, guía */
    if (w[i] == 'y')
        return n == 1 || i + 1 == n;
    return is_strong(w[i]) || in_letters(w[i], "iu", diaeresis);
}

/* A run of vowels has as many syllables as it has strong ones. */
static int letters(const uint32_t *w, size_t n, const char *text)
{
    int count = 0;
    (void)text;
    for (size_t i = 0; i < n;) {
        int strong = 0;
        size_t from = i;
        for (; i < n && is_vowel(w, n, i); i++)
            strong += is_strong(w[i]);
        count += i == from ? 0 : strong ? strong : 1;
        i += i == from;
    }
    return count;
}

static int below_thousand(long v)
{
    static const int ones[] = {0, 2, 1, 1, 2, 2, 1, 2, 2, 2, 1, 2, 2, 2, 3,
                               2, 4, 5, 5, 5, 2, 4, 4, 4, 5, 5, 4, 5, 5, 5}; /* up to veintinueve */
    static const int tens[] = {0, 0, 2, 3, 4, 4, 3, 3, 3, 3};
    static const int hundreds[] = {0, 2, 4, 4, 5, 4, 4, 5, 5, 5};
    int s = v == 100 ? 1 : hundreds[v / 100];
    v %= 100;
    return s + (v < 30 ? ones[v] : tens[v / 10] + (v % 10 ? 1 + ones[v % 10] : 0));
}

static int number(long v)
{
    if (v == 0)
        return 2;
    return (v >= 1000000 ? below_thousand(v / 1000000) + (v >= 2000000 ? 3 : 2) : 0) +
           (v % 1000000 >= 1000 ? (v % 1000000 / 1000 > 1 ? below_thousand(v % 1000000 / 1000) : 0) + 1 : 0) +
           below_thousand(v % 1000);
}

static int syllables(const char *word)
{
    return rh_syllables_by(word, letters, number);
}

/* ---- I and we, which the verb's ending tells ---- */

static bool ends(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n > m && strcmp(s + n - m, suffix) == 0;
}

static int person(const char *key)
{
    static const char i_irregular[] =
        "hice tuve pude puse quise vine dije traje supe estuve fui soy estoy tengo hago puedo "
        "quiero voy vengo digo pongo sé he doy conozco propuse dispuse mantuve obtuve produje conduje anduve";
    static const char not_i[] = "qué sé café porqué allí aquí así ahí mí sí ti té bebé comité chalé josé";
    static const char not_we[] = "últimos mismos próximos mínimos máximos ramos tramos extremos problemos enormemos "
                                 "pésimos décimos íntimos óptimos legítimos términos ánimos anónimos gramos reclamos "
                                 "kilogramos programamos";
    if (rh_word_in(key, i_irregular))
        return 1;
    if ((ends(key, "é") || ends(key, "í")) && !rh_word_in(key, not_i))
        return 1;
    if (strcmp(key, "somos") == 0 || strcmp(key, "fuimos") == 0)
        return 2;
    bool we = ends(key, "amos") || ends(key, "emos") || ends(key, "imos");
    return we && !rh_word_in(key, not_we) ? 2 : 0;
}

static const char *const fillers_set_off[] = {
    "bueno",   "pues",        "pues nada", "entonces",     "este",         "o sea",        "a ver",     "es decir",
    "digamos", "la verdad",   "sabes",     "sabe",         "ya sabes",     "me entiendes", "entiendes", "vale",
    "así que", "básicamente", "en plan",   "cómo decirlo", "cómo se dice", "como te digo", "mira",      NULL};

static const char *const fillers_anywhere[] = {"o sea que", "pues bueno",      "bueno pues",
                                               "pues eso",  "como quien dice", NULL};

const rh_tongue rh_tongue_spanish = {
    .code = "es",
    .pace_low = 115,
    .pace_high = 180,
    .syllables_a_word = 1.95f,
    .syllables = syllables,
    .finds_fillers = true,
    .sounds = {"em", "eh", "ah", "mmm"},
    .heard_as = {"em emm ehm um umm uhm", "eh ehh uh", "er", "hm hmm mmm mm"},
    .fillers_set_off = fillers_set_off,
    .fillers_anywhere = fillers_anywhere,
    .joiners = "y e pero que porque",
    .small =
        "a al con como de del el ella en era es esa ese esta está este fue ha había he la las le lo los me mi mis no "
        "nos o para pero por porque que se si su sus te un una y yo",
    .doubled = "muy no sí más mucho mucha muchos muchas todo nunca poco",
    .subjects = "yo él ella nosotros nosotras ellos ellas usted eso",
    .hedges = hedges,
    .weak = weak,
    .hedge_example = "\"quizás\" and \"creo que\"",
    .weak_example = "\"cosas\" and \"un montón\"",
    .openers = openers,
    .i = "yo me mí mi mis mío mía míos mías conmigo",
    .we = "nosotros nosotras nos nuestro nuestra nuestros nuestras",
    .person = person,
    .numbers =
        "dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
        "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco treinta cuarenta "
        "cincuenta sesenta setenta ochenta noventa cien ciento doscientos trescientos cuatrocientos quinientos mil "
        "millón millones porciento docena mitad tercio doble",
    .stop = stop,
    .names_by_capital = true,
};
