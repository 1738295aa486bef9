#!/usr/bin/env python3
"""The page's words: web/messages/LANGUAGE/{page,report,sentences}.json beside what uses them.

Each key is there in each language, with the same values, and is used; report.js and shared.js need report.json
alone, since they are in exported reports. What the server tells in English has its sentence in each other language.
No words stand in the page's HTML, CSS or JavaScript themselves.

  messages.py [--self-test]"""
import json
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WEB = os.path.join(ROOT, "web")
LANGUAGES = ("en", "de", "es", "fr")
EXPORTED = ("report.js", "shared.js", "words.js")
# Texts that are the same in every language, or that nobody reads.
SAME = {
    "English", "Deutsch", "Español", "Français",  # each in itself
    "Rehearse", "Markdown", "JSON", "Tell me about a time you learnt something the hard way.",  # a question: English
    "Pauses",  # a figure, as the server names it
    "Space", "KeyN", "Infinity", "Event", "Strict", "Secure", "NaN",
    "NotAllowedError", "NotFoundError", "OverconstrainedError", "NotReadableError",
}
STRING = re.compile(r"""'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`""", re.S)
# A comment, unless its slashes are within a text or an address.
COMMENT = re.compile(r"""('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)|(?<![:\\'"`/])//[^\n]*|/\*.*?\*/""", re.S)
PROSE = re.compile(r"^\W*[A-ZÄÖÜÉ][a-zäöüéà]+(?:$|[\s.,:!?…])|\b[a-z]+ (?:the|is|are|of|to|your|was|in|not) [a-z]")
SHOWN = re.compile(r"""(?:textContent|innerText|innerHTML|ariaLabel|\.title|placeholder)\s*=\s*['"`][^'"`$]*[A-Za-z]{2}"""
                   r"""|(?:confirm|alert|announce|notice|setTitle)\(\s*['"`]""")


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


def once(pairs):
    keys = [k for k, _ in pairs]
    twice = {k for k in keys if keys.count(k) > 1} if len(set(keys)) < len(keys) else set()
    if twice:
        raise ValueError(f"twice: {', '.join(sorted(twice))}")
    return dict(pairs)


def messages(language, name):
    return json.loads(read(WEB, "messages", language, f"{name}.json"), object_pairs_hook=once)


def forms(message):
    return list(message.values()) if isinstance(message, dict) else [message]


def values(message):
    return set().union(*(re.findall(r"\{(\w+)\}", f) for f in forms(message)))


def page_sources():
    yield "index.html", read(WEB, "index.html")
    for name in sorted(os.listdir(os.path.join(WEB, "js"))):
        yield name, read(WEB, "js", name)


def without_comments(source):
    return COMMENT.sub(lambda m: m[1] or "", source)


def used_keys(source):
    """Whole keys, and beginnings of those that end in a value."""
    code = without_comments(source)
    whole = set(re.findall(r"""['"]([a-z_]+(?:\.[\w-]+)+)['"]""", code)) | set(re.findall(r'data-t(?:-[a-z-]+)?="([^"]+)"', source))
    return whole, set(re.findall(r"`([a-z_]+\.[\w.]*)\$\{", code))


def check_keys(bad):
    catalogues = {(l, n): messages(l, n) for l in LANGUAGES for n in ("page", "report")}
    english = {n: catalogues["en", n] for n in ("page", "report")}
    both = {**english["page"], **english["report"]}
    for k in set(english["page"]) & set(english["report"]):
        bad.append(f"{k} is in page.json and in report.json")
    for (language, name), have in catalogues.items():
        where = f"messages/{language}/{name}.json"
        bad += [f"{where} lacks {k}" for k in english[name] if k not in have]
        bad += [f"{where} has {k}, which English lacks" for k in have if k not in english[name]]
        for k in set(have) & set(english[name]):
            if values(have[k]) != values(english[name][k]):
                bad.append(f"{where}: {k} has the values {sorted(values(have[k]))}, in English {sorted(values(english[name][k]))}")
            if isinstance(have[k], dict) and not {"one", "other"} <= set(have[k]):
                bad.append(f"{where}: {k} needs the forms one and other")
            if any(not f.strip() for f in forms(have[k])):
                bad.append(f"{where}: {k} is empty")
            if any("<" in f for f in forms(have[k])):
                bad.append(f"{where}: {k} has a <; messages are text, not HTML")
    whole, begun = used_keys(read(ROOT, "src", "report", "html.c"))
    for name, source in page_sources():
        keys, starts = used_keys(source)
        groups = {k.split(".")[0] for k in both}
        unknown = {k for k in keys if k.split(".")[0] in groups and k not in both and not k.endswith((".js", ".json"))}
        bad += [f"{name} uses {k}, which is in no messages" for k in sorted(unknown)]
        bad += [f"{name} uses keys that begin with {s}, and there are none" for s in sorted(starts) if not any(k.startswith(s) for k in both)]
        if name in EXPORTED:
            bad += [f"{name} is in exported reports and uses {k}, which is not in report.json" for k in sorted(keys & set(english["page"]))]
            bad += [f"{name} is in exported reports and uses {s}..., which is not in report.json" for s in sorted(starts) if any(k.startswith(s) for k in english["page"])]
        whole |= keys
        begun |= starts
    bad += [f"{k} is used nowhere" for k in both if k not in whole and not any(k.startswith(s) for s in begun)]
    return len(both)


