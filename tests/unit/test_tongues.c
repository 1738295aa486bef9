/* What is known of languages, on answers as people give them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/speech/fillers.h"
#include "rehearse/speech/language.h"
#include "rehearse/speech/scores.h"
#include "rehearse/speech/timing.h"
#include "rehearse/speech/tongue.h"

enum { MAX_WORDS = 400, MAX_TEXT = 4000 };

typedef struct {
    char text[MAX_TEXT];
    rh_word words[MAX_WORDS];
    rh_speech_input in;
} answer;

/* `per_s` words a second. */
static void say(answer *a, const char *language, const char *text, float per_s)
{
    memset(a, 0, sizeof *a);
    assert_true(strlen(text) < MAX_TEXT);
    strcpy(a->text, text);
    size_t n = 0;
    for (char *w = strtok(a->text, " "); w; w = strtok(NULL, " "), n++)
        a->words[n] = (rh_word){.text = w, .start = (float)n / per_s, .end = ((float)n + 0.9f) / per_s, .p = 0.95f};
    a->in = (rh_speech_input){
        .words = a->words, .n_words = n, .language = language, .duration_s = (double)((float)n / per_s)};
}

static rh_language worded(const char *language, const char *text)
{
    static answer a;
    rh_language l = {0};
    say(&a, language, text, 2.5f);
    assert_int_equal(rh_language_measure(&a.in, &l, NULL), RH_OK);
    return l;
}

/* The remarks of a kind, parted by bars. */
static void remarks(const char *language, const char *text, rh_remark_kind kind, char *out, size_t size)
{
    static answer a;
    rh_language l = {0};
    say(&a, language, text, 2.5f);
    assert_int_equal(rh_language_measure(&a.in, &l, NULL), RH_OK);
    *out = '\0';
    for (size_t i = 0; i < l.n_remarks; i++)
        for (int k = 0; l.remarks[i].kind == kind && k < l.remarks[i].n_words; k++) {
            size_t n = strlen(out);
            (void)snprintf(out + n, size - n, "%s%s",
                           n == 0 ? ""
                           : k    ? " "
                                  : "|",
                           a.words[l.remarks[i].first_word + k].text);
        }
    rh_language_done(&l);
}

/* The fillers, as they are told. */
static void fillers(const char *language, const char *text, char *out, size_t size)
{
    static answer a;
    rh_disfluencies d = {0};
    const rh_tongue *t = rh_tongue_of(language);
    say(&a, language, text, 2.5f);
    assert_int_equal(rh_disfluencies_find(&a.in, NULL, 0, &d, NULL), RH_OK);
    *out = '\0';
    for (size_t i = 0; i < d.n_fillers; i++) {
        size_t n = strlen(out);
        (void)snprintf(out + n, size - n, "%s%s", n ? "|" : "", rh_filler_said(t, &d.fillers[i]));
    }
    rh_disfluencies_done(&d);
}

