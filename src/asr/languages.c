/* Languages in the order of their tokens, and names people use for them.
 * Source: openai-whisper, tokenizer.py. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include "rehearse/asr/asr.h"
#include "tokenizer_internal.h"

typedef struct {
    const char *code, *name;
} language;

/* clang-format off */
static const language languages[RH_MAX_LANGUAGES] = {
    {"en", "english"}, {"zh", "chinese"}, {"de", "german"}, {"es", "spanish"}, {"ru", "russian"},
    {"ko", "korean"}, {"fr", "french"}, {"ja", "japanese"}, {"pt", "portuguese"},
    {"tr", "turkish"}, {"pl", "polish"}, {"ca", "catalan"}, {"nl", "dutch"}, {"ar", "arabic"},
    {"sv", "swedish"}, {"it", "italian"}, {"id", "indonesian"}, {"hi", "hindi"},
    {"fi", "finnish"}, {"vi", "vietnamese"}, {"he", "hebrew"}, {"uk", "ukrainian"},
    {"el", "greek"}, {"ms", "malay"}, {"cs", "czech"}, {"ro", "romanian"}, {"da", "danish"},
    {"hu", "hungarian"}, {"ta", "tamil"}, {"no", "norwegian"}, {"th", "thai"}, {"ur", "urdu"},
    {"hr", "croatian"}, {"bg", "bulgarian"}, {"lt", "lithuanian"}, {"la", "latin"},
    {"mi", "maori"}, {"ml", "malayalam"}, {"cy", "welsh"}, {"sk", "slovak"}, {"te", "telugu"},
    {"fa", "persian"}, {"lv", "latvian"}, {"bn", "bengali"}, {"sr", "serbian"},
    {"az", "azerbaijani"}, {"sl", "slovenian"}, {"kn", "kannada"}, {"et", "estonian"},
    {"mk", "macedonian"}, {"br", "breton"}, {"eu", "basque"}, {"is", "icelandic"},
    {"hy", "armenian"}, {"ne", "nepali"}, {"mn", "mongolian"}, {"bs", "bosnian"},
    {"kk", "kazakh"}, {"sq", "albanian"}, {"sw", "swahili"}, {"gl", "galician"},
    {"mr", "marathi"}, {"pa", "punjabi"}, {"si", "sinhala"}, {"km", "khmer"}, {"sn", "shona"},
    {"yo", "yoruba"}, {"so", "somali"}, {"af", "afrikaans"}, {"oc", "occitan"},
    {"ka", "georgian"}, {"be", "belarusian"}, {"tg", "tajik"}, {"sd", "sindhi"},
    {"gu", "gujarati"}, {"am", "amharic"}, {"yi", "yiddish"}, {"lo", "lao"}, {"uz", "uzbek"},
    {"fo", "faroese"}, {"ht", "haitian creole"}, {"ps", "pashto"}, {"tk", "turkmen"},
    {"nn", "nynorsk"}, {"mt", "maltese"}, {"sa", "sanskrit"}, {"lb", "luxembourgish"},
    {"my", "myanmar"}, {"bo", "tibetan"}, {"tl", "tagalog"}, {"mg", "malagasy"},
    {"as", "assamese"}, {"tt", "tatar"}, {"haw", "hawaiian"}, {"ln", "lingala"}, {"ha", "hausa"},
    {"ba", "bashkir"}, {"jw", "javanese"}, {"su", "sundanese"}, {"yue", "cantonese"},
};

