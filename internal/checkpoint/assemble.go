package checkpoint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lpuctl/lpuctl/internal/checkpoint/packed"
)

// assemble replaces the tensors of found that stand for packed weights by the
// weights. A module that the configuration lists as not packed must not be.
// Which of the others are packed, the files say.
func (q *quantization) assemble(found map[string]*Tensor) error {
	n := 0
	for _, name := range sortedKeys(found) {
		module, ok := strings.CutSuffix(name, q.scheme.Marker())
		if !ok {
			continue
		}
		n++
		if i := slices.IndexFunc(q.ignored, func(p string) bool { return q.matches(p, module) }); i >= 0 {
			return fmt.Errorf("tensor %q is packed, but quantization_config.%s lists %q", name, q.key, q.ignored[i])
		}
		if err := q.weight(found, module); err != nil {
			return err
		}
	}
	if n == 0 {
		return fmt.Errorf("quantization_config is set, but the name of no tensor ends in %s", q.scheme.Marker())
	}
	return nil
}

// weight makes the weight of a module.
func (q *quantization) weight(found map[string]*Tensor, module string) error {
	path := found[module+q.scheme.Marker()].path
	w, err := q.scheme.Weight(module, fileParts{found, module})
	if err != nil {
		return fmt.Errorf("%s: module %s: %w", path, module, err)
	}
	name := module + q.scheme.Suffix()
	if found[name] != nil {
		return fmt.Errorf("%s: module %s has a packed weight and a plain one", path, module)
	}
	found[name] = &Tensor{Name: name, Shape: w.Shape(), Type: w.Type(), path: path, packed: w}
	return nil
}

// fileParts gives out tensors of found.
type fileParts struct {
	found  map[string]*Tensor
	module string
}

// Take implements packed.Parts.
func (p fileParts) Take(suffix string) (packed.Tensor, bool) {
	t := p.found[p.module+suffix]
	if t == nil {
		return packed.Tensor{}, false
	}
	delete(p.found, p.module+suffix)
	return packed.Tensor{Shape: t.Shape, Type: t.Type, Data: t.data}, true
}
