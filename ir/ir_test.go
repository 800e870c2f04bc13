package ir_test

import (
	"flag"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/ir"
)

var update = flag.Bool("update", false, "rewrite testdata")

// toy builds a module that uses every operation: 2 layers, hidden 8, 2 query
// heads over 1 KV head of dimension 4, context 16, vocabulary 11.
func toy(t testing.TB) *ir.Module {
	t.Helper()
	const hidden, headDim, context, vocab, layers = 8, 4, 16, 11, 2
	b := ir.NewBuilder("toy")
	embed := b.Weight("embed", ir.Tensor(ir.F16, vocab, hidden))
	cos := b.Weight("rope.cos", ir.Tensor(ir.F32, context, 1))
	sin := b.Weight("rope.sin", ir.Tensor(ir.F32, context, 1))
	normType, headType, sinksType := ir.Tensor(ir.F32, hidden), ir.Tensor(ir.F32, headDim), ir.Tensor(ir.F32, 2)
	projType := ir.Quantized(ir.Quant{Bits: 4, Group: 32, Scale: ir.F16, Zero: true}, headDim, hidden)
	k := ir.Tensor(ir.F32, layers, 1, headDim, context)
	v := ir.Tensor(ir.F32, layers, context, 1, headDim)

	f := b.Func("layer_decode", true)
	x := f.Param("x", ir.Tensor(ir.F32, 1, hidden))
	kcache, vcache := f.Param("kcache", k), f.Param("vcache", v)
	layer, pos := f.Param("layer", ir.Tensor(ir.I32)), f.Param("pos", ir.Tensor(ir.I32))
	norm, proj := f.Param("norm.weight", normType), f.Param("proj.weight", projType)
	bias, headNorm, sinks := f.Param("proj.bias", headType), f.Param("k_norm.weight", headType), f.Param("sinks", sinksType)
	order := f.Param("order", ir.Tensor(ir.I32, hidden))
	fcos, fsin := f.Param("cos", cos.Type), f.Param("sin", sin.Type)
	h := f.RMSNorm("attn.norm", x, norm, 1e-5)
	kv := f.BiasedLinear("attn.v", h, proj, bias, ir.KindA15)
	key := f.RMSNorm("attn.k_norm", f.Linear("attn.k", h, proj, ir.KindA15), headNorm, 1e-6)
	rot := f.PartialRope("attn.k_rope", key, fcos, fsin, pos, headDim)
	k1 := f.KVAppend("attn.kcache", kcache, rot, layer, pos, ir.LayoutK)
	v1 := f.KVAppend("attn.vcache", vcache, kv, layer, pos, ir.LayoutV)
	mix := f.AttentionWith("attn.mix", f.PartialRope("attn.q_rope", h, fcos, fsin, pos, headDim), k1, v1, layer, pos,
		ir.AttentionOptions{Scale: 0.5, Softcap: 50, Window: 7, Sinks: sinks})
	out := f.Add("residual", f.GELU("gelu", f.Gather("sorted", x, order)), f.Mul("gated", f.SiLU("gate", mix), h))
	fn := f.Return(out, k1, v1)

	moe := toyExperts(b, hidden)

	d := b.Func("decode", false)
	tokens := d.Param("tokens", ir.Tensor(ir.I32, 1))
	dpos := d.Param("pos", ir.Tensor(ir.I32))
	kc, vc := d.Param("kcache", k), d.Param("vcache", v)
	y := d.ScaledEmbed("embedding", tokens, embed, 2.5)
	for i := range layers {
		path := "layers." + string(rune('0'+i))
		index := d.Const(path+".index", i)
		norm := b.Weight(path+".norm", normType)
		proj := b.Weight(path+".proj", projType)
		bias, headNorm, sinks := b.Weight(path+".bias", headType), b.Weight(path+".k_norm", headType), b.Weight(path+".sinks", sinksType)
		r := d.Call(fn, []string{path, path + ".kcache", path + ".vcache"},
			y, kc, vc, index, dpos, norm, proj, bias, headNorm, sinks, b.Weight(path+".order", order.Type), cos, sin)
		y, kc, vc = r[0], r[1], r[2]
	}
	experts := []*ir.Value{y}
	for _, p := range moe.Params[1:] {
		experts = append(experts, b.Weight("moe."+p.Name, p.Type))
	}
	y = d.Call(moe, []string{"moe"}, experts...)[0]
	d.Return(d.Softcap("capped", d.Linear("logits", y, embed, ir.KindF32), 30), kc, vc)
	m, err := b.Build()
	require.NoError(t, err)
	return m
}

