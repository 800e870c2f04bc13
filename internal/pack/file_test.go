package pack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/ir"
)

func planOf(t testing.TB, m *ir.Module) *Plan {
	p, err := NewPlan(m)
	require.NoError(t, err)
	return p
}

// written writes synthetic weights of m to a new folder.
func written(t testing.TB, m *ir.Module) (dir string, plan *Plan) {
	dir, plan = t.TempDir(), planOf(t, m)
	var progress atomic.Int64
	_, err := Write(t.Context(), dir, plan, Synthetic{Seed: 3}, func(n int64) { progress.Add(n) })
	require.NoError(t, err)
	var total int64
	for _, p := range plan.Weights {
		total += p.Bytes()
	}
	require.Equal(t, total, progress.Load())
	return dir, plan
}

// TestWriteOpen maps what was written and finds the bytes that Build makes.
func TestWriteOpen(t *testing.T) {
	m := layered(t)
	dir, plan := written(t, m)
	mapped, err := Open(dir, plan)
	require.NoError(t, err)
	resident := built(t, m, Synthetic{Seed: 3})
	for _, w := range m.Weights {
		got, err := mapped.Get(w)
		require.NoError(t, err)
		want, err := resident.Get(w)
		require.NoError(t, err)
		require.Equal(t, want, got, w.Name)
	}
	require.NoError(t, resident.Close())
	require.NoError(t, mapped.Close())

	index, err := ReadIndex(filepath.Join(dir, IndexFile))
	require.NoError(t, err)
	require.NoError(t, index.CheckHashes(filepath.Join(dir, WeightsFile)))
	require.Equal(t, IndexTensor{
		Name: "layers.1.proj", Part: "scale", Weight: "q4g32f16z[32,32]", Type: "f16", Shape: []int{1, 1, 64},
		Offset: plan.Weights[4].Offset[1], SHA256: index.Tensors[7].SHA256,
	}, index.Tensors[7])
	require.Equal(t, []string{WeightsFile, IndexFile}, names(t, dir))
	for _, name := range names(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.EqualValues(t, 0o444, info.Mode()&0o444, "%s is for all to read, as the module beside it is", name)
	}
}

func names(t testing.TB, dir string) []string {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestBytesDoNotDependOnProcessors(t *testing.T) {
	m := matrixModule(t, ir.Quantized(ir.Quant{Bits: 4, Group: 32, Scale: ir.F16}, 1000, 70))
	var files [][]byte
	for _, procs := range []int{1, 2} {
		old := runtime.GOMAXPROCS(procs)
		dir, _ := written(t, m)
		runtime.GOMAXPROCS(old)
		for _, name := range []string{WeightsFile, IndexFile} {
			data, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			files = append(files, data)
		}
	}
	require.Equal(t, files[:2], files[2:])
}

func TestFlippedByteIsNamed(t *testing.T) {
	dir, plan := written(t, layered(t))
	path := filepath.Join(dir, WeightsFile)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[plan.Weights[4].Offset[1]+5] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o600))
	index, err := ReadIndex(filepath.Join(dir, IndexFile))
	require.NoError(t, err)
	err = index.CheckHashes(path)
	require.ErrorContains(t, err, path+`: tensor "layers.1.proj" (scale) has sha256 `)
	require.ErrorContains(t, err, ", the index says "+index.Tensors[7].SHA256)
	var joined interface{ Unwrap() []error }
	require.ErrorAs(t, err, &joined)
	require.Len(t, joined.Unwrap(), 1)
}

