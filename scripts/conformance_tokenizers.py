"""Compares `lpuctl tokenize` with Hugging Face tokenizers on one vocabulary.

Prints what was compared, and exits with 1 when anything differs.

usage: conformance_tokenizers.py [--reduced] LPUCTL FOLDER
"""

import argparse
import json
import os
import random
import subprocess
import sys

from tokenizers import Tokenizer

SEED = 20261125

# Text that tokenizers get wrong: contractions, runs of white space, marks,
# scripts without spaces, joiners, controls, spellings of special tokens.
SNIPPETS = [
    "Hello, world!", "It's we'll I'VE they'RE 'S 'ſ 'Tis don’t", "  two  spaces   three    ", "\t\ttabs\n\n\nlines\r\n\r\n x\r",
    "a\u00a0b\u2003c\u3000d\u0085e\u2028f", "1234567890 3.14 1,000,000 ٣٤٥ ४५६ Ⅷ ½ ²", "𝟘𝟙𝟚 𑛀𑛁 \U0001e5f1\U00010d41",
    "café cafe\u0301 e\u0302\u0301 a\u0323\u0308 \u1e9b\u0323 q\u0307\u0323", "Å\u212b K\u212a ﬁ ﬀ ﷺ ㍿ ㋿", "각 \u1100\u1161\u11a8 가\u11a8 한국어",
    "日本語のテキスト、中文。ไทย ภาษา", "العربية עִבְרִית हिन्दी বাংলা தமிழ் မြန်မာ", "👨‍👩‍👧‍👦 🏳️‍🌈 🇩🇪🇫🇷 👍🏽 ❤️", "z\u0351\u036b\u0343\u032a\u0302\u036b\u033d",
    "\x00\x01\x1f\x7f\x80\x9f", "\u200b\u200d\ufeff\u202e\u2060", "\ufdd0\uffff\U0010ffff\ue000\U000f0000", "▁under▁▁score ▁",
    "def f(x):\n    return x + 1  # ok\n\n\nif (a != b) { c->d(); }", '{"k": [1, 2, {"a": null}], "s": "\\n"}', "https://example.org/a?b=c&d=%20#e",
    "<s></s><unk><pad><|endoftext|><|im_start|>user<|im_end|><bos><eos>", "<|begin_of_text|><|eot_id|><0x41><0xFF>", "[INST] x [/INST]",
    "================================= ------- ***** ....", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "XMLHttpRequest getHTTPResponseCode ABCdef",
    "Ǆǅǆ ŉ ß ẞ İı Σσς", "\u0eba\u0f71 \u0898\u0301 \u1abf\u0327 \U00011935\U00011930 \U000105d2\u0307",
]
RANGES = [(0x20, 0x7E), (0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x5FF), (0x600, 0x6FF), (0x900, 0xDFF), (0xE00, 0xFFF),
          (0x1100, 0x11FF), (0x1E00, 0x20FF), (0x2190, 0x2BFF), (0x3040, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xA000, 0xABFF),
          (0xE000, 0xFFFF), (0x10000, 0x1FFFF), (0x1F300, 0x1FAFF), (0x0, 0x10FFFF)]  # fmt: skip


def scalar(r):
    while True:
        c = r.randint(*r.choice(RANGES))
        if not 0xD800 <= c <= 0xDFFF:
            return chr(c)


def special_spellings(tok):
    added = tok.get_added_tokens_decoder()
    return [t.content for t in added.values()][:200]


def strings(tok, n):
    """n seeded strings: snippets, mixes of them, random characters, soup."""
    r = random.Random(SEED)
    special = special_spellings(tok) or ["<s>"]
    out = ["", " ", "  ", "\n", *SNIPPETS, *special]
    while len(out) < n:
        kind = r.randrange(4)
        if kind == 0:
            out.append("".join(r.choice(SNIPPETS)[: r.randint(1, 30)] for _ in range(r.randint(1, 4))))
        elif kind == 1:
            out.append("".join(scalar(r) for _ in range(r.randint(1, 40))))
        elif kind == 2:
            parts = [r.choice([" ", "  ", "\n", "'", "s", "A", "1", ".", "ll", scalar(r), r.choice(special)]) for _ in range(r.randint(1, 30))]
            out.append("".join(parts))
        else:
            out.append(r.randbytes(r.randint(1, 60)).decode("utf-8", "replace"))
    return out[:n]