// toyExperts is a mixture of 3 experts, of which 2 are selected.
func toyExperts(b *ir.Builder, hidden int) *ir.Func {
	f := b.Func("moe_decode", true)
	x, router := f.Param("x", ir.Tensor(ir.F32, 1, hidden)), f.Param("router.weight", ir.Tensor(ir.F32, 3, hidden))
	q4 := ir.Quant{Bits: 4, Group: 32, Scale: ir.F16, Zero: true}
	up, bias := f.Param("up.weight", ir.QuantizedExperts(q4, 3, hidden, hidden)), f.Param("up.bias", router.Type)
	weights, ids := f.RouterTopK("route", f.Linear("router", x, router, ir.KindF32), 2, ir.RouteSelected)
	y := f.BiasedMoELinear("up", x, up, ids, bias, ir.KindA15)
	return f.Return(f.MoECombine("sum", f.ClampedSwiGLU("act", y, y, 1.702, 7), weights))
}

func TestTextRoundTrip(t *testing.T) {
	text := toy(t).String()
	if *update {
		require.NoError(t, os.WriteFile("testdata/toy.ir", []byte(text), 0o644))
	}
	golden, err := os.ReadFile("testdata/toy.ir")
	require.NoError(t, err)
	require.Equal(t, string(golden), text)
	m, err := ir.Parse(text)
	require.NoError(t, err)
	require.Equal(t, text, m.String())
}

// TestWalkOps is the walker: every operation is documented, typed, costed and
// used by the toy module, so no row can be forgotten.
func TestWalkOps(t *testing.T) {
	used := map[*ir.Op]bool{}
	for _, f := range toy(t).Funcs {
		for _, n := range f.Nodes {
			used[n.Op] = true
		}
	}
	names := map[string]bool{}
	for _, op := range ir.Ops() {
		require.NotEmpty(t, op.Doc, op.Name)
		require.NotNil(t, op.Infer, op.Name)
		require.NotNil(t, op.Cost, op.Name)
		require.False(t, names[op.Name], op.Name)
		require.True(t, used[op], "the toy module lacks %s", op.Name)
		names[op.Name] = true
	}
}