def texts(code):
    """The literal texts of JavaScript: a template is several, between its values."""
    for m in STRING.finditer(code):
        for text in re.split(r"\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}", m[3]) if m[3] is not None else [m[1] or m[2] or ""]:
            yield m.start(), text


def literals_of_js(name, source):
    code = without_comments(source)
    for at, text in texts(code):
        if text.strip(' ;') not in SAME and PROSE.search(text) and not re.match(r"[\w-]+:|^[#.\[(]", text.strip()):
            yield f"{name}: line {code[:at].count(chr(10)) + 1}: the words “{text.strip()}” belong into web/messages"
    for m in SHOWN.finditer(code):
        if not any(s in m[0] for s in SAME):
            yield f"{name}: {m[0]!r} shows words that are not from web/messages"


def literals_of_html(source):
    body = re.sub(r"<!--.*?-->|<(script|noscript)\b.*?</\1>", "", source, flags=re.S)
    body = re.sub(r'<div id="no-words".*?</div>', "", body, flags=re.S)  # told in each language at once
    for m in re.finditer(r">([^<>]*[^\W\d_][^<>]*)<", body):
        if m[1].strip() not in SAME:
            yield f"index.html: the words “{m[1].strip()}” belong into web/messages (data-t)"
    for m in re.finditer(r'\s(title|alt|placeholder|aria-label|label)="([^"]*[^\W\d_][^"]*)"', body):
        yield f"index.html: {m[1]}=“{m[2]}” belongs into web/messages (data-t-{m[1]})"


def literals_of_css(name, source):
    for m in re.finditer(r'content:\s*"([^"]*[A-Za-z]{2}[^"]*)"', source):
        yield f"{name}: the words “{m[1]}” belong into web/messages"


def check_literals(bad):
    for name, source in page_sources():
        bad += literals_of_html(source) if name.endswith(".html") else literals_of_js(name, source)
    for name in os.listdir(os.path.join(WEB, "css")):
        bad += literals_of_css(name, read(WEB, "css", name))


# ---- what the server tells in English ----

# Files whose texts are shown in reports, and what in them is no text for people.
TOLD = ("report/points.c", "report/point_rules.c", "report/point_sight.c", "report/point_moments.c", "report/figures.c",
        "report/report.c", "report/marked_words.c", "session/cues.c", "speech/score_rules.c", "speech/scores.c",
        "speech/content.c", "speech/no_speech.c", "speech/prosody.c")
# Sentences that are put together of several texts of those files.
JOINED = {
    "Next step: %s": ("Next step: ",),
    "No fault was found; here there is most to gain. %s": ("No fault was found; here there is most to gain. ",),
    "%.0f seconds of speech at %.0f %s a minute.": ("%.0f seconds of speech at %.0f %s a minute",),
    "%.0f seconds of speech at %.0f %s a minute, looking at the camera %.0f %% of the time.": (
        "%.0f seconds of speech at %.0f %s a minute", ", looking at the camera %.0f %% of the time"),
    "%s are not measured in %s.": (" are not measured in %s%s.",),
    "%s are not measured in %s; its pace is shown without a target.": (" are not measured in %s%s.", "; its pace is shown without a target"),
    "hard to make out: %.0f of 100": ("hard to make out: %.0f of 100%s%s",),
    "hard to make out: %.0f of 100: %s": ("hard to make out: %.0f of 100%s%s",),
    "%.100s, said unclearly: %.0f of 100": ("%.100s, said unclearly: %.0f of 100%s%s",),
    "%.100s, said unclearly: %.0f of 100: %s": ("%.100s, said unclearly: %.0f of 100%s%s",),
    "%.1f s": ("%.1f s%s",),
    "%.1f s away": ("%.1f s%s", " away"),
    # Part names of scores that other files name, directions (vision), and names of languages' lists.
    **{k: () for k in ("left", "right", "up", "down")},
}
# Told by evidence() of report.js: name, value, unit and points of a part each by itself.
APART = {"%c%s: not found (%+.0f points)", "%c%s: %.*f%s%s (%+.0f point%s)"}
FOR_PROGRAMS = re.compile(
    r"[{\[]s:|^(?:%s)+$|^%\.\*f$|: out of memory$|\|"  # forms of JSON, bare formats, errors, lists of phrases
    r"|^(?:a|an|a and) a[nt]? |^them they ")  # the small words that content.c counts


