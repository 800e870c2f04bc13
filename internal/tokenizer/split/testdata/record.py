"""Records how Hugging Face tokenizers (0.23.3) cuts texts by the patterns of
DeepSeek LLM and DeepSeek Coder, which deepseek.go has too.

usage: record.py TEXTS < PATTERNS > deepseek.jsonl

PATTERNS is a JSON object of lists of patterns by name, as in deepseek_test.go;
TEXTS are texts with lines "__ggml_vocab_test__" between, those of llama.cpp in
../../testdata. Each line of the output has a name, a text and its pieces.
"""
import json
import random
import sys

from tokenizers import Regex
from tokenizers.pre_tokenizers import Sequence, Split

texts = open(sys.argv[1], encoding="utf-8", newline="").read().split("\n__ggml_vocab_test__\n")
alphabet = ("aZéßЖжΩαᾳſKªºʹ日本アい가ก\u0e31हि\u0301\u0663\u0968½Ⅷ19 0  \u00a0\u2003\u3000\t\r\n\v\u0085"
            "!,./:@[`{|}~§¿–“”…、。「！～₁$+<=>^\ufffd\u200b😀ⱯⳤꙀꞋﬀＡａ𐐀𑢠𞤀")
random.seed(20261126)
for _ in range(150):
    texts.append("".join(random.choices(alphabet, k=random.randint(1, 24))))
for name, patterns in json.load(sys.stdin).items():
    split = Sequence([Split(Regex(p), "isolated") for p in patterns])
    for text in texts:
        pieces = [piece for piece, _ in split.pre_tokenize_str(text)]
        print(json.dumps([name, text, pieces], ensure_ascii=False))
