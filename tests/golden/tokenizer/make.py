#!/usr/bin/env python3
"""Writes cases.tsv: texts with the tokens openai-whisper gives them (tiktoken,
multilingual vocabulary), and how it groups those tokens into words.

Columns: text as hex, tokens, language of the grouping, end of each word.
Made with openai-whisper 20250625 (MIT). Usage: make.py > cases.tsv
"""
import random

from whisper.tokenizer import get_tokenizer

random.seed(7)
TEXTS = [
    "Hello, world!", " And so my fellow Americans, ask not what your country can do for you.",
    "I'm you're he'll they've we'd it's don't 'tis rock'n'roll", "  two  spaces   three", "a\n\nb\t c ",
    "1234567890 3.14159 1,000,000 12:30pm $5.99 50%", "Umm, let me think like, hmm... Okay, uh,",
    "naïve café Zoë Ångström façade", "Привет, как дела? Хорошо!", "你好，世界。我们今天去公园。",
    "こんにちは、元気ですか？カタカナ", "안녕하세요 세계", "مرحبا بالعالم", "שלום עולם", "नमस्ते दुनिया ४५६",
    "สวัสดีชาวโลก", "Γειά σου Κόσμε", "tiếng Việt có dấu", "😀 emoji 👩‍👩‍👧 flags 🇩🇪🇫🇷", "♪♪ music ♪",
    "[MUSIC] (laughs) <b>tag</b> {x} ~ ^ `code` \\n", "e-mail: a.b-c_d@example.com/x?y=1&z=2#top",
    "ALLCAPS MixedCase camelCase snake_case kebab-case", "\u00a0nbsp\u2003em\u3000wide", "ﬁ ligature ½ ² Ⅷ ①",
    "…—–‘’“”«»", "'s 't 're leading", "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "\r\nwindows\r\n", " ", "x", "<|endoftext|>", "ab" * 300, "ຂ້ອຍ ຮັກ ພາສາ", "မြန်မာ", "ქართული ენა",
]
POOL = "abc ABC.,'!? 0129\n\t-ñéßøłжщ字あ한ع₿😀"
TEXTS += ["".join(random.choice(POOL) for _ in range(random.randint(1, 40))) for _ in range(200)]
tok = get_tokenizer(True, num_languages=99, language="en", task="transcribe")
for text in TEXTS:
    ids = tok.encoding.encode_ordinary(text)
    lang = random.choice(["en", "en", "de", "zh", "ja", "th"])
    tok.language = lang
    words, groups = tok.split_to_word_tokens(ids)
    ends, at = [], 0
    for g in groups:
        at += len(g)
        ends.append(at)
    if at != len(ids):  # the reference drops a broken character at the end
        ends = []
    print(text.encode().hex(), " ".join(map(str, ids)), lang, " ".join(map(str, ends)), sep="\t")
