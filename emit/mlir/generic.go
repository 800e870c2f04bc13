package mlir

import (
	"fmt"
	"strings"
)

// operand is a tensor of a linalg.generic with the expressions that index it,
// as in "t, 2 * j".
type operand struct {
	tensor
	dims string
}

// generic is linalg.generic. Loops name its dimensions, outermost first, with
// a plus before each reduction: "t, +k, n". The body gets the names of the
// scalars of ins and of out, and returns the new element of out.
func (w *writer) generic(loops string, ins []operand, out operand, body func(x []string) string) tensor {
	dims := strings.ReplaceAll(loops, "+", "")
	var maps, iterators, names, types, params, args []string
	for _, o := range append(ins[:len(ins):len(ins)], out) {
		arg := w.name()
		maps = append(maps, fmt.Sprintf("affine_map<(%s) -> (%s)>", dims, o.dims))
		names, types = append(names, o.name), append(types, o.text())
		args, params = append(args, arg), append(params, arg+": "+o.elem)
	}
	for _, l := range strings.Split(loops, ", ") {
		kind := `"parallel"`
		if l[0] == '+' {
			kind = `"reduction"`
		}
		iterators = append(iterators, kind)
	}
	inputs := ""
	if n := len(ins); n > 0 {
		inputs = fmt.Sprintf(" ins(%s : %s)", strings.Join(names[:n], ", "), strings.Join(types[:n], ", "))
	}
	result := w.name()
	w.open("%s = linalg.generic {indexing_maps = [%s], iterator_types = [%s]}%s outs(%s : %s)",
		result, strings.Join(maps, ", "), strings.Join(iterators, ", "), inputs, out.name, out.text())
	fmt.Fprintf(&w.out, "%s^bb0(%s):\n", strings.Repeat("  ", w.depth-1), strings.Join(params, ", "))
	w.line("linalg.yield %s : %s", body(args), out.elem)
	w.close(" -> %s", out.text())
	return tensor{result, out.elem, out.shape}
}

// dimNames are n dimensions for operands that all loops index in order.
func dimNames(n int) string {
	return strings.Join([]string{"a", "b", "c", "d"}[:n], ", ")
}