/* Fluent answers, with their syllables as espeak-ng says them. */
static const struct {
    const char *language, *text;
    int syllables, i, we;
    const char *hedges;
} ANSWERS[] = {
    {"de",
     "In meinem letzten Praktikum bei einem Maschinenbauer in Stuttgart musste ich die Auswertung der "
     "Messdaten automatisieren. Bis dahin hatte eine Kollegin jeden Freitag vier Stunden lang "
     "Tabellen kopiert. Ich habe mir zuerst angesehen, welche Schritte wirklich nötig waren, und "
     "danach ein kleines Programm geschrieben, das die Dateien einliest, prüft und zusammenfasst. Am "
     "Anfang gab es Widerstand, weil niemand den Zahlen traute. Deshalb habe ich zwei Wochen lang "
     "beide Wege nebeneinander laufen lassen und die Unterschiede erklärt. Am Ende haben wir die alte "
     "Tabelle abgeschafft und sparen seitdem ungefähr zweihundert Stunden im Jahr.",
     179, 5, 1, ""},
    {"de",
     "Ich glaube, meine größte Schwäche ist vielleicht, dass ich Aufgaben ungern abgebe. Früher "
     "wollte ich eigentlich immer alles selbst machen, und das führte dazu, dass ich abends noch im "
     "Büro saß. Mein damaliger Chef hat mich darauf angesprochen. Seitdem überlege ich am Montag, was "
     "nur ich entscheiden kann, und verteile den Rest im Team. Das fällt mir immer noch schwer, aber "
     "unsere Ergebnisse sind besser geworden, und die jüngeren Kollegen lernen schneller. Außerdem "
     "habe ich gelernt, früher nach Hilfe zu fragen, anstatt tagelang allein zu suchen.",
     152, 11, 1, "Ich glaube,|vielleicht,"},
    {"es",
     "En mi último trabajo, en una empresa de logística de Valencia, los pedidos llegaban tarde casi "
     "todas las semanas. Yo coordinaba un equipo de seis personas y tenía que encontrar la causa "
     "antes del verano. Primero revisé los registros de tres meses y descubrí que el problema estaba "
     "en la carga de los camiones, no en las rutas. Hablé con los conductores, cambié el orden de las "
     "entregas y propuse un horario nuevo para la mañana. Al principio hubo quejas, porque nadie "
     "quería empezar más temprano. Después de dos semanas, los retrasos bajaron de cuarenta a ocho "
     "por semana y el cliente renovó el contrato.",
     205, 7, 0, ""},
    {"es",
     "Creo que mi mayor debilidad es que a veces me cuesta delegar. Cuando empecé como jefa de "
     "proyecto quería revisarlo todo, quizás por miedo a que algo saliera mal. Una compañera me dijo "
     "que el equipo se sentía vigilado, y tenía razón. Desde entonces preparamos juntos los objetivos "
     "el lunes y cada uno decide cómo llegar. Sigo aprendiendo, pero ahora duermo mejor y los "
     "resultados son más estables. También pido ayuda antes, en lugar de esperar hasta el último día.",
     165, 4, 1, "Creo que|quizás"},
    {"fr",
     "Dans mon dernier poste, chez un fabricant de vélos à Lyon, nous recevions chaque semaine une "
     "centaine de réclamations. On m'avait demandé de comprendre pourquoi les clients attendaient si "
     "longtemps. J'ai d'abord relu deux cents messages, puis j'ai appelé vingt personnes pour "
     "entendre leur version. Le problème venait surtout des pièces qui manquaient à l'atelier. J'ai "
     "donc proposé un stock minimal pour les dix pièces les plus demandées et j'ai formé l'équipe à "
     "un nouveau tableau de suivi. Trois mois plus tard, le délai moyen était passé de douze à quatre "
     "jours, et notre directrice a étendu la méthode aux autres ateliers.",
     159, 6, 3, ""},
    {"fr",
     "Je pense que mon principal défaut, c'est que je parle parfois trop vite, surtout quand le sujet "
     "me passionne. Au début de ma carrière, mes collègues n'osaient pas m'interrompre et certaines "
     "idées se perdaient. Une amie m'a conseillé de poser une question avant chaque réponse. Depuis, "
     "je prépare mes réunions par écrit et je laisse un silence après chaque point important. Ce "
     "n'est pas encore parfait, mais les échanges sont devenus plus calmes et nous décidons plus "
     "rapidement. Je demande aussi un retour à la fin de chaque mois.",
     133, 12, 1, "Je pense que"},
};

static void answers_are_worded_as_their_language_words_them(void **state)
{
    char found[400];
    (void)state;
    for (size_t i = 0; i < sizeof ANSWERS / sizeof *ANSWERS; i++) {
        rh_language l = worded(ANSWERS[i].language, ANSWERS[i].text);
        remarks(ANSWERS[i].language, ANSWERS[i].text, RH_REMARK_HEDGE, found, sizeof found);
        if (l.n_i != ANSWERS[i].i || l.n_we != ANSWERS[i].we || strcmp(found, ANSWERS[i].hedges) != 0)
            fail_msg("%zu: I %d, we %d, hedges %s", i, l.n_i, l.n_we, found);
        assert_int_equal(l.n_star, 0);
        assert_int_equal(l.counts[RH_REMARK_PASSIVE] + l.counts[RH_REMARK_STRONG], 0);
        rh_language_done(&l);
    }
}

