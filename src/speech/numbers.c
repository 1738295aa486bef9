/* numbers.c - digits as people say them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "speech_internal.h"

static bool put(char *out, size_t cap, const char *word)
{
    size_t n = strlen(out), m = strlen(word);
    if (n + m + 2 > cap)
        return false;
    if (n > 0)
        out[n++] = ' ';
    memcpy(out + n, word, m + 1);
    return true;
}

static const char *const ones[20] = {"zero",     "one",     "two",     "three",     "four",     "five",    "six",
                                     "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
                                     "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
static const char *const tens[10] = {"",      "",      "twenty",  "thirty", "forty",
                                     "fifty", "sixty", "seventy", "eighty", "ninety"};

static bool put_below_thousand(char *out, size_t cap, unsigned v)
{
    bool ok = true;
    if (v >= 100)
        ok = put(out, cap, ones[v / 100]) && put(out, cap, "hundred");
    v %= 100;
    if (v >= 20) {
        ok = ok && put(out, cap, tens[v / 10]);
        v %= 10;
    }
    return ok && (v == 0 || put(out, cap, ones[v]));
}

static bool put_counted(char *out, size_t cap, unsigned long v)
{
    static const struct {
        unsigned long size;
        const char *name;
    } steps[] = {{1000000, "million"}, {1000, "thousand"}};
    if (v == 0)
        return put(out, cap, "zero");
    for (size_t i = 0; i < 2; i++) {
        if (v < steps[i].size)
            continue;
        if (!put_below_thousand(out, cap, (unsigned)(v / steps[i].size)) || !put(out, cap, steps[i].name))
            return false;
        v %= steps[i].size;
    }
    return put_below_thousand(out, cap, (unsigned)v);
}

/* 1995, 1905, 1900: nineteen and what follows. */
static bool put_year(char *out, size_t cap, unsigned long v)
{
    unsigned high = (unsigned)(v / 100), low = (unsigned)(v % 100);
    if (high < 10 || high > 99 || high % 10 == 0 || !put_below_thousand(out, cap, high))
        return high == 20 && put(out, cap, "twenty") && (low >= 10 || put(out, cap, "oh")) &&
               put_below_thousand(out, cap, low);
    if (low == 0)
        return put(out, cap, "hundred");
    return (low >= 10 || put(out, cap, "oh")) && put_below_thousand(out, cap, low);
}

/* The last word's ordinal: twenty one, twenty first. */
static bool make_ordinal(char *out, size_t cap)
{
    static const char *const odd[][2] = {{"one", "first"},     {"two", "second"},   {"three", "third"},
                                         {"five", "fifth"},    {"eight", "eighth"}, {"nine", "ninth"},
                                         {"twelve", "twelfth"}};
    char *last = strrchr(out, ' ');
    last = last ? last + 1 : out;
    size_t n = strlen(out);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        if (strcmp(last, odd[i][0]) == 0)
            return snprintf(last, cap - (size_t)(last - out), "%s", odd[i][1]) > 0;
    bool y = out[n - 1] == 'y';
    return snprintf(out + n - y, cap - n + y, y ? "ieth" : "th") > 0;
}

bool rh_number_said(const char *digits, bool ordinal, rh_number_way way, char *out, size_t cap)
{
    size_t n = strlen(digits);
    if (n == 0 || cap == 0 || strspn(digits, "0123456789") != n || n > 24 ||
        (way != RH_NUMBER_DIGITS && way != RH_NUMBER_OH && n > 9) || (ordinal && way != RH_NUMBER_COUNTED))
        return false;
    out[0] = '\0';
    unsigned long v = n <= 9 ? strtoul(digits, NULL, 10) : 0;
    switch (way) {
    case RH_NUMBER_COUNTED: return put_counted(out, cap, v) && (!ordinal || make_ordinal(out, cap));
    case RH_NUMBER_YEAR: return n == 4 && put_year(out, cap, v);
    default: break;
    }
    for (size_t i = 0; i < n; i++)
        if (!put(out, cap, way == RH_NUMBER_OH && digits[i] == '0' ? "oh" : ones[digits[i] - '0']))
            return false;
    return true;
}

bool rh_names_number(const char *word)
{
    for (size_t i = 0; i < 20; i++)
        if (strcmp(word, ones[i]) == 0 || (i > 1 && i < 10 && strcmp(word, tens[i]) == 0))
            return true;
    return false;
}

bool rh_is_cardinal(const char *word)
{
    static const char *const marks[] = {"hundred", "thousand", "teen",   "twenty",  "thirty",
                                        "forty",   "fifty",    "sixty",  "seventy", "eighty",
                                        "ninety",  "eleven",   "twelve", "million", "billion"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (strstr(word, marks[i]))
            return true;
    return strcmp(word, "ten") == 0;
}
