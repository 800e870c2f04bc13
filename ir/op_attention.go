package ir

import "fmt"

// Rope rotates pairs (i, i+R/2) of the first R elements of every head (Su et
// al., 2021, in the half-split layout of Hugging Face): x f32[T,heads*D], cos
// and sin f32[S,R/2], pos i32[] the position of row 0, to f32[T,heads*D].
// Elements from R on stay.
var Rope = &Op{
	Name:     "rope",
	Doc:      "y[i] = x[i]*cos - x[i+R/2]*sin; y[i+R/2] = x[i+R/2]*cos + x[i]*sin",
	Operands: []string{"x", "cos", "sin", "pos"},
	Attrs:    []AttrSpec{{Name: "head", Like: int64(0), Doc: "head dimension D; absent: R", Optional: true}},
	Infer:    inferRope,
	Cost:     elementwise(3),
}

func inferRope(n *Node) ([]Type, error) {
	err := wantAll(n, operandSpec{F32, 2}, operandSpec{F32, 2}, operandSpec{F32, 2}, operandSpec{I32, 0})
	if err != nil {
		return nil, err
	}
	x, cos, sin := n.Args[0].Type, n.Args[1].Type, n.Args[2].Type
	if !cos.Equal(sin) {
		return nil, fmt.Errorf("cos %v and sin %v differ", cos, sin)
	}
	d, rotated := RopeDims(n)
	if d < rotated {
		return nil, fmt.Errorf("tables for %d elements of heads of %d", rotated, d)
	}
	if x.Shape[1]%d != 0 {
		return nil, fmt.Errorf("rows of %v are not whole heads of %d", x, d)
	}
	return []Type{x}, nil
}

// RopeDims are the head dimension D and the rotated elements R of a rope.
func RopeDims(n *Node) (head, rotated int) {
	rotated = 2 * n.Args[1].Type.Shape[1]
	if d := n.Attrs.Int("head"); d != 0 {
		return d, rotated
	}
	return rotated, rotated
}

// The layouts of a KV cache.
const (
	LayoutK = "kds" // [L,KV,D,S]: positions innermost, for the scores
	LayoutV = "skd" // [L,S,KV,D]: the head dimension innermost, for the sum
)

// KVAppend writes the keys or values of T new positions into the cache of all
// layers, in place: cache f32[L,KV,D,S] or f32[L,S,KV,D], x f32[T,KV*D],
// layer i32[], pos i32[] the position of row 0. pos+T <= S is the caller's duty.
var KVAppend = &Op{
	Name:     "kv_append",
	Doc:      "cache[layer] at positions pos..pos+T-1 = x",
	Operands: []string{"cache", "x", "layer", "pos"},
	Attrs:    []AttrSpec{{Name: "layout", Like: "", Doc: "kds or skd"}},
	InPlace:  true,
	Infer:    inferKVAppend,
	Cost: func(n *Node) Cost {
		b := n.Args[1].Type.Bytes()
		return Cost{Read: b, Write: b}
	},
}

// CacheDims are the dimensions of a KV cache.
type CacheDims struct {
	Layers, KVHeads, HeadDim, Context int
}

// Cache reads the dimensions of a cache type in that layout.
func Cache(t Type, layout string) (CacheDims, error) {
	if t.Elem != F32 || len(t.Shape) != 4 {
		return CacheDims{}, fmt.Errorf("cache is %v, want f32 of rank 4", t)
	}
	s := t.Shape
	switch layout {
	case LayoutK:
		return CacheDims{Layers: s[0], KVHeads: s[1], HeadDim: s[2], Context: s[3]}, nil
	case LayoutV:
		return CacheDims{Layers: s[0], Context: s[1], KVHeads: s[2], HeadDim: s[3]}, nil
	}
	return CacheDims{}, fmt.Errorf("layout %q, want %s or %s", layout, LayoutK, LayoutV)
}

