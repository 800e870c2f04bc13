package gguf

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The keys of a file that is one part of several (llama.cpp, tools/gguf-split).
// Only the first part has the metadata of the model.
const (
	keyNo      = "split.no"            // from 0
	keyCount   = "split.count"         // parts
	keyTensors = "split.tensors.count" // tensors of all parts
)

var partName = regexp.MustCompile(`^(.*)-(\d{5})-of-(\d{5})\.gguf$`)

// Parts returns the number of parts that the model has, 1 if it is not split.
// It fails if the metadata of the split is not sound.
func (f *File) Parts() (int, error) { return f.number(keyCount, 1, 1) }

// PartPaths returns the paths of all parts when path, named
// PREFIX-00001-of-00003.gguf, is the first of count.
func PartPaths(path string, count int) ([]string, error) {
	m := partName.FindStringSubmatch(path)
	if m == nil {
		return nil, fmt.Errorf("gguf: %s: the first of %d parts must be named PREFIX-00001-of-%05d.gguf", path, count, count)
	}
	part := func(i int) string { return fmt.Sprintf("%s-%05d-of-%05d.gguf", m[1], i, count) }
	if n, _ := strconv.Atoi(m[3]); n != count {
		return nil, fmt.Errorf("gguf: %s: the name says %d parts, %s says %d", path, n, keyCount, count)
	}
	if m[2] != "00001" {
		return nil, fmt.Errorf("gguf: %s: this is not the first part: open %s", path, part(1))
	}
	var paths []string
	for i := range count {
		paths = append(paths, part(i+1))
	}
	return paths, nil
}

// Join returns the file that was split into parts, which are in order: the
// first part's metadata and the tensors of all. paths are for errors.
func Join(paths []string, parts []*File) (*File, error) {
	joined := &File{version: parts[0].version, values: maps.Clone(parts[0].values), keys: slices.Clone(parts[0].keys)}
	isSplit := func(key string) bool { return strings.HasPrefix(key, "split.") }
	joined.keys = slices.DeleteFunc(joined.keys, isSplit)
	maps.DeleteFunc(joined.values, func(key string, _ any) bool { return isSplit(key) })
	owner := map[string]string{}
	for i, part := range parts {
		if err := part.checkPart(i, len(parts)); err != nil {
			return nil, fmt.Errorf("gguf: %s: %w", paths[i], err)
		}
		for _, t := range part.tensors {
			if other := owner[t.Name]; other != "" {
				return nil, fmt.Errorf("gguf: tensor %q is both in %s and in %s", t.Name, other, paths[i])
			}
			owner[t.Name] = paths[i]
		}
		joined.tensors = append(joined.tensors, part.tensors...)
	}
	n := len(joined.tensors)
	if want, err := parts[0].number(keyTensors, n, 0); err != nil || want != n {
		return nil, fmt.Errorf("gguf: %s: the parts have %d tensors, %s says %v", paths[0], n, keyTensors, parts[0].values[keyTensors])
	}
	return joined, nil
}

// checkPart checks that the file is part i, from 0, of count.
func (f *File) checkPart(i, count int) error {
	if no, err := f.number(keyNo, -1, 0); err != nil || no != i {
		return fmt.Errorf("%s is %v, want %d", keyNo, f.values[keyNo], i)
	}
	if n, err := f.number(keyCount, -1, 1); err != nil || n != count {
		return fmt.Errorf("%s is %v, want %d", keyCount, f.values[keyCount], count)
	}
	return nil
}

// number returns an integer of the metadata, at least least, or def if there
// is none.
func (f *File) number(key string, def, least int) (int, error) {
	v, ok := f.values[key]
	if !ok {
		return def, nil
	}
	n, err := strconv.ParseInt(fmt.Sprint(v), 10, 32)
	if err != nil || int(n) < least {
		return 0, fmt.Errorf("%s is %v, not an integer from %d on", key, v, least)
	}
	return int(n), nil
}
