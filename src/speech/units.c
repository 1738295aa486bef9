/* units.c - words as what is said: the pieces that a text and what was heard are compared by.
 *
 * "$25", "25 dollars" and "twenty-five dollars" become the same units; so do 25%, 1st, 10:30,
 * 5 km, R&D. A number can be said in several ways (1995: as a year, as a number, digit by digit):
 * it takes the reading that the other side has. */
#include "units.h"

#include <ctype.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/text.h"
#include "speech_internal.h"
#include "rehearse/base/array.h"

enum { MAX_SPELLED = 256 };

void rh_units_done(rh_units *u)
{
    rh_free(u->text);
    rh_free((void *)u->at);
    rh_free(u->word);
    rh_free(u->kind);
    rh_free(u->pair);
    *u = (rh_units){0};
}

static bool add(rh_units *u, const char *text, size_t len, rh_unit_kind kind, size_t word)
{
    size_t cap_text = u->cap, cap_word = u->cap; /* three arrays of one size */
    if (rh_array_reserve(&u->text, &cap_text, u->n + 1, sizeof *u->text) != RH_OK ||
        rh_array_reserve(&u->word, &cap_word, u->n + 1, sizeof *u->word) != RH_OK ||
        rh_array_reserve(&u->kind, &u->cap, u->n + 1, sizeof *u->kind) != RH_OK)
        return false;
    if (len >= RH_WORD_BYTES)
        len = RH_WORD_BYTES - 1;
    memcpy(u->text[u->n], text, len);
    u->text[u->n][len] = '\0';
    u->kind[u->n] = (uint8_t)kind;
    u->word[u->n++] = (uint32_t)word;
    return true;
}

static bool add_words(rh_units *u, const char *words, size_t word)
{
    for (const char *s = words; *s;) {
        size_t len = strcspn(s, " ");
        if (len > 0 && !add(u, s, len, RH_UNIT_WORD, word))
            return false;
        s += len;
        s += *s ? 1 : 0;
    }
    return true;
}

typedef struct {
    const char *written, *said;
} name;

static const name *find(const name *names, size_t n, const char *s, size_t len)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(names[i].written) == len && memcmp(names[i].written, s, len) == 0)
            return &names[i];
    return NULL;
}

#define FIND(names, s, len) find(names, sizeof(names) / sizeof(names)[0], s, len)

/* clang-format off */
/* Currencies: whole and hundredth part. */
static const struct {
    const char *sign, *whole, *part;
} money[] = {{"$", "dollar", "cent"},           {"\xc2\xa3", "pound", "penny"},   {"\xe2\x82\xac", "euro", "cent"},
             {"\xc2\xa5", "yen", ""},           {"\xe2\x82\xb9", "rupee", "paisa"}, {"\xe2\x82\xa9", "won", ""},
             {"\xe2\x82\xbd", "rouble", "kopeck"}};
static const name symbols[] = {{"%", "per cent"}, {"&", "and"}, {"+", "plus"}, {"=", "equals"}, {"@", "at"},
                               {"\xc2\xb0", "degree"}, {"\xc2\xa2", "cent"}, {"\xc2\xb0" "c", "degree celsius"},
                               {"\xc2\xb0" "f", "degree fahrenheit"}};
/* After a number. */
static const name unit_names[] = {
    {"km", "kilometer"}, {"m", "meter"}, {"cm", "centimeter"}, {"mm", "millimeter"}, {"kg", "kilogram"}, {"g", "gram"},
    {"mg", "milligram"}, {"lb", "pound"}, {"lbs", "pound"}, {"oz", "ounce"}, {"ft", "foot"}, {"mph", "mile per hour"},
    {"km/h", "kilometer per hour"}, {"kmh", "kilometer per hour"}, {"kph", "kilometer per hour"}, {"hr", "hour"},
    {"hrs", "hour"}, {"h", "hour"}, {"min", "minute"}, {"mins", "minute"}, {"sec", "second"}, {"secs", "second"},
    {"s", "second"}, {"ms", "millisecond"}, {"k", "thousand"}, {"bn", "billion"}, {"mn", "million"}, {"gb", "gigabyte"},
    {"mb", "megabyte"}, {"kb", "kilobyte"}, {"tb", "terabyte"}, {"hz", "hertz"}, {"khz", "kilohertz"}, {"l", "liter"},
    {"ml", "milliliter"}, {"yrs", "year"}, {"yr", "year"}, {"usd", "dollar"}, {"eur", "euro"}, {"gbp", "pound"}};
