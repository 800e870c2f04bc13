package main

import (
	"encoding/json"
	"fmt"
	"io"

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
	Tensors      map[string]int `json:"tensors"`      // number by type
	Weights      []weightClass  `json:"weights"`      // by class and type
	WeightBytes  int64          `json:"weight_bytes"` // as the engines hold them
	Tokenizer    string         `json:"tokenizer"`
	Template     string         `json:"chat_template"` // where it is, or none
	CacheBytes   int64          `json:"cache_bytes"`   // of the full context
	Cache        []cacheSize    `json:"cache"`
	Cannot       []string       `json:"cannot"` // what lpuctl cannot do with it
}

// cacheSize is the memory of the KV caches of a context.
type cacheSize struct {
	Positions int   `json:"positions"`
	Bytes     int64 `json:"bytes"`
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
		Tensors: map[string]int{}, Weights: []weightClass{}, Template: chatTemplate(m),
		CacheBytes: c.CacheBytes(c.Context), Cache: cacheSizes(c), Cannot: []string{},
	}
	s.weigh(m)
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
	s.Weights, err = weightClasses(m.Checkpoint)
	for _, w := range s.Weights {
		s.Tensors[w.Type] += w.Tensors
	}
	return s, err
}

// weigh finds the memory of the weights in the graph that auto chooses, or why
// there is no graph.
func (s *summary) weigh(m *model.Model) {
	f := graphFlags{kind: "auto", quant: "none", group: 32, prefill: 1, synthetic: -1}
	g, err := f.build(m)
	if err != nil {
		s.Cannot = append(s.Cannot, "compute: "+err.Error())
		return
	}
	s.WeightBytes = g.Plan.Size
}

// cacheSizes are those of common contexts up to the model's.
func cacheSizes(c *model.Config) []cacheSize {
	var sizes []cacheSize
	for n := 2048; n < c.Context; n *= 4 {
		sizes = append(sizes, cacheSize{n, c.CacheBytes(n)})
	}
	return append(sizes, cacheSize{c.Context, c.CacheBytes(c.Context)})
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
	for _, c := range s.Weights {
		p("tensors", "%s", c)
	}
	if s.WeightBytes > 0 {
		p("memory", "%s of weights", bytesText(s.WeightBytes))
	}
	for _, c := range s.Cache {
		p("KV cache", "%s for %d positions, %s each (float32)", bytesText(c.Bytes), c.Positions, bytesText(c.Bytes/int64(c.Positions)))
	}
	p("tokenizer", "%s", s.Tokenizer)
	p("template", "%s", s.Template)
	for _, c := range s.Cannot {
		p("cannot", "%s", c)
	}
	return nil
}
