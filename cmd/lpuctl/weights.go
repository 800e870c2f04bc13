package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// weightClass counts the tensors of a class that have the same type.
type weightClass struct {
	Class    string `json:"class"` // embedding, attention, router, experts, mlp, norms, head or other
	Type     string `json:"type"`
	Tensors  int    `json:"tensors"`
	Weights  int64  `json:"weights"`
	Integers string `json:"integers,omitempty"` // the form that a8 and a15 multiply, if the type has one
}

func (c weightClass) String() string {
	text := fmt.Sprintf("%s: %d of %s, %d weights", c.Class, c.Tensors, c.Type, c.Weights)
	if c.Integers != "" {
		text += " (" + c.Integers + ")"
	}
	return text
}

// weightClasses sorts the tensors of a checkpoint, in the order of a model.
func weightClasses(c *checkpoint.Checkpoint) ([]weightClass, error) {
	found := map[[2]string]*weightClass{}
	list := []weightClass{}
	for _, name := range c.Names() {
		t, err := c.Tensor(name)
		if err != nil {
			return nil, err
		}
		key := [2]string{classOf(name), t.Type.Name}
		w := found[key]
		if w == nil {
			w = &weightClass{Class: key[0], Type: key[1]}
			if form, ok := t.Ints(); ok {
				w.Integers = formText(form)
			}
			found[key] = w
		}
		w.Tensors++
		w.Weights += int64(t.Rows()) * int64(t.Cols())
	}
	for _, w := range found {
		list = append(list, *w)
	}
	slices.SortFunc(list, func(a, b weightClass) int {
		return cmp.Or(cmp.Compare(classOrder(a.Class), classOrder(b.Class)), cmp.Compare(a.Type, b.Type))
	})
	return list, nil
}

// classOf is the class of a tensor by what its Hugging Face name contains; the
// first that fits counts.
func classOf(name string) string {
	for _, c := range []struct{ part, class string }{
		{"embed_tokens", "embedding"}, {"norm", "norms"}, {"lm_head", "head"}, {"self_attn", "attention"},
		{".experts.", "experts"}, {".gate.weight", "router"}, {".router.", "router"}, {".mlp.", "mlp"},
	} {
		if strings.Contains(name, c.part) {
			return c.class
		}
	}
	return "other"
}

// classOrder is the order of the classes in a model.
func classOrder(class string) int {
	return slices.Index([]string{"embedding", "attention", "router", "experts", "mlp", "other", "norms", "head"}, class)
}

func formText(form quant.Ints) string {
	text := fmt.Sprintf("%d-bit integers, groups of %d", form.Bits, form.Group)
	switch {
	case form.Zeros:
		text += ", zero points"
	case form.Min:
		text += ", minimums"
	}
	return text
}

// chatTemplate says where the chat template of a model is.
func chatTemplate(m *model.Model) string {
	t, err := modelTemplates(m)
	if err != nil {
		return "none"
	}
	return t.Where()
}
