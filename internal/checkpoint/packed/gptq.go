package packed

import "fmt"

// GPTQ is the format of GPTQModel and AutoGPTQ (GPTQModel f4c327a,
// nn_modules/qlinear/__init__.py). Its tensors, with E = 32/bits integers in a
// word:
//
//	.qweight I32 [in/E, out]
//	.qzeros  I32 [groups, out/E]
//	.scales      [groups, out]
//	.g_idx   I32 [in], the group of each input
type GPTQ struct {
	Bits      int  // 4 or 8
	Group     int  // inputs of a group; -1: all
	V2        bool // checkpoint_format "gptq_v2": zero points as they are, not minus 1
	Symmetric bool
	ActOrder  bool // desc_act: groups need not be consecutive
}

// Marker implements Scheme.
func (GPTQ) Marker() string { return ".qweight" }

// Suffix implements Scheme.
func (GPTQ) Suffix() string { return ".weight" }

// Weight implements Scheme.
func (s GPTQ) Weight(_ string, parts Parts) (Weight, error) {
	w, err := need(parts, ".qweight", []int{-1, -1}, "I32")
	if err != nil {
		return nil, err
	}
	each := 32 / s.Bits
	in, out := each*w.Shape[0], w.Shape[1]
	group := s.Group
	if group == -1 {
		group = in
	}
	if group < 1 || out%each != 0 {
		return nil, fmt.Errorf(".qweight has shape %v: %d outputs do not fill words of %d, or groups have %d inputs", w.Shape, out, each, group)
	}
	m := matrix{name: "GPTQ", bits: s.Bits, out: out, in: in, group: group, symmetric: s.Symmetric}
	z, err := need(parts, ".qzeros", []int{m.groups(), out / each}, "I32")
	if err != nil {
		return nil, err
	}
	d, err := need(parts, ".scales", []int{m.groups(), out}, floats...)
	if err != nil {
		return nil, err
	}
	if err := m.readIndex(parts, ".g_idx", s.ActOrder); err != nil {
		return nil, err
	}
	m.wide = d.Type.Name != "F16"
	st := gptq{q: wordsOf(w), z: wordsOf(z), d: d, bits: s.Bits}
	if !s.V2 {
		st.minus = 1
	}
	m.store = st
	return newMatrix(m), nil
}

type gptq struct {
	q, z  words
	d     Tensor
	bits  int
	minus uint8 // what has been subtracted from the zero points
}

func (s gptq) integers(i int, q []uint8) { s.q.down(i, s.bits, q) }

// zeros adds what was subtracted to each field by itself: 15 and 1 make 0.
func (s gptq) zeros(i int, z []uint8) {
	s.z.across(i, s.bits, z)
	for g := range z {
		z[g] = (z[g] + s.minus) & (1<<s.bits - 1)
	}
}

func (s gptq) scales(i int, d []float32) { s.d.column(i, d) }
