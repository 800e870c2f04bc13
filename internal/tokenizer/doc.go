// Package tokenizer turns text into token ids and back with the byte-pair
// encoding of SentencePiece, the tokenizer of Llama 1 and 2, Mistral 7B,
// TinyLlama and the stories models.
//
// Ids and text are those of SentencePiece itself: the most valuable pair of
// neighbours is merged first, the leftmost of equals. Vocabularies come from
// GGUF metadata ([FromGGUF]) or from a SentencePiece tokenizer.model
// ([ParseModel]). What this package does not implement (unigram models,
// character maps, the byte-level BPE of Llama 3) it refuses by name.
package tokenizer
