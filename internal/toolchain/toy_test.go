package toolchain

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"text/template"

	"github.com/stretchr/testify/require"
)

// toyABI is the ABI of testdata/toy.mlir.tmpl.
func toyABI(traced bool) ABI {
	abi := ABI{Chunk: 2, Vocab: 4, KCache: [4]int{1, 1, 2, 8}, VCache: [4]int{1, 8, 1, 2}, Weights: 32}
	if traced {
		abi.TracePrefill, abi.TraceDecode = 2, 1
	}
	return abi
}

// toyWeights has products that do not fit a float32, so that a fused multiply
// and add would give other bits.
var toyWeights = [2][4]float32{{0.1, -1.7, 3.3, 0.7}, {1.1, 0.9, -2.3, 1e-3}}

// toy is the module in Go.
type toy struct{ k, v [8]float32 }

func (m *toy) step(token int32, pos int) (logits []float32) {
	m.k[pos], m.v[pos] = toyWeights[0][token], toyWeights[1][token]
	for n := range 4 {
		acc := float32(0)
		for i := range pos + 1 {
			acc += float32(m.k[i] * toyWeights[0][n])
			acc += float32(m.v[i] * toyWeights[1][n])
		}
		logits = append(logits, acc)
	}
	return logits
}

func (m *toy) decode(token int32, pos int) (logits []float32) {
	for _, x := range m.step(token, pos) {
		logits = append(logits, float32(x*x)+x)
	}
	return logits
}

func (m *toy) prefill(tokens []int32, pos int) (logits []float32) {
	for i, t := range tokens {
		logits = append(logits, m.step(t, pos+i)...)
	}
	return logits
}

func toyText(t *testing.T, abi ABI) string {
	t.Helper()
	tmpl, err := template.ParseFiles(filepath.Join("testdata", "toy.mlir.tmpl"))
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, tmpl.Execute(&text, abi))
	return text.String()
}

func toyWeightsFile(t *testing.T) string {
	t.Helper()
	var b []byte
	for _, row := range toyWeights {
		for _, w := range row {
			b = binary.NativeEndian.AppendUint32(b, math.Float32bits(w))
		}
	}
	return writeFile(t, "weights.bin", string(b))
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
	return path
}

// toolchains returns what this machine offers of: LLVM 22 with clang, LLVM 22
// with opt and llc, LLVM 19 with opt and llc, each found in a folder that holds
// nothing else; or the LLVM that is installed, when it is none of these.
func toolchains(t *testing.T) map[string]*Toolchain {
	t.Helper()
	found := map[string]*Toolchain{}
	for name, tools := range map[string][]string{
		"clang 22": {"mlir-opt-22", "mlir-translate-22", "clang-22"},
		"opt 22":   {"mlir-opt-22", "mlir-translate-22", "opt-22", "llc-22", "cc"},
		"opt 19":   {"mlir-opt-19", "mlir-translate-19", "opt-19", "llc-19", "cc"},
	} {
		tc, err := Find(t.Context(), environ(linkTools(t, tools)))
		if err != nil {
			t.Logf("not checked: %s: %v", name, err)
			continue
		}
		found[name] = tc
	}
	if tc, err := Find(t.Context(), os.Getenv); err == nil && len(found) == 0 {
		found["installed"] = tc
	}
	if len(found) == 0 {
		t.Skip("not checked: no LLVM on this machine")
	}
	return found
}

// linkTools makes a folder with links to the named programs that exist.
func linkTools(t *testing.T, names []string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			require.NoError(t, os.Symlink(path, filepath.Join(dir, name)))
		}
	}
	return dir
}

// environ is a getenv in which PATH is all there is.
func environ(path string) func(string) string {
	return func(key string) string {
		if key == "PATH" {
			return path
		}
		return ""
	}
}

// installed returns the toolchain of this machine or skips the test.
func installed(t *testing.T) *Toolchain {
	t.Helper()
	if !canExecute {
		t.Skip("not checked: compiled modules do not run on this system")
	}
	tc, err := Find(t.Context(), os.Getenv)
	if err != nil {
		t.Skipf("not checked: %v", err)
	}
	return tc
}

// build takes MLIR text to an executable.
func build(t *testing.T, tc *Toolchain, text string, abi ABI) (exe string) {
	t.Helper()
	ctx, mlir := t.Context(), writeFile(t, "m.mlir", text)
	base := strings.TrimSuffix(mlir, ".mlir")
	require.NoError(t, tc.Verify(ctx, mlir))
	require.NoError(t, tc.Lower(ctx, mlir, base+".llvm.mlir", base+".ll"))
	require.NoError(t, tc.Compile(ctx, base+".ll", base+".o", Options{Level: "3", CPU: "native"}))
	require.NoError(t, tc.Link(ctx, base+".o", base+".exe", abi))
	return base + ".exe"
}

func start(t *testing.T, ctx context.Context, exe, weights string, abi ABI) *Process {
	t.Helper()
	p, err := Start(ctx, exe, weights, abi)
	require.NoError(t, err)
	t.Cleanup(func() { p.Close() })
	return p
}

func TestToy(t *testing.T) {
	t.Parallel()
	if !canExecute {
		t.Skip("not checked: compiled modules do not run on this system")
	}
	for name, tc := range toolchains(t) {
		t.Run(name, func(t *testing.T) {
			t.Run("plain", func(t *testing.T) { checkToy(t, tc, toyABI(false)) })
			t.Run("traced", func(t *testing.T) { checkToy(t, tc, toyABI(true)) })
		})
	}
}

func checkToy(t *testing.T, tc *Toolchain, abi ABI) {
	exe := build(t, tc, toyText(t, abi), abi)
	p := start(t, t.Context(), exe, toyWeightsFile(t), abi)
	for range 2 { // the second round starts from reset caches
		var m toy
		got, err := p.Prefill([]int32{3, 1}, 0)
		require.NoError(t, err)
		requireBits(t, m.prefill([]int32{3, 1}, 0), got)
		requireTrace(t, abi, []float32{got[0], got[4]}, p)
		for pos, token := range []int32{2: 2, 3: 0, 4: 1, 7: 3} {
			if pos < 2 {
				continue
			}
			got, err := p.Decode(token, pos)
			require.NoError(t, err)
			requireBits(t, m.decode(token, pos), got)
			requireTrace(t, abi, m.step(token, pos)[:1], p)
			require.Positive(t, p.Elapsed())
		}
		require.NoError(t, p.Reset())
	}
	require.NoError(t, p.Close())
	requireOnly(t, filepath.Dir(exe), "m.exe", "m.ll", "m.llvm.mlir", "m.mlir", "m.o")
}

func requireTrace(t *testing.T, abi ABI, want []float32, p *Process) {
	t.Helper()
	if abi.TraceDecode == 0 {
		want = nil
	}
	requireBits(t, want, p.Trace())
}

func requireBits(t *testing.T, want, got []float32) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.Equal(t, math.Float32bits(want[i]), math.Float32bits(got[i]), "element %d: want %g, got %g", i, want[i], got[i])
	}
}

// requireOnly asserts that dir holds these files and no other: no temporary
// file stays behind.
func requireOnly(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	require.Equal(t, names, got)
}
