package checkpoint_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/checkpoint/checkpointtest"
	"github.com/lpuctl/lpuctl/internal/checkpoint/safetensors"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// folder writes the tiny model as a Hugging Face folder.
func folder(t *testing.T, shards int) string {
	t.Helper()
	c, err := checkpoint.FromGGUF("tiny", checkpointtest.TinyGGUF().Bytes())
	require.NoError(t, err)
	dir := t.TempDir()
	checkpointtest.WriteHF(t, dir, c, shards)
	return dir
}

// edit replaces text in a file of a folder.
func edit(t *testing.T, dir, name, from, to string) {
	t.Helper()
	path := filepath.Join(dir, name)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(text), from)
	require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(string(text), from, to)), 0o644))
}

func TestIndexRefuses(t *testing.T) {
	const index, shard1, shard2 = "model.safetensors.index.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
	extra := []safetensors.Tensor{{Name: "model.norm.weight", Shape: []int{0}, Type: quant.F32}}
	for _, c := range []struct {
		name   string
		damage func(dir string)
		want   string
	}{
		{"path", func(dir string) { edit(t, dir, index, shard1, "../"+shard1) }, `which is not a file name of this folder`},
		{"backslash", func(dir string) { edit(t, dir, index, shard1, `a\\b`) }, `to "a\\b", which is not a file name`},
		{"parent", func(dir string) { edit(t, dir, index, shard1, "..") }, `to "..", which is not a file name`},
		{"missing shard", func(dir string) { require.NoError(t, os.Remove(filepath.Join(dir, shard2))) }, shard2},
		{"wrong shard", func(dir string) {
			edit(t, dir, index, `"model.norm.weight":"`+shard2, `"model.norm.weight":"`+shard1)
		}, `weight_map: tensor "model.norm.weight" is not in ` + shard1},
		{"no such tensor", func(dir string) { edit(t, dir, index, `"weight_map":{`, `"weight_map":{"ghost":"`+shard1+`",`) },
			`weight_map: tensor "ghost" is not in ` + shard1},
		{"not mapped", func(dir string) {
			edit(t, dir, index, `"model.norm.weight":"`+shard2+`"`, `"model.embed_tokens.weight":"`+shard1+`"`)
		},
			`duplicate object member name "model.embed_tokens.weight"`},
		{"in two shards", func(dir string) {
			require.NoError(t, safetensors.Write(filepath.Join(dir, "extra"), extra, nil))
			edit(t, dir, index, `"weight_map":{`, `"weight_map":{"ghost":"extra",`)
		}, `tensor "model.norm.weight" is both in `},
		{"empty", func(dir string) { require.NoError(t, os.WriteFile(filepath.Join(dir, index), []byte("{}"), 0o644)) },
			"weight_map is missing or empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := folder(t, 2)
			c.damage(dir)
			_, err := checkpoint.Open(dir)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, dir)
		})
	}
}

func TestIndexUnmapped(t *testing.T) {
	dir := folder(t, 2)
	edit(t, dir, "model.safetensors.index.json", `,"model.norm.weight":"model-00002-of-00002.safetensors"`, "")
	_, err := checkpoint.Open(dir)
	require.ErrorContains(t, err, `weight_map: tensor "model.norm.weight" of model-00002-of-00002.safetensors is not mapped`)
}

func TestFolderRefuses(t *testing.T) {
	dir := folder(t, 1)
	require.NoError(t, os.Remove(filepath.Join(dir, "model.safetensors")))
	_, err := checkpoint.Open(dir)
	require.EqualError(t, err, "checkpoint: "+dir+": neither model.safetensors nor model.safetensors.index.json")

	require.NoError(t, safetensors.Write(filepath.Join(dir, "model.safetensors"), nil, nil))
	_, err = checkpoint.Open(dir)
	require.EqualError(t, err, "checkpoint: "+dir+`: tensor "model.embed_tokens.weight" is missing`)

	config := filepath.Join(dir, "config.json")
	require.NoError(t, os.WriteFile(config, make([]byte, 1<<20+1), 0o644))
	_, err = checkpoint.Open(dir)
	require.EqualError(t, err, "checkpoint: "+config+": 1048577 bytes, more than 1048576")
	require.NoError(t, os.Remove(config))
	require.NoError(t, os.Mkdir(config, 0o755))
	_, err = checkpoint.Open(dir)
	require.EqualError(t, err, "checkpoint: "+config+": not a regular file")

	_, err = checkpoint.Open(t.TempDir())
	require.ErrorIs(t, err, os.ErrNotExist)
}

// TestGenerationEOS: generation_config.json decides where generation ends.
func TestGenerationEOS(t *testing.T) {
	dir := folder(t, 1)
	path := filepath.Join(dir, "generation_config.json")
	for _, c := range []struct {
		text string
		want []int
	}{
		{`{"eos_token_id":[3,4]}`, []int{3, 4}}, {`{"eos_token_id":5}`, []int{5}}, {`{}`, nil},
	} {
		require.NoError(t, os.WriteFile(path, []byte(c.text), 0o644))
		got, err := checkpoint.Open(dir)
		require.NoError(t, err)
		require.Equal(t, c.want, got.Config().EOS)
		require.NoError(t, got.Close())
	}
	require.NoError(t, os.WriteFile(path, []byte(`{"eos_token_id":"</s>"}`), 0o644))
	_, err := checkpoint.Open(dir)
	require.EqualError(t, err, "checkpoint: "+path+`: eos_token_id has "</s>", not a token id`)
}

// TestHarmlessTensors: rope frequencies and the unused head of a tied model are
// left out; any other tensor that the architecture lacks is refused.
func TestHarmlessTensors(t *testing.T) {
	dir := folder(t, 1)
	c, err := checkpoint.Open(dir)
	require.NoError(t, err)
	defer c.Close()
	var list []safetensors.Tensor
	for _, name := range c.Names() {
		tensor, err := c.Tensor(name)
		require.NoError(t, err)
		data := []byte{}
		for i := range tensor.Rows() {
			row, err := tensor.Row(i)
			require.NoError(t, err)
			data = append(data, row...)
		}
		list = append(list, safetensors.Tensor{Name: name, Shape: tensor.Shape, Type: tensor.Type, Data: data})
	}
	for _, test := range []struct{ name, want string }{
		{"model.layers.0.self_attn.rotary_emb.inv_freq", ""},
		{"lm_head.weight", ""},
		{"model.layers.0.self_attn.q_proj.bias", `tensor "model.layers.0.self_attn.q_proj.bias" has no place in this architecture`},
	} {
		other := t.TempDir()
		config, err := os.ReadFile(filepath.Join(dir, "config.json"))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(other, "config.json"), config, 0o644))
		with := append(list[:len(list):len(list)], safetensors.Tensor{Name: test.name, Shape: []int{1}, Type: quant.F32, Data: make([]byte, 4)})
		require.NoError(t, safetensors.Write(filepath.Join(other, "model.safetensors"), with, nil))
		got, err := checkpoint.Open(other)
		if test.want != "" {
			require.EqualError(t, err, "checkpoint: "+other+": "+test.want)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, c.Names(), got.Names())
		require.NoError(t, got.Close())
	}
}