// TestOpenErrors damages a folder in every way that is not a changed byte.
func TestOpenErrors(t *testing.T) {
	for _, c := range []struct {
		name, want string
		damage     func(index, weights string)
	}{
		{"no index", "pack: open INDEX: no such file or directory", func(index, _ string) { os.Remove(index) }},
		{"no weights", "pack: stat WEIGHTS: no such file or directory", func(_, weights string) { os.Remove(weights) }},
		{"short", "pack: WEIGHTS has 10 bytes, the index says 6912", func(_, weights string) { os.Truncate(weights, 10) }},
		{"empty", "pack: WEIGHTS has 0 bytes, the index says 6912", func(_, weights string) { os.Truncate(weights, 0) }},
		{"not JSON", "pack: INDEX: invalid character 'x' looking for beginning of value", func(index, _ string) {
			os.WriteFile(index, []byte("x"), 0o600)
		}},
		{"format", `pack: INDEX: format "v0", want "lpuctl-weights/1"`, func(index, _ string) {
			os.WriteFile(index, []byte(`{"format":"v0"}`), 0o600)
		}},
		{"folder", "pack: WEIGHTS is not a regular file", func(_, weights string) {
			os.Remove(weights)
			os.Mkdir(weights, 0o700)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if runtime.GOOS == "windows" && (c.name == "no index" || c.name == "no weights") {
				t.Skip("not checked: the system's words for a missing file differ")
			}
			dir, plan := written(t, layered(t))
			index, weights := filepath.Join(dir, IndexFile), filepath.Join(dir, WeightsFile)
			c.damage(index, weights)
			_, err := Open(dir, plan)
			require.EqualError(t, err, strings.NewReplacer("INDEX", index, "WEIGHTS", weights).Replace(c.want))
		})
	}
}

func TestOpenOfAnotherModel(t *testing.T) {
	dir, _ := written(t, layered(t))
	index := filepath.Join(dir, IndexFile)
	_, err := Open(dir, planOf(t, matrixModule(t, ir.Tensor(ir.F32, 1, 1))))
	require.EqualError(t, err, fmt.Sprintf("pack: %s: 10 arrays in 6912 bytes, the model has 1 in 256", index))

	dir, _ = written(t, matrixModule(t, ir.Tensor(ir.F32, 1, 2)))
	_, err = Open(dir, planOf(t, matrixModule(t, ir.Tensor(ir.F16, 1, 4))))
	require.EqualError(t, err, fmt.Sprintf(
		`pack: %s: array 0 is tensor "w" f32[1,2] at 0, the model has tensor "w" f16[1,4] at 0`, filepath.Join(dir, IndexFile)))
}

func TestCheckHashesOfAShortFile(t *testing.T) {
	dir, plan := written(t, layered(t))
	path := filepath.Join(dir, WeightsFile)
	require.NoError(t, os.Truncate(path, plan.Size-1))
	index, err := ReadIndex(filepath.Join(dir, IndexFile))
	require.NoError(t, err)
	require.EqualError(t, index.CheckHashes(path), fmt.Sprintf(`pack: %s: tensor "table": 127 of 128 bytes at offset 6784`, path))

	index.Tensors[0].Type = "f8"
	require.EqualError(t, index.CheckHashes(path), fmt.Sprintf(`pack: %s: tensor "embed": unknown type "f8"`, path))
	for _, shape := range [][]int{{-1}, {1 << 40, 1 << 40}, {1 << 62, 4}} {
		index.Tensors[0].Type, index.Tensors[0].Shape = "i8", shape
		require.Error(t, index.CheckHashes(path), "%v", shape)
	}
}

// brokenSource fails on one weight.
type brokenSource struct{ Synthetic }

func (s brokenSource) Fill(p *Placed, block int, parts [][]byte) error {
	if p.Weight.Name == "table" {
		return errors.New("no such tensor")
	}
	return s.Synthetic.Fill(p, block, parts)
}

func TestWriteLeavesNothingBehind(t *testing.T) {
	dir, plan := t.TempDir(), planOf(t, layered(t))
	_, err := Write(t.Context(), dir, plan, brokenSource{}, nil)
	require.EqualError(t, err, `pack: weight "table": no such tensor`)
	require.Empty(t, names(t, dir))

	ctx, cancel := context.WithCancel(t.Context())
	_, err = Write(ctx, dir, plan, Synthetic{}, func(int64) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, names(t, dir))

	_, err = Write(t.Context(), filepath.Join(dir, "missing"), plan, Synthetic{}, nil)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// TestFailedWriteKeepsTheOldFiles writes over a whole folder.
func TestFailedWriteKeepsTheOldFiles(t *testing.T) {
	dir, plan := written(t, layered(t))
	_, err := Write(t.Context(), dir, plan, brokenSource{}, nil)
	require.Error(t, err)
	index, err := ReadIndex(filepath.Join(dir, IndexFile))
	require.NoError(t, err)
	require.NoError(t, index.CheckHashes(filepath.Join(dir, WeightsFile)))
}
