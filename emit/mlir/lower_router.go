package mlir

import "github.com/lpuctl/lpuctl/ir"

// lowerRouterTopK ranks the experts of each token: the one of rank j is its
// selection j, and the softmax of the logits gives the weights.
func lowerRouterTopK(f *function, n *ir.Node) {
	logits, weights, ids := f.arg(n, 0), f.dest(n.Results[0]), f.dest(n.Results[1])
	rows, experts, k := logits.shape[0], logits.shape[1], weights.shape[1]
	ids = f.selectRanks(f.ranks(f.orderKeys(logits)), ids)
	if n.Attrs.Str("softmax") == ir.RouteAll {
		all := f.copyTo(logits, f.empty("f32", rows, experts))
		weights = f.gather(f.softmax(all, rows, experts, nil), ids, weights)
	} else {
		weights = f.softmax(f.gather(logits, ids, weights), rows, k, nil)
	}
	f.tensors[n.Results[0]], f.tensors[n.Results[1]] = weights, ids
}

// orderKeys are integers in the order of the floats x: -0 below +0, NaN the
// largest.
func (f *function) orderKeys(x tensor) tensor {
	return f.generic("t, e", []operand{{x, "t, e"}}, operand{f.empty("i32", x.shape...), "t, e"}, func(x []string) string {
		largest := f.i32(magnitude)
		bits := f.cast("bitcast", x[0], "f32", "i32")
		negative := f.compare("cmpi slt", "i32", bits, f.i32(0))
		key := f.arith("select", "i32", negative, f.arith("xori", "i32", bits, largest), bits)
		nan := f.compare("cmpf uno", "f32", x[0], x[0])
		return f.arith("select", "i32", nan, largest, key)
	})
}

// ranks counts for each key of a row those that come before it: larger ones,
// and equal ones at lower indices. So every rank occurs once.
func (f *function) ranks(keys tensor) tensor {
	start := f.fill(f.empty("i32", keys.shape...), f.i32(0))
	return f.generic("t, e, +i", []operand{{keys, "t, e"}, {keys, "t, i"}}, operand{start, "t, e"}, func(x []string) string {
		e, i := f.assign("linalg.index 1 : index"), f.assign("linalg.index 2 : index")
		lower := f.arith("andi", "i1", f.compare("cmpi eq", "i32", x[1], x[0]), f.compare("cmpi ult", "index", i, e))
		before := f.arith("ori", "i1", f.compare("cmpi sgt", "i32", x[1], x[0]), lower)
		return f.arith("addi", "i32", x[2], f.cast("extui", before, "i1", "i32"))
	})
}

// selectRanks writes to ids[t,j] the index of rank j in row t.
func (f *function) selectRanks(ranks, ids tensor) tensor {
	ids = f.fill(ids, f.i32(0))
	return f.generic("t, j, +e", []operand{{ranks, "t, e"}}, operand{ids, "t, j"}, func(x []string) string {
		j := f.cast("index_cast", f.assign("linalg.index 1 : index"), "index", "i32")
		e := f.cast("index_cast", f.assign("linalg.index 2 : index"), "index", "i32")
		return f.arith("select", "i32", f.compare("cmpi eq", "i32", x[0], j), e, x[1])
	})
}

// gather writes x[t,ids[t,j]] to y[t,j].
func (f *function) gather(x, ids, y tensor) tensor {
	return f.generic("t, j", []operand{{ids, "t, j"}}, operand{y, "t, j"}, func(in []string) string {
		return f.extract(x, f.assign("linalg.index 0 : index"), f.cast("index_cast", in[0], "i32", "index"))
	})
}
