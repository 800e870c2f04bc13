package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/internal/model"
)

// summary is what `lpuctl inspect -o json` prints.
type summary struct {
	Model        string         `json:"model"`
	Format       string         `json:"format"` // gguf, safetensors or preset
	Architecture string         `json:"architecture"`
	Parameters   int64          `json:"parameters"`
	Layers       int            `json:"layers"`
	Hidden       int            `json:"hidden_size"`
	Intermediate int            `json:"intermediate_size"`
	Experts      int            `json:"experts"`           // of a layer, 0 without a mixture
	PerToken     int            `json:"experts_per_token"` // selected
	ExpertSize   int            `json:"expert_intermediate_size"`
	Heads        int            `json:"query_heads"`
	KVHeads      int            `json:"kv_heads"`
	HeadDim      int            `json:"head_dimension"`
	Vocab        int            `json:"vocabulary"`
	Context      int            `json:"context"`
	NormEps      float64        `json:"rms_norm_eps"`
	RopeTheta    float64        `json:"rope_theta"`
	RopeType     string         `json:"rope_type"`
	Tied         bool           `json:"tied_embeddings"`
	Tensors      map[string]int `json:"tensors"` // number by type
	Tokenizer    string         `json:"tokenizer"`
	CacheBytes   int64          `json:"cache_bytes"` // of the full context
	Cannot       []string       `json:"cannot"`      // what lpuctl cannot do with it
}

func newInspect(a *app) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "inspect MODEL",
		Short: "Show the architecture, the tensors and the memory of a model",
		Example: `  lpuctl inspect builtin:stories260k
  lpuctl inspect preset:llama2-70b -o json`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeModel,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			m, err := model.Open(args[0])
			if err != nil {
				return err
			}
			defer m.Close()
			s, err := summarize(m, args[0])
			if err != nil {
				return err
			}
			if output == "json" {
				return json.NewEncoder(a.out).Encode(s)
			}
			return s.write(a.out)
		},
	}
	outputFlag(cmd, &output)
	return cmd
}

func summarize(m *model.Model, spec string) (*summary, error) {
	c := &m.Config
	s := &summary{
		Model: spec, Format: "preset", Architecture: c.Architecture, Parameters: c.Parameters(),
		Layers: c.Layers, Hidden: c.Hidden, Intermediate: c.Intermediate,
		Experts: c.Experts.Count, PerToken: c.Experts.PerToken, ExpertSize: c.Experts.Intermediate,
		Heads: c.Heads, KVHeads: c.KVHeads, HeadDim: c.HeadDim, Vocab: c.Vocab, Context: c.Context,
		NormEps: c.NormEps, RopeTheta: c.Rope.Theta, RopeType: c.Rope.Type, Tied: c.TieEmbeddings,
		Tensors: map[string]int{}, CacheBytes: c.CacheBytes(c.Context), Cannot: []string{},
	}
	tok, err := openTokenizer(m)
	if err != nil {
		s.Tokenizer = "none"
		s.Cannot = append(s.Cannot, "read or write text: "+err.Error())
	} else {
		s.Tokenizer = fmt.Sprintf("%s, %d pieces", tok.Kind(), tok.Size())
	}
	if m.Checkpoint == nil {
		s.Cannot = append(s.Cannot, "compute with real weights: a preset is a shape only (--synthetic SEED makes some up)")
		return s, nil
	}
	s.Format = m.Checkpoint.Format()
	return s, s.countTensors(m)
}

func (s *summary) countTensors(m *model.Model) error {
	for _, name := range m.Checkpoint.Names() {
		t, err := m.Checkpoint.Tensor(name)
		if err != nil {
			return err
		}
		s.Tensors[t.Type.Name]++
	}
	return nil
}

func (s *summary) write(w io.Writer) error {
	p := func(label, format string, args ...any) {
		fmt.Fprintf(w, "%-12s "+format+"\n", append([]any{label}, args...)...)
	}
	p("model", "%s (%s, %s)", s.Model, s.Format, s.Architecture)
	p("parameters", "%d", s.Parameters)
	p("shape", "%d layers, hidden %d, intermediate %d, %d query heads, %d KV heads of %d, vocabulary %d",
		s.Layers, s.Hidden, s.Intermediate, s.Heads, s.KVHeads, s.HeadDim, s.Vocab)
	if s.Experts > 0 {
		p("experts", "%d, %d of them for a token, intermediate %d", s.Experts, s.PerToken, s.ExpertSize)
	}
	tied := "own output matrix"
	if s.Tied {
		tied = "tied embeddings"
	}
	p("details", "RMSNorm eps %g, rope %s theta %g, %s", s.NormEps, s.RopeType, s.RopeTheta, tied)
	for _, t := range slices.Sorted(maps.Keys(s.Tensors)) {
		p("tensors", "%d of %s", s.Tensors[t], t)
	}
	p("tokenizer", "%s", s.Tokenizer)
	p("KV cache", "%s for %d positions, %s each (float32)", bytesText(s.CacheBytes), s.Context, bytesText(s.CacheBytes/int64(s.Context)))
	for _, c := range s.Cannot {
		p("cannot", "%s", c)
	}
	return nil
}
