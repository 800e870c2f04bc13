package mlir_test

import (
	"flag"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/emit/mlir"
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

var update = flag.Bool("update", false, "rewrite testdata")

func emitText(t testing.TB, m *ir.Module, opts mlir.Options) (string, *mlir.Program) {
	t.Helper()
	plan, err := pack.NewPlan(m)
	require.NoError(t, err)
	var b strings.Builder
	p, err := mlir.Emit(&b, m, plan, opts)
	require.NoError(t, err)
	return b.String(), p
}

// toy is the module of package ir's tests, which uses every operation.
func toy(t testing.TB) *ir.Module {
	t.Helper()
	src, err := os.ReadFile("../../ir/testdata/toy.ir")
	require.NoError(t, err)
	m, err := ir.Parse(string(src))
	require.NoError(t, err)
	return m
}

// TestToyText keeps the text of the toy module of package ir readable.
func TestToyText(t *testing.T) {
	m := toy(t)
	for name, opts := range map[string]mlir.Options{"toy": {}, "toy_trace": {Trace: true}} {
		text, _ := emitText(t, m, opts)
		path := "testdata/" + name + ".mlir"
		if *update {
			require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		}
		golden, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(golden), text)
	}
}

// TestVersions parses the toy module with every MLIR that is installed.
func TestVersions(t *testing.T) {
	for _, version := range []string{"19", "22"} {
		t.Run(version, func(t *testing.T) {
			opt, err := exec.LookPath("mlir-opt-" + version)
			if err != nil {
				t.Skip("not checked: mlir-opt-" + version + " not found")
			}
			runTool(t, opt, "testdata/toy_trace.mlir", "--pass-pipeline="+pipeline, "-o", os.DevNull)
		})
	}
}

// TestToyTrace holds the layout of the trace buffer.
func TestToyTrace(t *testing.T) {
	_, p := emitText(t, toy(t), mlir.Options{Trace: true})
	layout := p.Trace["decode"]
	require.Equal(t, 235, layout.Elements)
	require.Equal(t, mlir.Slot{Path: "embedding", Offset: 0, Shape: []int{1, 8}}, layout.Slots[0])
	require.Equal(t, mlir.Slot{Path: "layers.1.attn.k", Offset: 8 + 80 + 8 + 4, Shape: []int{1, 4}}, layout.Slots[15])
	require.Equal(t, mlir.Slot{Path: "capped", Offset: 235 - 11, Shape: []int{1, 11}}, layout.Slots[len(layout.Slots)-1])
	p.Trace = nil
	require.Equal(t, &mlir.Program{
		Vocab: 11, KCache: [4]int{2, 1, 4, 16}, VCache: [4]int{2, 16, 1, 4}, Weights: p.Weights,
	}, p)
}

// TestErrors breaks the conventions of entries and operands.
func TestErrors(t *testing.T) {
	src := toy(t).String()
	for name, c := range map[string]struct{ old, new, want string }{
		"name":    {"func @decode(", "func @generate(", "@generate: public function is neither @prefill nor @decode"},
		"results": {"return %capped, %layers.1.kcache, %layers.1.vcache", "return %capped, %layers.1.kcache", "@decode: 4 parameters and 2 results, want (tokens, pos, kcache, vcache) and (logits, kcache, vcache)"},
		"tied":    {"return %capped, %layers.1.kcache, %layers.1.vcache", "return %capped, %layers.1.vcache, %layers.1.kcache", "@decode: result 1 %layers.1.vcache is tied to parameter 3, want 2 (-1 is none)"},
		"logits":  {"return %capped, %layers.1.kcache", "return %layers.1.index, %layers.1.kcache", "@decode: %layers.1.index is i32[], want f32 of rank 2"},
		"core":    {"private @layer_decode", "private @decode_core", "@decode_core: the name is taken by the core of @decode"},
		"value": {"@embed) {kind = \"f32\"} : f32[1,11]\n    %capped = softcap(%logits) {cap = 30.0} : f32[1,11]",
			"%embedding) {kind = \"f32\"} : f32[1,1]\n    %capped = softcap(%logits) {cap = 30.0} : f32[1,1]", "@decode: %logits = linear: operand %embedding is a value, want a weight"},
		"mixed": {"call @layer_decode(%layers.0,", "call @layer_decode(@row,", "@decode: %layers.1 = call: argument @row is a weight where the first call of @layer_decode passes a value"},
		"nested": {"\n  func @decode(", `
  func private @outer(%x: f32[1,8], %k: f32[2,1,4,16], %v: f32[2,16,1,4], %i: i32[], %p: i32[], %n: f32[8], %w: q4g32f16z[4,8], %b: f32[4], %h: f32[4], %k0: f32[2], %o: i32[8], %c: f32[16,1], %s: f32[16,1]) {
    %y, %yk, %yv = call @layer_decode(%x, %k, %v, %i, %p, %n, %w, %b, %h, %k0, %o, %c, %s) : f32[1,8], f32[2,1,4,16], f32[2,16,1,4]
    return %y, %yk, %yv
  }

  func @decode(`, "@outer: %y = call: only entries may call @layer_decode"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(src, c.old, c.new, 1)
			require.NotEqual(t, src, text)
			switch name {
			case "mixed":
				text = strings.Replace(text, "  weight @embed", "  weight @row : f32[1,8]\n  weight @embed", 1)
			case "nested":
				text = strings.ReplaceAll(text, "call @layer_decode(%embedding", "call @outer(%embedding")
				text = strings.ReplaceAll(text, "call @layer_decode(%layers", "call @outer(%layers")
			case "core":
				text = strings.ReplaceAll(text, "call @layer_decode", "call @decode_core")
			}
			m, err := ir.Parse(text)
			require.NoError(t, err)
			plan, err := pack.NewPlan(m)
			require.NoError(t, err)
			_, err = mlir.Emit(io.Discard, m, plan, mlir.Options{})
			require.EqualError(t, err, `mlir: module "toy": `+c.want)
		})
	}
}

func TestForeignPlan(t *testing.T) {
	m := toy(t)
	_, err := mlir.Emit(io.Discard, m, &pack.Plan{}, mlir.Options{})
	require.EqualError(t, err, `mlir: module "toy": the plan is one of other weights`)
}

// TestLargeModel keeps the text of 80 layers small.
func TestLargeModel(t *testing.T) {
	m := llama(t, shape{
		layers: 80, hidden: 8176, ffn: 28672, heads: 64, kvHeads: 8, headDim: 128, vocab: 32000, context: 2048,
		chunk: 128, kind: ir.KindA8, quant: ir.Quant{Bits: 4, Group: 128, Scale: ir.F16}, embed: ir.F16,
	})
	text, p := emitText(t, m, mlir.Options{})
	require.Less(t, len(text), 1<<19)
	require.Equal(t, 128, p.Chunk)
	again, _ := emitText(t, m, mlir.Options{})
	require.Equal(t, text, again)
}