func inferKVAppend(n *Node) ([]Type, error) {
	cache, x := n.Args[0].Type, n.Args[1].Type
	dims, err := Cache(cache, n.Attrs.Str("layout"))
	if err != nil {
		return nil, err
	}
	err = wantAll(n, operandSpec{F32, 4}, operandSpec{F32, 2}, operandSpec{I32, 0}, operandSpec{I32, 0})
	if err != nil {
		return nil, err
	}
	if x.Shape[1] != dims.KVHeads*dims.HeadDim || x.Shape[0] > dims.Context {
		return nil, fmt.Errorf("rows of %v do not fit the cache %v", x, cache)
	}
	return []Type{cache}, nil
}

// Attention is causal grouped-query attention (Ainslie et al., 2023) of T new
// positions over the cache: q f32[T,H*D], kcache f32[L,KV,D,S], vcache
// f32[L,S,KV,D], layer i32[], pos i32[] to f32[T,H*D]. Row t sees positions up
// to pos+t: the last window of them, or all. The others are skipped, whatever
// the cache holds there. Sinks f32[H] are one more score of each head, which
// takes no value (gpt-oss).
var Attention = &Op{
	Name:     "attention",
	Doc:      "y = softmax(softcap((q . k) * scale)) . v, query head h reads KV head h/(H/KV)",
	Operands: []string{"q", "kcache", "vcache", "layer", "pos", "sinks"},
	Optional: 1,
	Attrs: []AttrSpec{
		{Name: "scale", Like: 0.0, Doc: "multiplies each score after its sum; rounded to float32"},
		{Name: "softcap", Like: 0.0, Doc: "soft limit of the scaled scores; rounded to float32", Optional: true},
		{Name: "window", Like: int64(0), Doc: "positions that a row sees, its own included", Optional: true},
	},
	Infer: inferAttention,
	Cost:  costAttention,
}

func inferAttention(n *Node) ([]Type, error) {
	err := wantAll(n, operandSpec{F32, 2}, operandSpec{F32, 4}, operandSpec{F32, 4},
		operandSpec{I32, 0}, operandSpec{I32, 0}, operandSpec{F32, 1})
	if err != nil {
		return nil, err
	}
	if window := n.Attrs.Int("window"); window < 0 {
		return nil, fmt.Errorf("window of %d", window)
	}
	if limit := n.Attrs.Float("softcap"); limit < 0 {
		return nil, fmt.Errorf("softcap %g is negative", limit)
	}
	q := n.Args[0].Type
	k, _ := Cache(n.Args[1].Type, LayoutK)
	v, _ := Cache(n.Args[2].Type, LayoutV)
	if k != v {
		return nil, fmt.Errorf("caches %v and %v are of different sizes", n.Args[1].Type, n.Args[2].Type)
	}
	if q.Shape[1]%(k.KVHeads*k.HeadDim) != 0 {
		return nil, fmt.Errorf("rows of %v are not whole groups of %d heads of %d", q, k.KVHeads, k.HeadDim)
	}
	if heads := q.Shape[1] / k.HeadDim; len(n.Args) > 5 && n.Args[5].Type.Shape[0] != heads {
		return nil, fmt.Errorf("sinks %v for %d heads", n.Args[5].Type, heads)
	}
	return []Type{q}, nil
}

// costAttention counts a full cache or window: the most that one execution can
// cost.
func costAttention(n *Node) Cost {
	q := n.Args[0].Type
	k, _ := Cache(n.Args[1].Type, LayoutK)
	heads := q.Shape[1] / k.HeadDim
	seen, perScore := k.Context, 4*k.HeadDim+25
	if w := n.Attrs.Int("window"); w > 0 {
		seen = min(seen, w)
	}
	if n.Attrs.Float("softcap") > 0 {
		perScore += tanhOps + 2
	}
	perRow := int64(heads) * int64(seen) * int64(perScore)
	layer := 2 * int64(4) * int64(k.KVHeads) * int64(k.HeadDim) * int64(min(k.Context, seen+q.Shape[0]-1))
	return Cost{Ops: int64(q.Shape[0]) * perRow, Read: q.Bytes() + layer, Write: q.Bytes()}
}