def c_texts(source):
    """Its texts, those beside each other as one."""
    code = re.sub(r"/\*.*?\*/|^#include.*?$|_Static_assert\(.*?\);", "", source, flags=re.S | re.M)
    one = r'"(?:[^"\\\n]|\\.)*"'
    for m in re.finditer(rf"{one}(?:\s*{one})*", code):
        yield "".join(json.loads(part) for part in re.findall(one, m[0]))


def is_for_people(text):
    return bool(re.search(r"[A-Za-z]{2} [A-Za-z%\"]", text) or re.match(r"[A-Z%].*[a-z]{3}", text)) and not FOR_PROGRAMS.search(text)


def directives(text):
    return [d for d in re.findall(r"%(?:[-+ 0#]*\d*(?:\.(?:\d+|\*))?(?:z|l|ll)?[dufgcs]|%)", text) if d != "%%"]


def check_sentences(bad):
    told = {text for f in TOLD for text in c_texts(read(ROOT, "src", f))}
    told |= {text for text in c_texts(read(ROOT, "src", "server/api/one_file.c")) if " is not in this file" in text}
    used = {piece for pieces in JOINED.values() for piece in pieces}
    catalogues = {l: messages(l, "sentences") for l in LANGUAGES if l != "en"}
    for language, have in catalogues.items():
        where = f"messages/{language}/sentences.json"
        for text in sorted(told):
            if is_for_people(text) and text not in have and text not in used and text not in APART:
                bad.append(f"{where} lacks “{text}”")
        for text, message in have.items():
            if not all(piece in told for piece in JOINED.get(text, (text,))):
                bad.append(f"{where} has “{text}”, which the server does not tell")
            n = len(directives(text))
            wrong = [v for v in re.findall(r"\{(\d+)=?\}", " ".join(forms(message))) if not 1 <= int(v) <= n]
            if wrong:
                bad.append(f"{where}: “{text}” has {n} values, its translation names {', '.join(wrong)}")
            if any("<" in f or not f.strip() for f in forms(message)):
                bad.append(f"{where}: “{text}” is empty or has a <")
            for i, d in enumerate(directives(text), 1):  # a %s may be an ending, as in filler%s
                if not d.endswith("s") and any(f"{{{i}}}" not in f for f in forms(message)):
                    bad.append(f"{where}: “{text}” tells value {i}, its translation does not")
        if set(have) != set(catalogues["de"]):
            bad.append(f"{where} has other sentences than German: {sorted(set(have) ^ set(catalogues['de']))}")
    return len(catalogues["de"])


def self_test():
    """What is planted is found, what is no text for people is not."""
    for planted in ("put(p, 'Two words');", 'p.textContent = "done";', "el('p', {}, `Made ${n} times`)", "confirm('sure?')", "x ? 'Look here.' : ''", "e('what is in it')"):
        assert list(literals_of_js("a.js", planted)), planted
    for plain in ("// Two words\ne('card no-print');", "t('a.b')", "$('.moment, .word')", "f(`v1/sessions/${id}`)", "/* Look here. */", "['video/webm;codecs=vp8,opus']"):
        assert not list(literals_of_js("a.js", plain)), plain
    assert list(literals_of_html("<p>Words</p>")) and list(literals_of_html('<a title="Words" href="x"></a>'))
    assert not list(literals_of_html('<p data-t="a.b" class="card"></p>'))
    assert list(literals_of_css("a.css", 'a::before { content: "Before "; }')) and not list(literals_of_css("a.css", 'a { content: "▸ "; }'))


def main():
    self_test()
    bad = []
    n = check_keys(bad)
    sentences = check_sentences(bad)
    check_literals(bad)
    print("\n".join(bad) if bad else f"{n} messages in {len(LANGUAGES)} languages, all used; {sentences} sentences of the server")
    return 1 if bad else 0


sys.exit(main())
