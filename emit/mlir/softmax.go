package mlir

// negativeInfinity is -Inf as bits of float32.
const negativeInfinity = 0xFF800000

// softmax subtracts the maximum of each row, in which NaN wins, and divides by
// the sum over 16 lanes. It works in place; the width of the rows is an int or
// the name of an index value.
func (w *writer) softmax(s tensor, rows int, width any) tensor {
	start := w.fill(w.empty("f32", rows), w.bits(negativeInfinity))
	m := w.generic("h, +s", []operand{{s, "h, s"}}, operand{start, "h"}, func(x []string) string {
		return w.arith("maximumf", "f32", x[1], x[0])
	})
	e := w.generic("h, s", []operand{{m, "h"}}, operand{s, "h, s"}, func(x []string) string {
		return w.exp(w.subf(x[1], x[0]))
	})
	acc := w.laneSums(e, rows, width, func(x string) string { return x })
	sum := w.generic("h", nil, operand{w.empty("f32", rows), "h"}, func([]string) string {
		return w.treeSum(acc, w.assign("linalg.index 0 : index"))
	})
	return w.generic("h, s", []operand{{sum, "h"}}, operand{e, "h, s"}, func(x []string) string {
		return w.divf(x[1], x[0])
	})
}
