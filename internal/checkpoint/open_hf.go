package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/lpuctl/lpuctl/internal/checkpoint/safetensors"
	"github.com/lpuctl/lpuctl/internal/mmap"
)

// Limits on the bytes of the JSON files of a folder.
const (
	maxConfig = 1 << 20
	maxIndex  = 32 << 20
)

// openHF opens a Hugging Face folder.
func openHF(dir string) (*Checkpoint, error) {
	config, quantization, err := readConfig(dir)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	c := &Checkpoint{
		format: "safetensors", dir: dir, config: config, tensors: map[string]*Tensor{},
		value: func(string) (any, bool) { return nil, false },
	}
	if err := c.loadHF(quantization); err != nil {
		c.Close()
		return nil, err
	}
	if c.config.DType == "" {
		c.config.DType = c.commonType()
	}
	return c, nil
}

// readConfig reads config.json and, if there is one, generation_config.json,
// whose eos_token_id counts for generation.
func readConfig(dir string) (Config, *quantization, error) {
	path := filepath.Join(dir, "config.json")
	text, err := readJSON(path, maxConfig)
	if err != nil {
		return Config{}, nil, err
	}
	config, err := ParseConfig(text)
	if err != nil {
		return Config{}, nil, fmt.Errorf("%s: %w", path, err)
	}
	quantization, err := parseQuantization(text)
	if err != nil {
		return Config{}, nil, fmt.Errorf("%s: %w", path, err)
	}
	config.EOS, err = readGenerationEOS(filepath.Join(dir, "generation_config.json"), config.EOS)
	return config, quantization, err
}

// readGenerationEOS reads eos_token_id of generation_config.json, def if there
// is no such file or key.
func readGenerationEOS(path string, def []int) ([]int, error) {
	text, err := readJSON(path, maxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return def, nil
	}
	if err != nil {
		return nil, err
	}
	ids, err := generationEOS(text, def)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return ids, nil
}

// readJSON reads a regular file of at most limit bytes.
func readJSON(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s: %d bytes, more than %d", path, info.Size(), limit)
	}
	return os.ReadFile(path)
}

// loadHF maps the safetensors files, puts packed weights together and adopts the
// tensors.
func (c *Checkpoint) loadHF(q *quantization) error {
	found := map[string]*Tensor{}
	err := c.loadShard("model.safetensors", found)
	if errors.Is(err, fs.ErrNotExist) {
		err = c.loadIndex(found)
	}
	if err != nil {
		return err
	}
	if q != nil {
		err = q.assemble(found)
	}
	if err == nil {
		err = c.adopt(found)
	}
	if err != nil {
		return fmt.Errorf("checkpoint: %s: %w", c.dir, err)
	}
	return nil
}

// loadShard maps one file of the folder and adds its tensors to found.
func (c *Checkpoint) loadShard(name string, found map[string]*Tensor) error {
	path := filepath.Join(c.dir, name)
	file, err := mmap.Open(path)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	c.files = append(c.files, file)
	parsed, err := safetensors.Parse(path, file.Data)
	if err != nil {
		return err
	}
	for _, t := range parsed.Tensors() {
		if other := found[t.Name]; other != nil {
			return fmt.Errorf("checkpoint: tensor %q is both in %s and in %s", t.Name, other.path, path)
		}
		found[t.Name] = &Tensor{Name: t.Name, Shape: t.Shape, Type: t.Type, path: path, data: t.Data}
	}
	return nil
}

// loadIndex maps the shards that model.safetensors.index.json lists and checks
// that it maps every tensor of theirs, and no other, to its shard.
func (c *Checkpoint) loadIndex(found map[string]*Tensor) error {
	path := filepath.Join(c.dir, "model.safetensors.index.json")
	shardOf, err := readIndex(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("checkpoint: %s: neither model.safetensors nor model.safetensors.index.json", c.dir)
	}
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	shards := map[string]bool{}
	for _, shard := range shardOf {
		shards[shard] = true
	}
	for _, shard := range sortedKeys(shards) {
		if err := c.loadShard(shard, found); err != nil {
			return err
		}
	}
	if err := checkIndex(shardOf, found); err != nil {
		return fmt.Errorf("checkpoint: %s: %w", path, err)
	}
	return nil
}

// readIndex returns the shard of each tensor.
func readIndex(path string) (map[string]string, error) {
	text, err := readJSON(path, maxIndex)
	if err != nil {
		return nil, err
	}
	var index struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(index.WeightMap) == 0 {
		return nil, fmt.Errorf("%s: weight_map is missing or empty", path)
	}
	for _, name := range sortedKeys(index.WeightMap) {
		if shard := index.WeightMap[name]; !filepath.IsLocal(shard) || strings.ContainsAny(shard, `/\`) || shard == "." {
			return nil, fmt.Errorf("%s: weight_map sends %q to %q, which is not a file name of this folder", path, name, shard)
		}
	}
	return index.WeightMap, nil
}

func checkIndex(shardOf map[string]string, found map[string]*Tensor) error {
	for _, name := range sortedKeys(shardOf) {
		if t := found[name]; t == nil || filepath.Base(t.path) != shardOf[name] {
			return fmt.Errorf("weight_map: tensor %q is not in %s", name, shardOf[name])
		}
	}
	for _, name := range sortedKeys(found) {
		if shardOf[name] == "" {
			return fmt.Errorf("weight_map: tensor %q of %s is not mapped", name, filepath.Base(found[name].path))
		}
	}
	return nil
}
