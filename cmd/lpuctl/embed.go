package main

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/groqclient"
)

// embedFlags are those of `lpuctl embed`.
type embedFlags struct {
	groqFlags
	lines            bool
	encoding, output string
	perRequest       int
}

func newEmbed(a *app) *cobra.Command {
	var f embedFlags
	cmd := &cobra.Command{
		Use:   "embed [TEXT...]",
		Short: "Turn texts into vectors",
		Long: `Turn texts into vectors. Each TEXT is one; without any, all of stdin is one, or each of its lines with --lines.
A vector is printed as a line of numbers, or of base64 (little-endian float32, bit for bit as the server computed it).`,
		Example: `  lpuctl embed -m nomic-embed-text-v1_5 "a text" "another"
  lpuctl embed --lines --encoding base64 < titles.txt > vectors.txt
  lpuctl embed -o json "a text"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			texts, err := a.embedTexts(args, f.lines)
			if err != nil {
				return err
			}
			return a.withClient(cmd, &f.groqFlags, func(c *groqclient.Client) error {
				return a.embed(cmd.Context(), c, &f, texts)
			})
		},
	}
	f.register(cmd)
	f.registerModel(cmd, "embed-model")
	cmd.Flags().BoolVar(&f.lines, "lines", false, "each line of stdin is a text")
	cmd.Flags().StringVar(&f.encoding, "encoding", groqclient.EncodingFloat, "float or base64")
	cmd.Flags().IntVar(&f.perRequest, "per-request", 128, "texts of one request, 1 to 2048")
	outputFlag(cmd, &f.output)
	complete(cmd, "encoding", []string{groqclient.EncodingFloat, groqclient.EncodingBase64})
	return cmd
}

func (f *embedFlags) check() error {
	switch {
	case f.encoding != groqclient.EncodingFloat && f.encoding != groqclient.EncodingBase64:
		return usagef("--encoding %s: want float or base64", f.encoding)
	case f.perRequest < 1 || f.perRequest > 2048:
		return usagef("--per-request %d: want 1 to 2048", f.perRequest)
	}
	return checkOutput(f.output)
}

// embedTexts finds the texts. An empty one is an error, since the API refuses
// it and a vector could not be told from the next.
func (a *app) embedTexts(args []string, lines bool) ([]string, error) {
	if lines && len(args) > 0 {
		return nil, usagef("give either TEXT or --lines")
	}
	texts := args
	if len(args) == 0 {
		text, err := a.argOrStdin(nil)
		if err != nil {
			return nil, err
		}
		texts = []string{text}
		if lines {
			texts = strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
		}
	}
	if i := slices.IndexFunc(texts, func(s string) bool { return strings.TrimSpace(s) == "" }); i >= 0 {
		return nil, usagef("text %d is empty", i+1)
	}
	return texts, nil
}

// embedded is what `lpuctl embed -o json` prints.
type embedded struct {
	Model   string                    `json:"model"`
	Vectors []any                     `json:"vectors"` // arrays of numbers, or base64
	Usage   groqclient.EmbeddingUsage `json:"usage"`
}

// embed asks for the vectors and prints them in the order of the texts: lines
// as they come, JSON at the end.
func (a *app) embed(ctx context.Context, c *groqclient.Client, f *embedFlags, texts []string) error {
	add, done := a.progress(int64(len(texts)), "texts", false)
	defer done()
	var all embedded
	for chunk := range slices.Chunk(texts, f.perRequest) {
		e, err := c.Embed(ctx, &groqclient.EmbeddingRequest{Model: f.model, Input: chunk, EncodingFormat: f.encoding})
		if err != nil {
			return err
		}
		if err := inOrder(e.Data, len(chunk)); err != nil {
			return err
		}
		if f.output == "json" {
			all.add(e, f.encoding)
		} else if err := printVectors(a.out, e.Data, f.encoding); err != nil {
			return err
		}
		add(int64(len(chunk)))
	}
	if f.output == "json" {
		return json.NewEncoder(a.out).Encode(all)
	}
	return nil
}

func (r *embedded) add(e *groqclient.Embeddings, encoding string) {
	r.Model = e.Model
	r.Usage.PromptTokens += e.Usage.PromptTokens
	r.Usage.TotalTokens += e.Usage.TotalTokens
	for _, d := range e.Data {
		if encoding == groqclient.EncodingBase64 {
			r.Vectors = append(r.Vectors, vectorBase64(d.Vector))
		} else {
			r.Vectors = append(r.Vectors, d.Vector)
		}
	}
}

// inOrder sorts the vectors by index; each of n must be there once.
func inOrder(data []groqclient.Embedding, n int) error {
	slices.SortFunc(data, func(x, y groqclient.Embedding) int { return cmp.Compare(x.Index, y.Index) })
	for i, e := range data {
		if e.Index != i || len(e.Vector) == 0 {
			return fmt.Errorf("the server left out the vector of text %d", i+1)
		}
	}
	if len(data) != n {
		return fmt.Errorf("the server sent %d vectors for %d texts", len(data), n)
	}
	return nil
}

func printVectors(w io.Writer, data []groqclient.Embedding, encoding string) error {
	for _, e := range data {
		if _, err := fmt.Fprintln(w, vectorText(e.Vector, encoding)); err != nil {
			return err
		}
	}
	return nil
}

// vectorText is a vector as base64, or as numbers that read back to the same
// bits.
func vectorText(v groqclient.Vector, encoding string) string {
	if encoding == groqclient.EncodingBase64 {
		return vectorBase64(v)
	}
	words := make([]string, len(v))
	for i, x := range v {
		words[i] = strconv.FormatFloat(float64(x), 'g', -1, 32)
	}
	return strings.Join(words, " ")
}

func vectorBase64(v groqclient.Vector) string {
	var raw []byte
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	return base64.StdEncoding.EncodeToString(raw)
}
