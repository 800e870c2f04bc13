package mlir

// negativeInfinity is -Inf as bits of float32.
const negativeInfinity = 0xFF800000

// softmax subtracts the maximum of each row, in which NaN wins, and divides by
// the sum over 16 lanes. A sink of a row, f32[rows] unless nil, counts in both.
// It works in place; the width of the rows is an int or the name of an index
// value.
func (w *writer) softmax(s tensor, rows int, width any, sinks *tensor) tensor {
	start := w.empty("f32", rows)
	if sinks != nil {
		start = w.copyTo(*sinks, start)
	} else {
		start = w.fill(start, w.bits(negativeInfinity))
	}
	m := w.generic("h, +s", []operand{{s, "h, s"}}, operand{start, "h"}, func(x []string) string {
		return w.arith("maximumf", "f32", x[1], x[0])
	})
	e := w.generic("h, s", []operand{{m, "h"}}, operand{s, "h, s"}, func(x []string) string {
		return w.exp(w.subf(x[1], x[0]))
	})
	acc := w.laneSums(e, rows, width, func(x string) string { return x })
	var ins []operand
	if sinks != nil {
		ins = []operand{{m, "h"}, {*sinks, "h"}}
	}
	sum := w.generic("h", ins, operand{w.empty("f32", rows), "h"}, func(x []string) string {
		sum := w.treeSum(acc, w.assign("linalg.index 0 : index"))
		if sinks != nil {
			sum = w.addf(sum, w.exp(w.subf(x[1], x[0])))
		}
		return sum
	})
	return w.generic("h, s", []operand{{sum, "h"}}, operand{e, "h, s"}, func(x []string) string {
		return w.divf(x[1], x[0])
	})
}
