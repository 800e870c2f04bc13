package sample

import (
	"errors"
	"fmt"
	"math"
)

// Order is the order of the filters, and with it some of what they mean.
type Order string

const (
	// HF is the order of Hugging Face transformers (generation/utils.py): bias,
	// penalties, temperature, top-k, top-p, min-p, typical.
	HF Order = "hf"
	// LlamaCpp is the order of llama.cpp (common/common.h): bias, penalties,
	// top-k, typical, top-p, min-p, temperature.
	LlamaCpp Order = "llama.cpp"
)

// Orders are the orders that there are, the default first.
func Orders() []Order { return []Order{HF, LlamaCpp} }

// Bias is a number that is added to the logit of a token. -1e9 bans it from being
// drawn: the token then has the probability 0.
type Bias struct {
	ID    int     `json:"id"`
	Value float64 `json:"value"`
}

// Params says how to sample. The zero value is greedy.
type Params struct {
	// Order of the filters; empty is HF.
	Order Order `json:"order"`
	// Temperature divides the logits. 0 is greedy: the token with the highest
	// logit after bias and penalties, the first of equals; no filter matters.
	Temperature float64 `json:"temperature"`
	// TopK keeps the K highest logits; 0 keeps all. HF keeps all that equal the
	// Kth too, LlamaCpp exactly K, of equal ones the first.
	TopK int `json:"top_k"`
	// TopP, in (0, 1], removes the least probable tokens whose probabilities
	// sum to at most 1-TopP; 1 keeps all. Of equal logits the last go first.
	TopP float64 `json:"top_p"`
	// MinP, in [0, 1], removes tokens less probable than MinP times the most
	// probable one; 0 keeps all.
	MinP float64 `json:"min_p"`
	// TypicalP, in [0, 1], keeps the tokens whose surprise, -ln(probability), is
	// nearest to the entropy, as many as it takes to hold this probability, and
	// those that are as near as the last of them; 0 and 1 keep all.
	TypicalP float64 `json:"typical_p"`
	// RepetitionPenalty divides the logits above 0, and multiplies the others,
	// of each token of the prompt and the text; 0 and 1 do nothing.
	RepetitionPenalty float64 `json:"repetition_penalty"`
	// FrequencyPenalty is subtracted from a logit as often as its token occurs,
	// and PresencePenalty once if it occurs: in the text by HF, as the OpenAI API
	// has it, in the prompt and the text by LlamaCpp.
	FrequencyPenalty float64 `json:"frequency_penalty"`
	PresencePenalty  float64 `json:"presence_penalty"`
	// PenaltyWindow is how many of the last tokens the penalties look at; 0 is
	// all.
	PenaltyWindow int `json:"penalty_window"`
	// Bias is added before the penalties.
	Bias []Bias `json:"logit_bias,omitempty"`
	// Seed starts the generator: the first 8 bytes of ChaCha8's 32-byte seed,
	// little-endian; the others are zero.
	Seed uint64 `json:"seed"`
}

// validate reports a parameter that is out of range or not a number.
func (p *Params) validate() error {
	switch {
	case p.Order != HF && p.Order != LlamaCpp && p.Order != "":
		return fmt.Errorf("sample: order %q: want one of %v", p.Order, Orders())
	case !(p.Temperature >= 0) || math.IsInf(p.Temperature, 1):
		return fmt.Errorf("sample: temperature %v is not a finite number of at least 0", p.Temperature)
	case p.TopK < 0:
		return fmt.Errorf("sample: top_k %d is negative; 0 keeps every token", p.TopK)
	case !(p.TopP >= 0 && p.TopP <= 1):
		return fmt.Errorf("sample: top_p %v is outside (0, 1]; 1 keeps every token", p.TopP)
	case p.TopP == 0 && p.Temperature > 0:
		return errors.New("sample: top_p 0 is outside (0, 1]; 1 keeps every token, temperature 0 is greedy")
	case !(p.MinP >= 0 && p.MinP <= 1):
		return fmt.Errorf("sample: min_p %v is outside [0, 1]; 0 keeps every token", p.MinP)
	case !(p.TypicalP >= 0 && p.TypicalP <= 1):
		return fmt.Errorf("sample: typical_p %v is outside [0, 1]; 0 and 1 keep every token", p.TypicalP)
	}
	return p.validatePenalties()
}

func (p *Params) validatePenalties() error {
	switch {
	case !(p.RepetitionPenalty >= 0) || math.IsInf(p.RepetitionPenalty, 1):
		return fmt.Errorf("sample: repetition_penalty %v is not a finite number of at least 0", p.RepetitionPenalty)
	case !finite(p.FrequencyPenalty):
		return fmt.Errorf("sample: frequency_penalty %v is not finite", p.FrequencyPenalty)
	case !finite(p.PresencePenalty):
		return fmt.Errorf("sample: presence_penalty %v is not finite", p.PresencePenalty)
	case p.PenaltyWindow < 0:
		return fmt.Errorf("sample: penalty_window %d is negative; 0 is every token", p.PenaltyWindow)
	}
	for _, b := range p.Bias {
		if b.ID < 0 || !finite(b.Value) {
			return fmt.Errorf("sample: bias %v of token %d: want a finite number, and an id of at least 0", b.Value, b.ID)
		}
	}
	return nil
}

func finite(x float64) bool { return x-x == 0 }

// penalizes says whether the tokens so far matter.
func (p *Params) penalizes() bool {
	return p.repeats() || p.FrequencyPenalty != 0 || p.PresencePenalty != 0
}

// repeats says whether the repetition penalty does something.
func (p *Params) repeats() bool { return p.RepetitionPenalty != 0 && p.RepetitionPenalty != 1 }