/* Codes of ISO 639-1, -2 and -3 that are not Whisper's, and names, in small letters. */
static const language aliases[] = {
    {"en", "eng"}, {"zh", "zho"}, {"zh", "chi"}, {"zh", "cmn"}, {"de", "deu"}, {"de", "ger"},
    {"es", "spa"}, {"ru", "rus"}, {"ko", "kor"}, {"fr", "fra"}, {"fr", "fre"}, {"ja", "jpn"},
    {"pt", "por"}, {"tr", "tur"}, {"pl", "pol"}, {"ca", "cat"}, {"nl", "nld"}, {"nl", "dut"},
    {"ar", "ara"}, {"ar", "arb"}, {"sv", "swe"}, {"it", "ita"}, {"id", "ind"}, {"id", "in"},
    {"hi", "hin"}, {"fi", "fin"}, {"vi", "vie"}, {"he", "heb"}, {"he", "iw"}, {"uk", "ukr"},
    {"el", "ell"}, {"el", "gre"}, {"ms", "msa"}, {"ms", "may"}, {"ms", "zsm"}, {"cs", "ces"},
    {"cs", "cze"}, {"ro", "ron"}, {"ro", "rum"}, {"ro", "mo"}, {"ro", "mol"}, {"da", "dan"},
    {"hu", "hun"}, {"ta", "tam"}, {"no", "nor"}, {"no", "nb"}, {"no", "nob"}, {"th", "tha"},
    {"ur", "urd"}, {"hr", "hrv"}, {"bg", "bul"}, {"lt", "lit"}, {"la", "lat"}, {"mi", "mri"},
    {"mi", "mao"}, {"ml", "mal"}, {"cy", "cym"}, {"cy", "wel"}, {"sk", "slk"}, {"sk", "slo"},
    {"te", "tel"}, {"fa", "fas"}, {"fa", "per"}, {"fa", "pes"}, {"lv", "lav"}, {"lv", "lvs"},
    {"bn", "ben"}, {"sr", "srp"}, {"az", "aze"}, {"az", "azj"}, {"sl", "slv"}, {"kn", "kan"},
    {"et", "est"}, {"et", "ekk"}, {"mk", "mkd"}, {"mk", "mac"}, {"br", "bre"}, {"eu", "eus"},
    {"eu", "baq"}, {"is", "isl"}, {"is", "ice"}, {"hy", "hye"}, {"hy", "arm"}, {"ne", "nep"},
    {"ne", "npi"}, {"mn", "mon"}, {"mn", "khk"}, {"bs", "bos"}, {"kk", "kaz"}, {"sq", "sqi"},
    {"sq", "alb"}, {"sw", "swa"}, {"sw", "swh"}, {"gl", "glg"}, {"mr", "mar"}, {"pa", "pan"},
    {"si", "sin"}, {"km", "khm"}, {"sn", "sna"}, {"yo", "yor"}, {"so", "som"}, {"af", "afr"},
    {"oc", "oci"}, {"ka", "kat"}, {"ka", "geo"}, {"be", "bel"}, {"tg", "tgk"}, {"sd", "snd"},
    {"gu", "guj"}, {"am", "amh"}, {"yi", "yid"}, {"yi", "ydd"}, {"yi", "ji"}, {"lo", "lao"},
    {"uz", "uzb"}, {"uz", "uzn"}, {"fo", "fao"}, {"ht", "hat"}, {"ps", "pus"}, {"ps", "pbt"},
    {"tk", "tuk"}, {"nn", "nno"}, {"mt", "mlt"}, {"sa", "san"}, {"lb", "ltz"}, {"my", "mya"},
    {"my", "bur"}, {"bo", "bod"}, {"bo", "tib"}, {"tl", "tgl"}, {"tl", "fil"}, {"mg", "mlg"},
    {"mg", "plt"}, {"as", "asm"}, {"tt", "tat"}, {"ln", "lin"}, {"ha", "hau"}, {"ba", "bak"},
    {"jw", "jv"}, {"jw", "jav"}, {"su", "sun"}, {"my", "burmese"}, {"ca", "valencian"},
    {"ca", "català"}, {"nl", "flemish"}, {"nl", "nederlands"}, {"ht", "haitian"},
    {"lb", "letzeburgesch"}, {"ps", "pushto"}, {"pa", "panjabi"}, {"ro", "moldavian"},
    {"ro", "moldovan"}, {"ro", "română"}, {"si", "sinhalese"}, {"es", "castilian"},
    {"es", "español"}, {"es", "espanol"}, {"zh", "mandarin"}, {"zh", "中文"}, {"zh", "汉语"},
    {"zh", "普通话"}, {"de", "deutsch"}, {"fr", "français"}, {"fr", "francais"}, {"it", "italiano"},
    {"pt", "português"}, {"pt", "portugues"}, {"ru", "русский"}, {"ja", "日本語"}, {"ko", "한국어"},
    {"ar", "العربية"}, {"hi", "हिन्दी"}, {"pl", "polski"}, {"tr", "türkçe"}, {"tr", "turkce"},
    {"sv", "svenska"}, {"da", "dansk"}, {"no", "norsk"}, {"no", "bokmål"}, {"no", "bokmal"},
    {"no", "norwegian bokmål"}, {"no", "norwegian bokmal"}, {"nn", "norwegian nynorsk"},
    {"fi", "suomi"}, {"cs", "čeština"}, {"cs", "cestina"}, {"uk", "українська"}, {"el", "ελληνικά"},
    {"hu", "magyar"}, {"he", "עברית"}, {"fa", "farsi"}, {"vi", "tiếng việt"},
    {"id", "bahasa indonesia"}, {"tl", "filipino"}, {"en", "british english"},
    {"en", "american english"},
};
/* clang-format on */