def every_scalar(reduced):
    scalars = [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
    if reduced:  # many to a line
        return ["".join(f"a{c}b {c} 1{c}" for c in scalars[i : i + 32]) for i in range(0, len(scalars), 32)]
    return scalars + [f"a{c}b" for c in scalars]


class Comparison:
    def __init__(self, lpuctl, folder):
        self.lpuctl, self.folder = lpuctl, folder
        self.file = os.path.join(folder, "tokenizer.json")
        self.tok = Tokenizer.from_file(self.file)
        self.name = os.path.basename(os.path.dirname(os.path.abspath(folder)))
        self.failed = False

    def ask(self, lines, *flags):
        text = "".join(json.dumps(line) + "\n" for line in lines)
        out = subprocess.run([self.lpuctl, "tokenize", self.file, "--jsonl", *flags], input=text, capture_output=True, text=True)
        if out.returncode != 0:
            sys.exit(f"{self.name}: {out.stderr}")
        return [json.loads(line) for line in out.stdout.split("\n")[:-1]]

    def compare(self, what, asked, want, got):
        wrong = [i for i in range(len(want)) if want[i] != got[i]]
        print(f"{self.name:24} {what:36} {len(want):8} compared, {len(wrong)} differ", flush=True)
        for i in wrong[:5]:
            print(f"  {asked[i]!r}\n    library {want[i]!r}\n    lpuctl  {got[i]!r}")
        self.failed = self.failed or len(wrong) > 0 or len(want) != len(got)

    def encode(self, what, texts, parse, flags, batch=20000):
        self.tok.encode_special_tokens = not parse
        flags = [*flags, "--parse-special"] if parse else flags
        want = []
        for i in range(0, len(texts), batch):
            add = "--no-special" not in flags
            want += [e.ids for e in self.tok.encode_batch_fast(texts[i : i + batch], add_special_tokens=add)]
        self.compare(what, texts, want, self.ask(texts, *flags))
        return want

    def places(self, texts):
        """Places in the text, where no normalizer changes the number of
        characters: there the library's places leave marks out."""
        with open(self.file) as f:
            normalizer = json.dumps(json.load(f)["normalizer"])
        if "Prepend" in normalizer or "NF" in normalizer:
            return
        self.tok.encode_special_tokens = False
        want = []
        for text in texts:
            e = self.tok.encode(text, add_special_tokens=False)
            want.append([[t, start, end] for t, (start, end) in zip(e.ids, e.offsets)])
        got = self.ask(texts, "--no-special", "--parse-special", "--offsets")
        for text, rows in zip(texts, got):
            raw_bytes = text.encode()
            for row in rows:
                row[1:] = [len(raw_bytes[:b].decode()) for b in row[1:]]
        self.compare("places", texts, want, got)

    def llama_cpp(self):
        """The ids that llama.cpp gives, for vocabularies that it has too."""
        name = {"llama3": "llama-bpe", "llama3_1": "llama-bpe", "qwen2_5": "qwen2", "qwen3": "qwen2"}.get(self.name.removeprefix("tokenizer-"))
        if not name:
            return
        golden = os.path.join(os.path.dirname(__file__), "../internal/tokenizer/testdata/ggml-vocab-" + name + ".gguf")
        with open(golden + ".inp", newline="") as f:
            texts = f.read().split("\n__ggml_vocab_test__\n")
        with open(golden + ".out") as f:
            want = [[int(id) for id in line.split()] for line in f.read().split("\n")]
        self.compare("encode, llama.cpp's ids", texts, want, self.ask(texts, "--no-special"))

    def decode(self, what, lists, skip, *flags):
        want = [self.tok.decode(ids, skip_special_tokens=skip) for ids in lists]
        self.compare(what, lists, want, self.ask(lists, "--decode", *flags))


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--reduced", action="store_true")
    args.add_argument("lpuctl")
    args.add_argument("folder")
    args = args.parse_args()
    c = Comparison(args.lpuctl, args.folder)
    texts = strings(c.tok, 2000 if args.reduced else 12000)
    ids = c.encode("encode, special tokens parsed", texts, True, [])
    c.encode("encode, special tokens as text", texts, False, ["--no-special"])
    c.encode("encode, every Unicode scalar", every_scalar(args.reduced), False, ["--no-special"])
    c.places(texts[:2000])
    c.llama_cpp()
    c.decode("decode", ids, False)
    r = random.Random(SEED)
    size = c.tok.get_vocab_size()
    soup = [[r.randrange(size) for _ in range(r.randint(1, 30))] for _ in range(len(texts) // 2)]
    soup += [[r.choice(line) for _ in range(20)] for line in ids if line]
    c.decode("decode of random ids", soup, False)
    c.decode("decode without special tokens", ids + soup, True, "--skip-special")
    sys.exit(c.failed)


main()
