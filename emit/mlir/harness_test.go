package mlir_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/emit/mlir"
	"github.com/lpuctl/lpuctl/ir"
)

// pipeline lowers to the LLVM dialect.
const pipeline = "builtin.module(empty-tensor-to-alloc-tensor," +
	"one-shot-bufferize{bufferize-function-boundaries=true function-boundary-type-conversion=identity-layout-map}," +
	"canonicalize,drop-equivalent-buffer-results,drop-equivalent-buffer-results,drop-equivalent-buffer-results," +
	"canonicalize,cse,buffer-deallocation-pipeline,canonicalize,cse,func.func(convert-linalg-to-loops)," +
	"expand-strided-metadata,lower-affine,canonicalize,cse,loop-invariant-code-motion,convert-scf-to-cf," +
	"convert-math-to-llvm,convert-math-to-libm,convert-arith-to-llvm,convert-index-to-llvm," +
	"finalize-memref-to-llvm{use-aligned-alloc=true},convert-func-to-llvm,convert-cf-to-llvm,canonicalize,cse,reconcile-unrealized-casts)"

// tool finds a program of LLVM 22 or 19 to 25, or skips the test.
func tool(t testing.TB, name string) string {
	for _, version := range []string{"-22", "-25", "-24", "-23", "-21", "-20", "-19"} {
		if path, err := exec.LookPath(name + version); err == nil {
			return path
		}
	}
	t.Skip("not checked: LLVM >= 19 not found")
	return ""
}

func runTool(t testing.TB, name string, args ...string) {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	require.NoError(t, err, "%s %s\n%s", name, strings.Join(args, " "), out)
}

// engine is a compiled module.
type engine struct {
	program *mlir.Program
	exe     string
	weights string
}

// build emits and compiles m with the driver at an optimization level. The
// code must copy nothing.
func build(t testing.TB, m *ir.Module, weights map[*ir.Value]*logical, level string) *engine {
	t.Helper()
	opt, translate, clang := tool(t, "mlir-opt"), tool(t, "mlir-translate"), tool(t, "clang")
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	text, program := emitText(t, m, mlir.Options{Trace: true})
	require.NoError(t, os.WriteFile(path("m.mlir"), []byte(text), 0o644))
	require.NoError(t, os.WriteFile(path("weights.bin"), packWeights(t, m, weights), 0o644))
	runTool(t, opt, path("m.mlir"), "--pass-pipeline="+pipeline, "-o", path("m.llvm.mlir"))
	runTool(t, translate, "--mlir-to-llvmir", path("m.llvm.mlir"), "-o", path("m.ll"))
	ll, err := os.ReadFile(path("m.ll"))
	require.NoError(t, err)
	require.NotRegexp(t, "memcpy|memmove|memrefCopy", string(ll), "bufferization copies")
	runTool(t, clang, level, "-march=native", "-Wno-override-module", "-o", path("m.exe"),
		"testdata/driver.c", "-x", "ir", path("m.ll"), "-lm")
	return &engine{program, path("m.exe"), path("weights.bin")}
}

// step is one call of an entry: prefill if there is more than one token.
type step struct {
	pos    int
	tokens []int32
}

func (s step) entry() string {
	if len(s.tokens) > 1 {
		return "prefill"
	}
	return "decode"
}

// answer is what a step computed; caches are those after the last step.
type answer struct {
	logits, trace  []float32
	kcache, vcache []float32
}

func (e *engine) run(t testing.TB, kcache, vcache []float32, steps []step) []answer {
	t.Helper()
	p := e.program
	var in bytes.Buffer
	put := func(v any) { require.NoError(t, binary.Write(&in, binary.LittleEndian, v)) }
	header := []int{p.Chunk, p.Vocab}
	header = append(append(append(header, p.KCache[:]...), p.VCache[:]...), int(p.Weights),
		p.Trace["prefill"].Elements, p.Trace["decode"].Elements, len(steps))
	for _, v := range header {
		put(int64(v))
	}
	put(kcache)
	put(vcache)
	for _, s := range steps {
		put([]int64{int64(len(s.tokens)), int64(s.pos)})
		put(s.tokens)
	}
	request, response := e.exe+".in", e.exe+".out"
	require.NoError(t, os.WriteFile(request, in.Bytes(), 0o644))
	runTool(t, e.exe, e.weights, request, response)
	data, err := os.ReadFile(response)
	require.NoError(t, err)
	out := bytes.NewReader(data)
	get := func(n int) []float32 {
		v := make([]float32, n)
		require.NoError(t, binary.Read(out, binary.LittleEndian, v))
		return v
	}
	answers := make([]answer, len(steps))
	for i, s := range steps {
		answers[i] = answer{logits: get(len(s.tokens) * p.Vocab), trace: get(p.Trace[s.entry()].Elements)}
	}
	last := &answers[len(steps)-1]
	last.kcache, last.vcache = get(len(kcache)), get(len(vcache))
	require.Zero(t, out.Len())
	return answers
}