func TestParseErrors(t *testing.T) {
	text := toy(t).String()
	for name, c := range map[string]struct{ old, new, want string }{
		"type":          {"%attn.norm = rms_norm(%x, %norm.weight) {eps = 1e-05} : f32[1,8]", "%attn.norm = rms_norm(%x, %norm.weight) {eps = 1e-05} : f32[1,9]", `func @layer_decode: %attn.norm = rms_norm: result %attn.norm: type is f32[1,9], operation gives f32[1,8]`},
		"operand":       {"rms_norm(%x,", "rms_norm(%layer,", "operand x %layer is i32[], want f32 of rank 2"},
		"arity":         {"rms_norm(%x, %norm.weight)", "rms_norm(%x)", "1 operands, want 2 ([x w])"},
		"attribute":     {"{eps = 1e-05}", "{epsilon = 1e-05}", `attribute 0 is "epsilon", want "eps"`},
		"attribute int": {"{eps = 1e-05}", "{eps = 1}", `attribute "eps" is int64, want float64`},
		"missing":       {"{eps = 1e-05}", "", `attribute "eps" is missing`},
		"not left out":  {"{scale = 2.5}", "{scale = 0.0}", `attribute "scale" is 0.0: leave it out`},
		"out of order":  {"softcap = 50.0, window = 7", "window = 7, softcap = 50.0", `attribute 2 is "softcap", which is unknown or out of order`},
		"window":        {"window = 7", "window = -7", "window of -7"},
		"softcap":       {"softcap = 50.0", "softcap = -1.0", "softcap -1 is negative"},
		"cap":           {"cap = 30.0", "cap = 0.0", "cap 0 is not positive"},
		"sinks":         {"%pos, %sinks)", "%pos, %k_norm.weight)", "sinks f32[4] for 2 heads"},
		"bias":          {"%proj.weight, %proj.bias)", "%proj.weight, %sinks)", "bias f32[2] does not match the 4 outputs"},
		"head":          {"{head = 4}", "{head = 1}", "tables for 2 elements of heads of 1"},
		"no heads":      {"%attn.q_rope = rope(%attn.norm, %cos, %sin, %pos) {head = 4}", "%attn.q_rope = rope(%attn.norm, %cos, %sin, %pos) {head = 3}", "rows of f32[1,8] are not whole heads of 3"},
		"too many":      {"%proj.bias)", "%proj.bias, %proj.bias)", "4 operands, want 3 ([x w bias])"},
		"kind":          {`{kind = "a15"}`, `{kind = "a16"}`, `kind "a16" cannot take the weight q4g32f16z[4,8]`},
		"unknown op":    {"rms_norm(", "layer_norm(", `unknown operation "layer_norm"`},
		"undefined":     {"rms_norm(%x,", "rms_norm(%y,", "%y is not defined"},
		"twice":         {"    return %residual", "    %gate = silu(%attn.mix) : f32[1,8]\n    return %residual", `name "gate" is taken`},
		"stale cache":   {"attention(%attn.q_rope, %attn.kcache,", "attention(%attn.q_rope, %kcache,", "%kcache is used after %attn.kcache updated it in place"},
		"callee":        {"call @layer_decode(%embedding", "call @layer(%embedding", "@layer is not a function defined before"},
		"huge":          {"weight @embed : f16[11,8]", "weight @embed : f16[4000000000,4000000000]", "product at most 2^48"},
		"zero":          {"weight @embed : f16[11,8]", "weight @embed : f16[0,8]", "dimensions must be at least 1"},
		"group":         {"weight @layers.0.proj : q4g32f16z[4,8]", "weight @layers.0.proj : q4g33f16z[4,8]", `unknown element type "q4g33f16z"`},
		"experts":       {"{k = 2,", "{k = 4,", "4 experts selected of 3"},
		"softmax":       {`softmax = "selected"`, `softmax = "some"`, `softmax "some", want all or selected`},
		"expert ids":    {"moe_linear(%x, %up.weight, %route.ids,", "moe_linear(%x, %up.weight, %x,", "operand ids %x is f32[1,8], want i32 of rank 2"},
		"expert matrix": {"moe_linear(%x, %up.weight,", "moe_linear(%x, %up.bias,", "weight is f32[3,8], want a stack"},
		"expert bias":   {"%route.ids, %up.bias)", "%route.ids, %x)", "bias is f32[1,8], want f32[3,8]"},
		"expert rows":   {"moe_combine(%act, %route)", "moe_combine(%act, %router)", "weights f32[1,3] do not match f32[1,16]"},
		"limit":         {"limit = 7.0", "limit = 0.0", "limit 0 is not positive"},
		"trailing":      {"return %capped, %layers.1.kcache, %layers.1.vcache\n  }\n}", "return %capped, %layers.1.kcache, %layers.1.vcache\n  }\n} x", `found "x" after the module`},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, text, c.old)
			_, err := ir.Parse(strings.Replace(text, c.old, c.new, 1))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestBuilderKeepsFirstError(t *testing.T) {
	b := ir.NewBuilder("m")
	f := b.Func("f", false)
	x := f.Param("x", ir.Tensor(ir.F32, 2, 8))
	bad := f.RMSNorm("bad", x, f.Param("w", ir.Tensor(ir.F32, 9)), 1e-5)
	f.Return(f.Add("worse", bad, x))
	_, err := b.Build()
	require.EqualError(t, err, "ir: @f: %bad = rms_norm: weight f32[9] does not match rows of f32[2,8]")
}

func TestTiedParam(t *testing.T) {
	m := toy(t)
	require.Equal(t, -1, m.Func("decode").TiedParam(0))
	require.Equal(t, 2, m.Func("decode").TiedParam(1))
	require.Equal(t, 3, m.Func("decode").TiedParam(2))
}

func TestCost(t *testing.T) {
	m := toy(t)
	nodes := m.Func("decode").Nodes
	logits := nodes[len(nodes)-2]
	require.Equal(t, ir.Cost{Ops: 2 * 8 * 11, Read: 4*8 + 2*8*11, Write: 4 * 11}, logits.Op.Cost(logits))
	require.Positive(t, m.Func("decode").Cost().Ops)
}

func TestTypeBytes(t *testing.T) {
	q := ir.Quantized(ir.Quant{Bits: 4, Group: 32, Scale: ir.F16, Zero: true}, 3, 40)
	require.EqualValues(t, 3*(20+2*(2+1)), q.Bytes())
	require.EqualValues(t, 2*3*(20+2*(2+1)), ir.QuantizedExperts(q.Quant, 2, 3, 40).Bytes())
	require.EqualValues(t, 3*(20+2*(2+2)), ir.Quantized(ir.Quant{Bits: 4, Group: 32, Scale: ir.F16, Min: true}, 3, 40).Bytes())
	require.EqualValues(t, 4*6, ir.Tensor(ir.F32, 2, 3).Bytes())
}

func TestAttrNumbersRoundTrip(t *testing.T) {
	for _, eps := range []float64{0, 1, 1e-5, 0.1, math.SmallestNonzeroFloat64, math.MaxFloat64, 1e22} {
		b := ir.NewBuilder("m")
		f := b.Func("f", false)
		x, w := f.Param("x", ir.Tensor(ir.F32, 1, 8)), f.Param("w", ir.Tensor(ir.F32, 8))
		f.Return(f.RMSNorm("y", x, w, eps))
		m, err := b.Build()
		require.NoError(t, err)
		back, err := ir.Parse(m.String())
		require.NoError(t, err)
		require.Equal(t, eps, back.Funcs[0].Nodes[0].Attrs.Float("eps"))
	}
}

func FuzzParse(f *testing.F) {
	f.Add(toy(f).String())
	f.Add("module \"m\" {\n  func @f(%x: f32[1,1]) {\n    return %x\n  }\n}\n")
	f.Add("module \"\\xff\" { weight @a : q4g32f32z[1,2147483648] }")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ir.Parse(text)
		if err != nil {
			return
		}
		printed := m.String()
		again, err := ir.Parse(printed)
		require.NoError(t, err)
		require.Equal(t, printed, again.String())
	})
}

// TestMinimums: the text form is read back, and a type has zero points or
// minimums, not both.
func TestMinimums(t *testing.T) {
	text := toy(t).String()
	for _, name := range []string{"q4g32f16m", "q8g128f32m"} {
		changed := strings.ReplaceAll(text, "q4g32f16z", name)
		m, err := ir.Parse(changed)
		require.NoError(t, err)
		require.Equal(t, changed, m.String())
		require.True(t, slices.ContainsFunc(m.Weights, func(w *ir.Value) bool { return w.Type.Quant.Min }))
	}
	b := ir.NewBuilder("m")
	b.Weight("w", ir.Quantized(ir.Quant{Bits: 4, Group: 32, Scale: ir.F16, Zero: true, Min: true}, 2, 32))
	_, err := b.Build()
	require.ErrorContains(t, err, "zero points and minimums")
}