/* Said of one and of many alike, and in two spellings. */
static const name singles[] = {
    {"dollars", "dollar"}, {"cents", "cent"}, {"pounds", "pound"}, {"pence", "penny"}, {"pennies", "penny"},
    {"euros", "euro"}, {"rupees", "rupee"}, {"roubles", "rouble"}, {"rubles", "rouble"}, {"ruble", "rouble"},
    {"kilometers", "kilometer"}, {"kilometres", "kilometer"}, {"kilometre", "kilometer"}, {"meters", "meter"},
    {"metres", "meter"}, {"metre", "meter"}, {"centimeters", "centimeter"}, {"centimetres", "centimeter"},
    {"millimeters", "millimeter"}, {"millimetres", "millimeter"}, {"kilograms", "kilogram"}, {"kilos", "kilogram"},
    {"kilo", "kilogram"}, {"grams", "gram"}, {"milligrams", "milligram"}, {"ounces", "ounce"}, {"feet", "foot"},
    {"miles", "mile"}, {"hours", "hour"}, {"minutes", "minute"}, {"seconds", "second"}, {"milliseconds", "millisecond"},
    {"gigabytes", "gigabyte"}, {"megabytes", "megabyte"}, {"kilobytes", "kilobyte"}, {"terabytes", "terabyte"},
    {"liters", "liter"}, {"litres", "liter"}, {"litre", "liter"}, {"milliliters", "milliliter"}, {"years", "year"},
    {"degrees", "degree"}, {"percent", "per cent"}};
/* clang-format on */

bool rh_is_said(const char *word)
{
    char normal[RH_WORD_BYTES];
    if (rh_word_normal(word, normal) > 0)
        return true;
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
        if (strstr(word, symbols[i].written))
            return true;
    for (size_t i = 0; i < sizeof money / sizeof *money; i++)
        if (strstr(word, money[i].sign))
            return true;
    return false;
}

/* What words a unit of letters is: plural and singular of a measure are one. */
static bool add_letters(rh_units *u, const char *s, size_t n, size_t word)
{
    bool after_number = u->n > 0 && u->kind[u->n - 1] == RH_UNIT_NUMBER;
    const name *m = after_number ? FIND(unit_names, s, n) : NULL;
    if (!m)
        m = FIND(singles, s, n);
    return m ? add_words(u, m->said, word) : add(u, s, n, RH_UNIT_WORD, word);
}

/* "25", "1,000", "3.5", "10:30", "21st" at the start of `s`. Returns its bytes. */
static size_t add_number(rh_units *u, const char *s, size_t word, const char *part, bool *ok)
{
    char digits[RH_WORD_BYTES];
    size_t n = 0, at = 0;
    while (isdigit((unsigned char)s[at]) || (s[at] == ',' && n > 0 && strspn(s + at + 1, "0123456789") == 3)) {
        if (s[at] != ',' && n + 1 < sizeof digits)
            digits[n++] = s[at];
        at++;
    }
    static const char *const endings[] = {"st", "nd", "rd", "th"};
    for (size_t i = 0; i < 4; i++)
        if (strncmp(s + at, endings[i], 2) == 0 && !isalnum((unsigned char)s[at + 2])) {
            *ok = add(u, digits, n, RH_UNIT_ORDINAL, word);
            return at + 2;
        }
    *ok = add(u, digits, n, RH_UNIT_NUMBER, word);
    size_t after = s[at] == '.' || s[at] == ':' ? strspn(s + at + 1, "0123456789") : 0;
    if (!after || !*ok)
        return at;
    const char *rest = s + at + 1;
    if (s[at] == ':') { /* 10:00 is said as ten */
        if (after != 2 || strncmp(rest, "00", 2) != 0)
            *ok = add(u, rest, after, RH_UNIT_NUMBER, word);
    } else if (*part && after == 2) { /* hundredths of money come behind its name */
        return at;
    } else {
        *ok = add_words(u, "point", word);
        for (size_t i = 0; i < after && *ok; i++)
            *ok = add(u, rest + i, 1, RH_UNIT_NUMBER, word);
    }
    return at + 1 + after;
}

