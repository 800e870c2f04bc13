package mlir

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// tensor is an SSA value of ranked tensor type. A negative dimension is
// dynamic.
type tensor struct {
	name  string
	elem  string // MLIR element type, as in "f32"
	shape []int
}

// dynamic is a dimension known only at run time.
const dynamic = -1

// typeText is the MLIR type of an array: kind is "tensor" or "memref".
func typeText(kind, elem string, shape []int) string {
	var b strings.Builder
	b.WriteString(kind + "<")
	for _, d := range shape {
		if d < 0 {
			b.WriteString("?x")
		} else {
			b.WriteString(strconv.Itoa(d) + "x")
		}
	}
	b.WriteString(elem + ">")
	return b.String()
}

func (t tensor) text() string { return typeText("tensor", t.elem, t.shape) }

// writer writes operations as text. Names are numbers, unique in a function.
type writer struct {
	out   strings.Builder
	last  int    // number of the last name
	loc   string // location of the operations, "" for none
	depth int    // of nested regions
}

func (w *writer) name() string {
	w.last++
	return "%" + strconv.Itoa(w.last)
}

// line writes one whole operation, with the current location.
func (w *writer) line(format string, args ...any) {
	w.indent()
	fmt.Fprintf(&w.out, format, args...)
	if w.loc != "" {
		fmt.Fprintf(&w.out, " loc(%q)", w.loc)
	}
	w.out.WriteByte('\n')
}

func (w *writer) indent() {
	for range w.depth {
		w.out.WriteString("  ")
	}
}

// open starts an operation with a region, which close ends.
func (w *writer) open(format string, args ...any) {
	w.indent()
	fmt.Fprintf(&w.out, format+" {\n", args...)
	w.depth++
}

func (w *writer) close(format string, args ...any) {
	w.depth--
	w.line("}"+format, args...)
}

// assign writes an operation with one result and returns the result's name.
func (w *writer) assign(format string, args ...any) string {
	name := w.name()
	w.line("%s = "+format, append([]any{name}, args...)...)
	return name
}

// constant is a scalar constant.
func (w *writer) constant(literal, typ string) string {
	return w.assign("arith.constant %s : %s", literal, typ)
}

func (w *writer) index(v int) string { return w.constant(strconv.Itoa(v), "index") }

func (w *writer) i32(v int32) string { return w.constant(strconv.Itoa(int(v)), "i32") }

// f32 is a float32 constant, written as its bits.
func (w *writer) f32(v float32) string {
	return w.constant(fmt.Sprintf("0x%08X", math.Float32bits(v)), "f32")
}

// arith is an operation of the arith dialect whose operands and result are of
// one type.
func (w *writer) arith(op, typ string, args ...string) string {
	return w.assign("arith.%s %s : %s", op, strings.Join(args, ", "), typ)
}

// The float32 operations carry no fastmath flag: each is rounded.

func (w *writer) addf(a, b string) string { return w.arith("addf", "f32", a, b) }
func (w *writer) subf(a, b string) string { return w.arith("subf", "f32", a, b) }
func (w *writer) mulf(a, b string) string { return w.arith("mulf", "f32", a, b) }
func (w *writer) divf(a, b string) string { return w.arith("divf", "f32", a, b) }

// cast converts a scalar.
func (w *writer) cast(op, v, from, to string) string {
	return w.assign("arith.%s %s : %s to %s", op, v, from, to)
}

// choose is cond ? a : b, where cond compares x and y of type typ by
// "cmpf ogt" and the like; a and b are float32.
func (w *writer) choose(compare, typ, x, y, a, b string) string {
	cond := w.compare(compare, typ, x, y)
	return w.assign("arith.select %s, %s, %s : f32", cond, a, b)
}

// compare takes the operation with its predicate, as in "cmpf ogt".
func (w *writer) compare(compare, typ, x, y string) string {
	return w.assign("arith.%s, %s, %s : %s", compare, x, y, typ)
}

// loop is scf.for over 0..n-1 with carried tensors.
func (w *writer) loop(n string, carried []tensor, body func(i string, carried []tensor) []tensor) []tensor {
	zero, one := w.index(0), w.index(1)
	iv, result := w.name(), w.name()
	inner := make([]tensor, len(carried))
	inits, types := make([]string, len(carried)), make([]string, len(carried))
	for i, t := range carried {
		inner[i] = tensor{w.name(), t.elem, t.shape}
		inits[i], types[i] = inner[i].name+" = "+t.name, t.text()
	}
	w.open("%s:%d = scf.for %s = %s to %s step %s iter_args(%s) -> (%s)", result, len(carried),
		iv, zero, n, one, strings.Join(inits, ", "), strings.Join(types, ", "))
	yields := make([]string, len(carried))
	results := make([]tensor, len(carried))
	for i, t := range body(iv, inner) {
		yields[i] = t.name
		results[i] = tensor{fmt.Sprintf("%s#%d", result, i), t.elem, t.shape}
	}
	w.line("scf.yield %s : %s", strings.Join(yields, ", "), strings.Join(types, ", "))
	w.close("")
	return results
}
