// Record how llama.cpp tokenizes for Gemma 3: golden/testdata/gemma3.tokens.json, pairs of a text and its ids without BOS.
//
//     npm install node-llama-cpp@3.22.1      (its prebuilt llama.cpp)
//     node golden/record/gemma3.mjs gemma-3-270m-q4_k_m.gguf golden/testdata/gemma3.tokens.json
import {renameSync, writeFileSync} from "node:fs";
import {createRequire} from "node:module";
import {pathToFileURL} from "node:url";

// The package is looked for from the working directory on.
const require = createRequire(pathToFileURL(process.cwd() + "/"));
const {getLlama} = await import(pathToFileURL(require.resolve("node-llama-cpp")));

const texts = [
    "The capital of France is",
    "def fibonacci(n):\n    \"\"\"Return the n-th Fibonacci number.\"\"\"\n    if n < 2:\n        return n\n",
    "Der Rhein fließt durch die Schweiz, Deutschland und die Niederlande.",
    "Москва — столица России, а Санкт-Петербург",
    "1, 2, 3, 5, 8, 13, 21, 34, 3.14159, 1e-5, 2026-11-25",
    "日本の首都は東京です。",
    "مرحبا بالعالم",
    "नमस्ते दुनिया",
    "한국어 문장입니다.",
    "  two leading spaces, two  inside and two trailing  ",
    "\ttabs\tand\r\nline\n\n\nbreaks\n",
    " ",
    "",
    "e\u0301 is not \u00e9; \u212b is not \u00c5; ﬁ is one letter",
    "👩‍👩‍👧‍👦 🇩🇪 🏳️‍🌈",
    "zero\u0000byte and \ufeff mark",
    "don't WON'T it's we're I'll",
    "<div class=\"x\">&amp;</div> <bos> <start_of_turn>user",
    "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "a".repeat(40),
    "\u{10fffd}\u{e000} unknown",
];

const [, , modelPath, output] = process.argv;
if (output === undefined)
    throw new Error("usage: gemma3.mjs gemma-3-270m-q4_k_m.gguf gemma3.tokens.json");
const llama = await getLlama({gpu: false, build: "never"});
const model = await llama.loadModel({modelPath});
const pairs = texts.map((text) => [text, model.tokenize(text, false)]);
writeFileSync(output + ".tmp", "[\n" + pairs.map((p) => JSON.stringify(p)).join(",\n") + "\n]\n");
renameSync(output + ".tmp", output);
process.exit(0);
