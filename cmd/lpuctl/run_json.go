package main

import (
	"github.com/lpuctl/lpuctl/internal/engine"
	"github.com/lpuctl/lpuctl/internal/sample"
	"github.com/lpuctl/lpuctl/internal/tokenizer"
)

// runResult is what `lpuctl run -o json` prints.
type runResult struct {
	Model        string         `json:"model"`
	PromptIDs    []int          `json:"prompt_ids"`
	IDs          []int          `json:"ids"`
	Text         string         `json:"text"`
	FinishReason string         `json:"finish_reason"` // stop, length or interrupted
	StopString   string         `json:"stop_string,omitempty"`
	Sampling     sample.Params  `json:"sampling"`
	LogProbs     []tokenLogProb `json:"logprobs,omitempty"`
	Stats        engine.Stats   `json:"stats"`
}

// tokenLogProb is a token with the logarithm of its probability.
type tokenLogProb struct {
	sample.LogProb
	Token string         `json:"token"`
	Top   []tokenLogProb `json:"top,omitempty"` // the most likely tokens there
}

// reason says why a text ended: "interrupted" after an error, or else as the
// OpenAI API does.
func (s *speaker) reason(err error) string {
	switch {
	case err != nil:
		return "interrupted"
	case s.ended || s.stops.Matched() != "":
		return "stop"
	}
	return "length"
}

// witness is a picker that keeps the log-probabilities of what another picks,
// and of the top most likely tokens; with a negative top, none.
type witness struct {
	engine.Picker
	tok  *tokenizer.Tokenizer
	top  int
	seen []tokenLogProb
}

// Pick implements [engine.Picker].
func (w *witness) Pick(logits []float32) (int, error) {
	id, err := w.Picker.Pick(logits)
	if err != nil || w.top < 0 {
		return id, err
	}
	p, top := sample.LogProbs(logits, id, w.top)
	entry := w.named(sample.LogProb{ID: id, LogProb: p})
	for _, l := range top {
		entry.Top = append(entry.Top, w.named(l))
	}
	w.seen = append(w.seen, entry)
	return id, nil
}

func (w *witness) named(l sample.LogProb) tokenLogProb {
	return tokenLogProb{LogProb: l, Token: w.tok.Token(l.ID)}
}