enum { N_ALIASES = sizeof aliases / sizeof *aliases };

/* Whisper's code of a code or a name in small letters, NULL when it is none. */
static const char *known(const char *name)
{
    for (int i = 0; i < RH_MAX_LANGUAGES; i++)
        if (strcmp(languages[i].code, name) == 0 || strcmp(languages[i].name, name) == 0)
            return languages[i].code;
    for (int i = 0; i < N_ALIASES; i++)
        if (strcmp(aliases[i].name, name) == 0)
            return aliases[i].code;
    return NULL;
}

/* Cuts a language tag (BCP 47) or locale down to its language; false when it is neither. */
static bool cut_tag(char *s)
{
    s[strcspn(s, ".@")] = '\0'; /* en_US.UTF-8 */
    size_t n = strcspn(s, "-_");
    bool tag = n >= 2 && n <= 3;
    for (const char *part = s + n; *part && tag;) {
        part++;
        size_t len = strcspn(part, "-_");
        tag = len >= 1 && len <= 8 && strspn(part, "abcdefghijklmnopqrstuvwxyz0123456789") >= len;
        part += len;
    }
    s[n] = '\0';
    return tag;
}

bool rh_asr_language(const char *given, char code[RH_ASR_LANG_LEN])
{
    char *s = (char *)utf8proc_NFKC_Casefold((const utf8proc_uint8_t *)given); /* not rh_alloc()'s */
    if (!s)
        return false;
    const char *found = known(s);
    if (!found && cut_tag(s))
        found = known(s);
    bool any = strcmp(s, "auto") == 0 || strcmp(s, "und") == 0;
    if (found || any)
        strcpy(code, found ? found : "");
    free(s);
    return found || any;
}

void rh_asr_language_name(const char *code, char name[RH_ASR_LANG_NAME])
{
    const char *found = "this language";
    for (int i = 0; i < RH_MAX_LANGUAGES; i++)
        if (strcmp(languages[i].code, code) == 0)
            found = languages[i].name;
    (void)snprintf(name, RH_ASR_LANG_NAME, "%s", found);
    if (strcmp(found, "this language") != 0)
        for (char *s = name; *s; s++) /* Haitian Creole */
            if ((s == name || s[-1] == ' ') && *s >= 'a' && *s <= 'z')
                *s = (char)(*s - 'a' + 'A');
}

int32_t rh_tokenizer_language(const rh_tokenizer *t, const char *given)
{
    char code[RH_ASR_LANG_LEN];
    int32_t n = t->special.multilingual ? t->special.n_languages : 1;
    if (!rh_asr_language(given, code))
        return -1;
    for (int32_t i = 0; i < n; i++)
        if (strcmp(languages[i].code, code) == 0)
            return t->special.first_language + i;
    return -1;
}

const char *rh_tokenizer_language_code(const rh_tokenizer *t, int32_t id)
{
    int32_t i = id - t->special.first_language;
    return i >= 0 && i < t->special.n_languages ? languages[i].code : NULL;
}