/* Within a twentieth of what a pronouncing voice says. */
static void syllables_are_those_of_a_voice(void **state)
{
    static answer a;
    (void)state;
    for (size_t i = 0; i < sizeof ANSWERS / sizeof *ANSWERS; i++) {
        const rh_tongue *t = rh_tongue_of(ANSWERS[i].language);
        int n = 0;
        say(&a, ANSWERS[i].language, ANSWERS[i].text, 2.5f);
        for (size_t k = 0; k < a.in.n_words; k++)
            n += t->syllables(a.words[k].text);
        if (abs(n - ANSWERS[i].syllables) * 20 > ANSWERS[i].syllables)
            fail_msg("%zu: %d syllables, not about %d", i, n, ANSWERS[i].syllables);
    }
}

static void single_words_have_their_syllables(void **state)
{
    static const struct {
        const char *language, *word;
        int n;
    } all[] = {
        {"de", "Familie", 4},    {"de", "beendet,", 3}, {"de", "Häuser", 2},        {"de", "Situation", 5},
        {"de", "21", 4},         {"de", "API", 3},      {"de", "1998", 8},          {"es", "país", 2},
        {"es", "guerra", 2},     {"es", "ciudad", 2},   {"es", "veíamos", 4},       {"es", "35", 6},
        {"es", "qué", 1},        {"fr", "équipe", 2},   {"fr", "travaillaient", 3}, {"fr", "réaliser", 4},
        {"fr", "moyen", 2},      {"fr", "client", 2},   {"fr", "nation", 2},        {"fr", "92", 4},
        {"pl", "przyszłość", 2}, {"ru", "работа", 3},   {"ko", "안녕하세요", 5},    {"de", "...", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (rh_tongue_of(all[i].language)->syllables(all[i].word) != all[i].n)
            fail_msg("%s: %d, not %d", all[i].word, rh_tongue_of(all[i].language)->syllables(all[i].word), all[i].n);
}

static const struct {
    const char *language, *text, *fillers;
} HESITANT[] = {
    {"de",
     "Also, ähm, in meinem letzten Projekt ging es, sagen wir mal, um eine neue Website, und äh, er war der Leiter. Das "
     "war sozusagen mein erstes großes Projekt, und wir haben es, weißt du, um zehn Uhr abgegeben, äähm, knapp vor dem "
     "Ende.",
     "also|ähm|sagen wir mal|äh|sozusagen|weisst du|ähm"},
    {"es",
     "Bueno, eh, en mi último proyecto teníamos, o sea, muy poco tiempo. Este proyecto era nuevo y, emm, nadie sabía "
     "cómo empezar. Entonces propuse un plan, y este plan funcionó bueno para todos.",
     "bueno|eh|o sea|em"},
    {"fr",
     "Alors, euh, dans mon dernier stage on devait, en fait, refaire le site, et du coup, j'ai appelé les clients. "
     "C'était un bon site, enfin, un site plus simple, euuuh, plus rapide aussi, quoi.",
     "alors|euh|en fait|du coup|enfin|euh|quoi"},
    {"de", "Wir waren, ähm, zu dritt. Also, ich habe angefangen. Genau, so war das, und dann kam der Umzug.", "ähm"},
    {"es", "Éramos, eh, tres personas. Entonces, propuse un plan. Bueno, el plan era corto y claro.", "eh"},
    {"fr", "Nous étions, euh, trois personnes. Donc, j'ai proposé un plan. Alors, le client a dit oui.", "euh"},
    {"es", "Este año cambié de trabajo porque en mi empresa no había un buen plan para aprender, y pues así fue mejor.",
     ""},
    {"de", "Er kam um acht Uhr, um das Team kennenzulernen, und er blieb bis zum Abend, also zehn Stunden.", ""},
    {"fr", "Alors que le site était lent, nous avons donc tout refait en une semaine, et les clients sont revenus.",
     ""},
    {"pl", "Um, no więc, w mojej ostatniej pracy, hmm, prowadziłem zespół, uh, pięciu osób.", ""},
};

static void fillers_are_those_of_the_language(void **state)
{
    char found[400];
    (void)state;
    for (size_t i = 0; i < sizeof HESITANT / sizeof *HESITANT; i++) {
        fillers(HESITANT[i].language, HESITANT[i].text, found, sizeof found);
        assert_string_equal(found, HESITANT[i].fillers);
    }
}

static void words_of_one_language_are_no_sounds_in_another(void **state)
{
    (void)state;
    assert_int_equal(rh_hesitation_in(rh_tongue_of("de"), "um"), RH_SOUND_NONE);
    assert_int_equal(rh_hesitation_in(rh_tongue_of("de"), "er"), RH_SOUND_NONE);
    assert_int_equal(rh_hesitation_in(rh_tongue_of("de"), "Ääähm,"), RH_SOUND_UM);
    assert_int_equal(rh_hesitation_in(rh_tongue_of("de"), "hmmm"), RH_SOUND_HMM);
    assert_int_equal(rh_hesitation_in(rh_tongue_of("en-GB"), "um"), RH_SOUND_UM);
    assert_int_equal(rh_hesitation_in(rh_tongue_of("pt-BR"), "um"), RH_SOUND_NONE);
    assert_int_equal(rh_hesitation_in(rh_tongue_of("fr"), "Euh..."), RH_SOUND_UH);
    assert_int_equal(rh_hesitation_in(rh_tongue_of("es"), "he"), RH_SOUND_NONE);
}

static rh_pause_place pause_at(const char *language, const char *text, int word)
{
    static answer a;
    rh_timing t = {0};
    say(&a, language, text, 2.5f);
    for (size_t i = (size_t)word + 1; i < a.in.n_words; i++) {
        a.words[i].start += 1;
        a.words[i].end += 1;
    }
    assert_int_equal(rh_timing_measure(&a.in, NULL, &t, NULL), RH_OK);
    assert_int_equal(t.n_pauses, 1);
    rh_pause_place place = t.pauses[0].place;
    rh_timing_done(&t);
    return place;
}

static void a_pause_before_a_clause_is_no_break(void **state)
{
    (void)state;
    assert_int_equal(pause_at("de", "Ich habe angerufen weil der Kunde lange gewartet hat", 2), RH_PAUSE_CLAUSE);
    assert_int_equal(pause_at("de", "Ich habe angerufen weil der Kunde lange gewartet hat", 4), RH_PAUSE_WITHIN);
    assert_int_equal(pause_at("es", "Llamé al cliente porque llevaba una semana esperando", 2), RH_PAUSE_CLAUSE);
    assert_int_equal(pause_at("es", "Llamé al cliente porque llevaba una semana esperando", 5), RH_PAUSE_WITHIN);
    assert_int_equal(pause_at("fr", "J'ai rappelé le client parce qu'il attendait depuis lundi", 3), RH_PAUSE_CLAUSE);
    assert_int_equal(pause_at("fr", "J'ai rappelé le client parce qu'il attendait depuis lundi", 1), RH_PAUSE_WITHIN);
    /* Where clauses begin is not known: nothing is said against it. */
    assert_int_equal(pause_at("pl", "Zadzwoniłem do klienta bo czekał od poniedziałku", 4), RH_PAUSE_CLAUSE);
}

static rh_speech_report report_of(const char *language, const char *text, float per_s)
{
    static answer a;
    rh_speech_report r;
    rh_speech_report_init(&r);
    say(&a, language, text, per_s);
    assert_int_equal(rh_speech_measure(&a.in, &r, NULL), RH_OK);
    return r;
}

/* As a recogniser gives it: pieces of one to three characters, a foreign word among them. */
static const char CHINESE[] =
    "我 在 上海 的 一家 公司 做了 三年 的 数据 分析。 去年 我们 的 系统 每天 晚上 都会 出错， "
    "所以 我 花了 两个 星期 重写 了 整个 API 流程。 现在 报告 早上 八点 就 准备 好了。";

static void characters_are_counted_where_they_are_the_measure(void **state)
{
    const rh_tongue *zh = rh_tongue_of("zh"), *ja = rh_tongue_of("ja");
    (void)state;
    assert_true(zh->by_characters && ja->by_characters && rh_tongue_of("th")->by_characters);
    assert_int_equal(rh_tongue_units(zh, "数据，"), 2);
    assert_int_equal(rh_tongue_units(zh, "API"), 1);
    assert_int_equal(rh_tongue_units(ja, "プロジェクト"), 6);
    assert_int_equal(rh_tongue_units(rh_tongue_of("th"), "ที่"), 1); /* vowel and tone signs are no characters */
    assert_int_equal(rh_tongue_units(rh_tongue_of("de"), "Zusammenarbeit"), 1);
    assert_int_equal(rh_tongue_units(rh_tongue_of("de"), "..."), 0);
    rh_speech_report r = report_of("zh", CHINESE, 2.5f);
    if (fabsf(r.pace_wpm - 263.2f) > 1) /* 62 characters and a word in 14.36 s */
        fail_msg("%g characters a minute", (double)r.pace_wpm);
    assert_true(r.pace.known && r.pace.value > 95);
    assert_false(r.hesitation.known);
    rh_speech_report_done(&r);
    r = report_of("zh", CHINESE, 4.5f);
    assert_true(r.pace.known && r.pace.value < 70); /* 445 a minute */
    rh_speech_report_done(&r);
}

static void a_pace_is_judged_by_what_its_language_bears(void **state)
{
    static const struct {
        const char *language;
        float easy, fast, slow; /* words a second */
    } all[] = {{"de", 2.1f, 3.6f, 1.0f}, {"es", 2.5f, 4.2f, 1.2f}, {"fr", 2.6f, 4.3f, 1.2f}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const float speeds[] = {all[i].easy, all[i].fast, all[i].slow};
        for (int k = 0; k < 3; k++) {
            rh_speech_report r = report_of(all[i].language, ANSWERS[2 * i].text, speeds[k]);
            assert_true(r.pace.known);
            if (k ? r.pace.value > 80 : r.pace.value < 97)
                fail_msg("%s at %g: %g", all[i].language, (double)r.pace_wpm, (double)r.pace.value);
            rh_speech_report_done(&r);
        }
    }
    rh_speech_report r =
        report_of("pl", "W mojej ostatniej pracy prowadziłem zespół pięciu osób i to było ważne.", 2.5f);
    assert_false(r.pace.known);
    assert_false(r.hesitation.known);
    assert_true(r.pace_wpm > 100);
    rh_speech_report_done(&r);
}

static void a_language_without_lists_is_told_nothing(void **state)
{
    (void)state;
    const rh_tongue *t = rh_tongue_of("pl");
    assert_false(t->finds_fillers || t->has_structure || t->by_characters || t->names_by_capital);
    assert_null(t->hedges);
    assert_null(t->openers);
    rh_language l = worded("pl", "Maybe I think um to jest stuff, był zrobiony. Prowadziłem Projekt z 5 osobami.");
    assert_int_equal(l.counts[RH_REMARK_HEDGE] + l.counts[RH_REMARK_WEAK] + l.counts[RH_REMARK_NAME], 0);
    assert_int_equal(l.n_i + l.n_we, 0);
    rh_language_done(&l);
    assert_ptr_equal(rh_tongue_of(NULL), rh_tongue_of("en"));
    assert_ptr_equal(rh_tongue_of(""), rh_tongue_of("en-US"));
    assert_ptr_equal(rh_tongue_of("est"), t); /* Estonian is no Spanish */
}

static void blanks_part_words_and_not_characters(void **state)
{
    (void)state;
    assert_true(rh_tongue_parts(rh_tongue_of("de"), "zwei", "Worte"));
    assert_false(rh_tongue_parts(rh_tongue_of("zh"), "数据", "分析"));
    assert_false(rh_tongue_parts(rh_tongue_of("zh"), "数据", "API"));
    assert_true(rh_tongue_parts(rh_tongue_of("ja"), "REST", "API"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_worded_as_their_language_words_them),
        cmocka_unit_test(syllables_are_those_of_a_voice),
        cmocka_unit_test(single_words_have_their_syllables),
        cmocka_unit_test(fillers_are_those_of_the_language),
        cmocka_unit_test(words_of_one_language_are_no_sounds_in_another),
        cmocka_unit_test(a_pause_before_a_clause_is_no_break),
        cmocka_unit_test(characters_are_counted_where_they_are_the_measure),
        cmocka_unit_test(a_pace_is_judged_by_what_its_language_bears),
        cmocka_unit_test(a_language_without_lists_is_told_nothing),
        cmocka_unit_test(blanks_part_words_and_not_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
