package prove_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/internal/quant"
	"github.com/lpuctl/lpuctl/ir"
	"github.com/lpuctl/lpuctl/reference"
)

// twins are tiny Llamas that other software quantized, with the type that
// their projections have in the graph.
var twins = map[string]string{
	"llama_awq":         "q4g32f16z",
	"llama_awq_gemv":    "q4g32f16z",
	"llama_gptq":        "q4g32f16z",
	"llama_gptq_v2":     "q4g32f16",
	"llama_gptq_act":    "q4g32f16z",
	"llama_gptq8":       "q8g64f16z",
	"llama_packed":      "q4g32f16",
	"llama_packed_asym": "q4g32f16z",
	"llama_packed_act":  "q4g32f16",
	"llama_packed8":     "q8g64f16",
	"llama_nf4":         "f32",
	"llama_nf4_double":  "f32",
}

// TestTwinsDecode: projections have the bits that other software decodes.
func TestTwinsDecode(t *testing.T) {
	for folder := range twins {
		t.Run(folder, func(t *testing.T) {
			c, err := checkpoint.Open(filepath.Join(goldens, folder))
			require.NoError(t, err)
			defer c.Close()
			var hashes map[string]string
			text, err := os.ReadFile(filepath.Join(goldens, folder, "dequantized.json"))
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(text, &hashes))
			require.NotEmpty(t, hashes)
			for name, want := range hashes {
				w, err := c.Tensor(name)
				require.NoError(t, err)
				require.Equal(t, want, hashRows(t, w), name)
			}
		})
	}
}

// hashRows is the SHA-256 of a weight as little-endian float32.
func hashRows(t *testing.T, w *checkpoint.Tensor) string {
	h := sha256.New()
	row, data := make([]float32, w.Cols()), make([]byte, 4*w.Cols())
	for i := range w.Rows() {
		require.NoError(t, w.ReadRow(i, row))
		require.NoError(t, quant.Encode(quant.F32, row, data))
		h.Write(data)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// TestTwins: on the quantized weights the kind f32 agrees with transformers,
// and the integers in a15 agree with f32. There is no requantization between
// the two: it would move the logits by far more than 1e-3.
func TestTwins(t *testing.T) {
	for folder, typ := range twins {
		t.Run(folder, func(t *testing.T) {
			dir := filepath.Join(goldens, folder)
			m := open(t, dir)
			family{folder, "golden.safetensors", 0}.requireGolden(t, m)
			require.Equal(t, typ != "f32", m.HasIntegers())
			exact, module := logits(t, m, model.Options{Kind: ir.KindF32})
			require.Equal(t, typ, elem(module, "model.layers.1.mlp.up_proj.weight"))
			if typ == "f32" {
				return
			}
			got, _ := logits(t, m, model.Options{Kind: ir.KindA15})
			require.NotEqual(t, exact, got)
			require.Less(t, relativeL2(exact, got), 1e-3)
		})
	}
}

// TestRequantized: rounded again to the very type that the integers have, inputs
// stay where they are. In the wrong order the logits would have nothing in common.
func TestRequantized(t *testing.T) {
	m, err := model.Open(goldens + "llama_packed_act")
	require.NoError(t, err)
	defer m.Close()
	exact, _ := logits(t, m, model.Options{Kind: ir.KindF32})
	got, _ := logits(t, m, model.Options{Kind: ir.KindF32, Quant: &ir.Quant{Bits: 4, Group: 32, Scale: ir.F16}})
	require.NotEqual(t, exact, got)
	require.Less(t, relativeL2(exact, got), 0.5)
}

// elem is the element type of a weight.
func elem(m *ir.Module, name string) string {
	for _, w := range m.Weights {
		if w.Name == name {
			if w.Type.Elem == ir.Block {
				return w.Type.Quant.String()
			}
			return w.Type.Elem.String()
		}
	}
	return "missing"
}

// logits runs a short prompt.
func logits(t *testing.T, m *model.Model, o model.Options) ([]float32, *ir.Module) {
	o.Prefill = 8
	g, err := m.Graph(o, nil)
	require.NoError(t, err)
	store, err := pack.Build(t.Context(), g.Plan, g.Source, nil)
	require.NoError(t, err)
	e, err := reference.New(g.Module, store, reference.Options{})
	require.NoError(t, err)
	defer e.Close()
	out, err := e.Prefill([]int32{1, 7, 20, 33, 5, 250, 99, 2}, 0)
	require.NoError(t, err)
	return slices.Clone(out), g.Module
}

func relativeL2(want, got []float32) float64 {
	var diff, norm float64
	for i, w := range want {
		d := float64(got[i]) - float64(w)
		diff, norm = diff+d*d, norm+float64(w)*float64(w)
	}
	return math.Sqrt(diff / norm)
}
