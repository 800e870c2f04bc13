package golden

import (
	"fmt"
	"math"
)

// Recorded is a prompt with its greedy continuation as one engine ran it: a golden recorded from a foreign engine, or the
// run that is held against it. T is the number of ids. Row t of the logits follows ids[0..t], so row Prompt-1+k chooses
// ids[Prompt+k]; the choice of the last row is not fed and has no id.
//
// On disk it is a safetensors file with "ids" (int64 [T]), "logits" (float32 [T, vocab]) and optionally "hidden"
// (float32 [layers+1, T, hidden size]); testdata/README.md lists the metadata.
type Recorded struct {
	Engine     string
	IDs        []int
	Prompt     int       // leading ids that were given; the rest were chosen
	Logits     []float32 // [T, Vocab]
	Vocab      int
	Hidden     []float32 // optional [layers+1, T, HiddenSize]: the embeddings, then the residual stream after each layer
	HiddenSize int
}

// Check returns an error if the shapes contradict each other, an id is outside the vocabulary, or a logit or hidden
// state is NaN or infinite, naming the first.
func (r *Recorded) Check() error {
	if r.Prompt < 1 || r.Prompt > len(r.IDs) {
		return fmt.Errorf("golden: %s: prompt of %d ids in %d ids", r.Engine, r.Prompt, len(r.IDs))
	}
	if err := r.checkLogits(); err != nil {
		return err
	}
	if len(r.Hidden) == 0 {
		return nil
	}
	return r.checkHidden()
}

func (r *Recorded) checkLogits() error {
	if r.Vocab < 2 || len(r.Logits)%r.Vocab != 0 || len(r.Logits)/r.Vocab != len(r.IDs) {
		return fmt.Errorf("golden: %s: %d logits for %d ids and a vocabulary of %d", r.Engine, len(r.Logits), len(r.IDs), r.Vocab)
	}
	for pos, id := range r.IDs {
		if id < 0 || id >= r.Vocab {
			return fmt.Errorf("golden: %s: id %d at position %d is outside the vocabulary of %d", r.Engine, id, pos, r.Vocab)
		}
	}
	if i := firstNonFinite(r.Logits); i >= 0 {
		return fmt.Errorf("golden: %s: logit of id %d at position %d is %v", r.Engine, i%r.Vocab, i/r.Vocab, r.Logits[i])
	}
	return nil
}

func (r *Recorded) checkHidden() error {
	layer := r.HiddenSize * len(r.IDs)
	if r.HiddenSize < 1 || len(r.Hidden)%layer != 0 {
		return fmt.Errorf("golden: %s: %d hidden states for %d ids and a hidden size of %d", r.Engine, len(r.Hidden), len(r.IDs), r.HiddenSize)
	}
	if i := firstNonFinite(r.Hidden); i >= 0 {
		return fmt.Errorf("golden: %s: hidden state %d after layer %d at position %d is %v",
			r.Engine, i%r.HiddenSize, i/layer, i%layer/r.HiddenSize, r.Hidden[i])
	}
	return nil
}

// firstNonFinite returns the index of the first NaN or infinity, or -1.
func firstNonFinite(values []float32) int {
	for i, v := range values {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return i
		}
	}
	return -1
}

// row returns the logits at a position.
func (r *Recorded) row(pos int) []float32 { return r.Logits[pos*r.Vocab : (pos+1)*r.Vocab] }

// layers returns how many hidden states a position has: one after the embeddings and one after each layer.
func (r *Recorded) layers() int {
	if len(r.Hidden) == 0 {
		return 0
	}
	return len(r.Hidden) / (len(r.IDs) * r.HiddenSize)
}

// hidden returns the residual stream after a layer (0 is the embeddings) at a position.
func (r *Recorded) hidden(layer, pos int) []float32 {
	at := (layer*len(r.IDs) + pos) * r.HiddenSize
	return r.Hidden[at : at+r.HiddenSize]
}
