package mlir

import (
	"fmt"
	"strings"
)

// sizes are offsets or dimensions: ints, or names of index values.
type sizes []any

func (s sizes) String() string {
	text := make([]string, len(s))
	for i, v := range s {
		text[i] = fmt.Sprint(v)
	}
	return "[" + strings.Join(text, ", ") + "]"
}

// shape is the static shape of s: names are dynamic dimensions.
func (s sizes) shape() []int {
	shape := make([]int, len(s))
	for i, v := range s {
		n, static := v.(int)
		if !static {
			n = dynamic
		}
		shape[i] = n
	}
	return shape
}

// window is a part of a tensor. The first drop dimensions have size 1 and do
// not appear in the part's type.
type window struct {
	offsets, sizes sizes
	drop           int
}

// text is the window in the syntax of extract_slice and insert_slice.
func (v window) text() string {
	ones := make(sizes, len(v.sizes))
	for i := range ones {
		ones[i] = 1
	}
	return v.offsets.String() + v.sizes.String() + ones.String()
}

// element is the window of t at the leading indices, whole in the others.
func element(t tensor, at ...any) window {
	v := window{make(sizes, len(t.shape)), make(sizes, len(t.shape)), len(at)}
	for i, d := range t.shape {
		v.offsets[i], v.sizes[i] = 0, d
		if i < len(at) {
			v.offsets[i], v.sizes[i] = at[i], 1
		}
	}
	return v
}

// slice takes a part of t.
func (w *writer) slice(t tensor, v window) tensor {
	part := tensor{elem: t.elem, shape: v.sizes.shape()[v.drop:]}
	part.name = w.assign("tensor.extract_slice %s%s : %s to %s", t.name, v.text(), t.text(), part.text())
	return part
}

// insert puts a part back: t with the window replaced.
func (w *writer) insert(part, t tensor, v window) tensor {
	name := w.assign("tensor.insert_slice %s into %s%s : %s into %s", part.name, t.name, v.text(), part.text(), t.text())
	return tensor{name, t.elem, t.shape}
}

// expand splits dimensions; groups is MLIR's reassociation, as in "[[0], [1, 2]]".
func (w *writer) expand(t tensor, groups string, to ...any) tensor {
	r := tensor{elem: t.elem, shape: sizes(to).shape()}
	r.name = w.assign("tensor.expand_shape %s %s output_shape %s : %s into %s", t.name, groups, sizes(to), t.text(), r.text())
	return r
}

// collapse joins dimensions.
func (w *writer) collapse(t tensor, groups string, shape ...int) tensor {
	r := tensor{elem: t.elem, shape: shape}
	r.name = w.assign("tensor.collapse_shape %s %s : %s into %s", t.name, groups, t.text(), r.text())
	return r
}

// empty is a tensor of unspecified content: a destination.
func (w *writer) empty(elem string, shape ...int) tensor {
	t := tensor{elem: elem, shape: shape}
	t.name = w.assign("tensor.empty() : %s", t.text())
	return t
}

// fill sets every element of t to a scalar of its element type.
func (w *writer) fill(t tensor, scalar string) tensor {
	name := w.assign("linalg.fill ins(%s : %s) outs(%s : %s) -> %s", scalar, t.elem, t.name, t.text(), t.text())
	return tensor{name, t.elem, t.shape}
}

// extract reads one element of t.
func (w *writer) extract(t tensor, at ...string) string {
	return w.assign("tensor.extract %s[%s] : %s", t.name, strings.Join(at, ", "), t.text())
}

// copyTo copies src over dst of the same shape.
func (w *writer) copyTo(src, dst tensor) tensor {
	dims := dimNames(len(dst.shape))
	return w.generic(dims, []operand{{src, dims}}, operand{dst, dims}, func(x []string) string { return x[0] })
}