static bool add_money(rh_units *u, const char *s, size_t *at, size_t sign, size_t word)
{
    bool ok;
    *at += add_number(u, s + *at, word, money[sign].part, &ok);
    char scale[RH_WORD_BYTES];
    size_t n = strspn(s + *at, "abcdefghijklmnopqrstuvwxyz");
    const name *m = FIND(unit_names, s + *at, n);
    if (ok && n && n < sizeof scale && m && strstr("thousand million billion", m->said)) { /* $25k */
        ok = add_words(u, m->said, word);
        *at += n;
    }
    ok = ok && add(u, money[sign].whole, strlen(money[sign].whole), RH_UNIT_MONEY, word);
    if (ok && s[*at] == '.' && strspn(s + *at + 1, "0123456789") == 2) {
        if (strncmp(s + *at + 1, "00", 2) != 0)
            ok = add(u, s + *at + 1, 2, RH_UNIT_NUMBER, word) && add_words(u, money[sign].part, word);
        *at += 3;
    }
    return ok;
}

/* One character that is no letter and no digit; *len are its bytes. */
static bool add_symbol(rh_units *u, const char *s, size_t *len, size_t word)
{
    uint32_t cp;
    *len = rh_utf8_next(s, strlen(s), &cp);
    for (size_t i = 0; i < sizeof money / sizeof money[0]; i++) {
        size_t n = strlen(money[i].sign);
        if (strncmp(s, money[i].sign, n) != 0)
            continue;
        size_t at = n;
        if (isdigit((unsigned char)s[at])) {
            bool ok = add_money(u, s, &at, i, word);
            *len = at;
            return ok;
        }
        return u->n == 0 || u->kind[u->n - 1] != RH_UNIT_NUMBER || add_words(u, money[i].whole, word); /* 25 € */
    }
    const name *m = NULL;
    if (cp == 0xb0 && (s[2] == 'c' || s[2] == 'f') && !isalpha((unsigned char)s[3]))
        m = FIND(symbols, s, ++*len);
    if (!m)
        m = FIND(symbols, s, *len);
    return !m || add_words(u, m->said, word);
}

/* Letters, accents and inner apostrophes. */
static size_t letters(const char *s)
{
    size_t at = 0, n = strlen(s);
    while (at < n) {
        uint32_t cp;
        size_t len = rh_utf8_next(s + at, n - at, &cp);
        rh_char_class c = rh_char_class_of(cp);
        bool inner = cp == '\'' && at > 0 && at + 1 < n && isalpha((unsigned char)s[at + 1]);
        if (c != RH_CHAR_LETTER && c != RH_CHAR_MARK && !inner && !(c == RH_CHAR_NUMBER && cp >= 0x80))
            break;
        at += len;
    }
    return at;
}

/* "U.S.A.", "a.m.": letters with a stop each. Returns their bytes, 0 when there are none. */
static size_t add_initials(rh_units *u, const char *s, size_t word, bool *ok)
{
    char out[RH_WORD_BYTES];
    size_t n = 0, at = 0;
    while (isalpha((unsigned char)s[at]) && s[at + 1] == '.' && n + 1 < sizeof out) {
        out[n++] = s[at];
        at += 2;
    }
    if (n >= 1 && isalpha((unsigned char)s[at]) && !isalpha((unsigned char)s[at + 1]) &&
        n + 1 < sizeof out) { /* U.S.A */
        out[n++] = s[at];
        at++;
    }
    if (n < 2)
        return 0;
    *ok = add(u, out, n, RH_UNIT_WORD, word);
    return at;
}

bool rh_units_add(rh_units *u, const char *text, size_t word)
{
    char *s = rh_word_fold(text);
    bool ok = s != NULL;
    for (size_t at = 0; ok && s[at];) {
        size_t len =
            isdigit((unsigned char)s[at]) ? add_number(u, s + at, word, "", &ok) : add_initials(u, s + at, word, &ok);
        if (!len && (len = letters(s + at)) > 0)
            ok = add_letters(u, s + at, len, word);
        else if (!len)
            ok = add_symbol(u, s + at, &len, word);
        at += len;
    }
    rh_free(s);
    return ok;
}

/* ---- one form on both sides ---- */

static bool is_scale(const char *s)
{
    return rh_word_in(s, "hundred thousand million billion trillion");
}

static bool is_number(const rh_units *u, size_t i)
{
    return i < u->n && (u->kind[i] != RH_UNIT_WORD || is_scale(u->text[i]) || rh_names_number(u->text[i]));
}

static void drop(rh_units *u, size_t i)
{
    size_t rest = u->n - i - 1;
    memmove(u->text + i, u->text + i + 1, rest * sizeof *u->text);
    memmove(u->word + i, u->word + i + 1, rest * sizeof *u->word);
    memmove(u->kind + i, u->kind + i + 1, rest * sizeof *u->kind);
    u->n--;
}

/* What people say or leave out at will: "and" within a number, "o'clock"; "a hundred" is one. */
static void settle(rh_units *u)
{
    for (size_t i = 0; i < u->n; i++) {
        bool after = i > 0 && is_number(u, i - 1);
        if (u->kind[i] == RH_UNIT_MONEY && i + 1 < u->n && is_scale(u->text[i + 1])) { /* $3 million */
            char name_of[RH_WORD_BYTES];
            memcpy(name_of, u->text[i], sizeof name_of);
            memcpy(u->text[i], u->text[i + 1], sizeof name_of);
            memcpy(u->text[i + 1], name_of, sizeof name_of);
            u->kind[i] = RH_UNIT_WORD;
            u->kind[i + 1] = RH_UNIT_MONEY;
        }
        bool money_before = i > 0 && u->kind[i - 1] == RH_UNIT_WORD && rh_word_in(u->text[i - 1], "dollar pound euro");
        if (u->kind[i] != RH_UNIT_WORD)
            continue;
        if (strcmp(u->text[i], "a") == 0 && i + 1 < u->n && is_scale(u->text[i + 1]))
            strcpy(u->text[i], "one");
        else if ((strcmp(u->text[i], "and") == 0 && ((i > 0 && is_scale(u->text[i - 1])) || money_before) &&
                  is_number(u, i + 1)) ||
                 (after && strcmp(u->text[i], "o'clock") == 0))
            drop(u, i--);
    }
}

/* Does `u` say `words` somewhere? */
static bool says(const rh_units *u, const char *words)
{
    for (size_t i = 0; i < u->n; i++) {
        size_t k = i;
        const char *s = words;
        while (*s && k < u->n) {
            size_t len = strcspn(s, " ");
            if (strlen(u->text[k]) != len || memcmp(u->text[k], s, len) != 0)
                break;
            k++;
            s += len;
            s += *s ? 1 : 0;
        }
        if (!*s)
            return true;
    }
    return false;
}

static bool counts(const rh_units *u)
{
    for (size_t i = 0; i < u->n; i++)
        if (u->kind[i] == RH_UNIT_WORD && rh_is_cardinal(u->text[i]))
            return true;
    return false;
}

/* How the number is said: as the other side has it, else digit by digit unless somebody counts. */
static bool spell(const rh_units *u, size_t i, const rh_units *other, bool one_by_one, char out[MAX_SPELLED])
{
    bool ordinal = u->kind[i] == RH_UNIT_ORDINAL;
    for (int way = 0; way < RH_NUMBER_WAYS; way++)
        if (rh_number_said(u->text[i], ordinal, (rh_number_way)way, out, MAX_SPELLED) && says(other, out))
            return true;
    if (!ordinal && one_by_one && rh_number_said(u->text[i], false, RH_NUMBER_DIGITS, out, MAX_SPELLED))
        return true;
    return rh_number_said(u->text[i], ordinal, RH_NUMBER_COUNTED, out, MAX_SPELLED) ||
           rh_number_said(u->text[i], ordinal, RH_NUMBER_DIGITS, out, MAX_SPELLED);
}

/* `u` with its numbers spelled out, in *out. */
static bool spelled(const rh_units *u, const rh_units *other, bool one_by_one, rh_units *out)
{
    for (size_t i = 0; i < u->n; i++) {
        char words[MAX_SPELLED];
        bool number = u->kind[i] == RH_UNIT_NUMBER || u->kind[i] == RH_UNIT_ORDINAL;
        bool ok = number && spell(u, i, other, one_by_one, words)
                      ? add_words(out, words, u->word[i])
                      : add(out, u->text[i], strlen(u->text[i]), RH_UNIT_WORD, u->word[i]);
        if (!ok)
            return false;
    }
    out->at = rh_alloc_array(out->n + 1, sizeof *out->at);
    out->pair = rh_alloc_array(out->n + 1, sizeof *out->pair);
    if (!out->at || !out->pair)
        return false;
    for (size_t i = 0; i < out->n; i++) {
        out->at[i] = out->text[i];
        out->pair[i] = -1;
    }
    return true;
}

bool rh_units_close(rh_units *a, rh_units *b)
{
    rh_units x = {0}, y = {0};
    settle(a);
    settle(b);
    bool one_by_one = !counts(a) && !counts(b);
    bool ok = spelled(a, b, one_by_one, &x) && spelled(b, a, one_by_one, &y);
    rh_units_done(a);
    rh_units_done(b);
    *a = x;
    *b = y;
    return ok;
}
