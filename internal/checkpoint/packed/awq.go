package packed

import "fmt"

// AWQ is the format of AutoAWQ (88e4c76, awq/modules/linear/gemm.py and
// gemv.py), 4 bits with zero points.
type AWQ struct {
	Group int  // inputs of a group; -1: all
	GEMV  bool // version "gemv", else "gemm"
}

// Marker implements Scheme.
func (AWQ) Marker() string { return ".qweight" }

// Suffix implements Scheme.
func (AWQ) Suffix() string { return ".weight" }

// Weight implements Scheme.
func (a AWQ) Weight(_ string, parts Parts) (Weight, error) {
	if a.GEMV {
		return a.gemv(parts)
	}
	return a.gemm(parts)
}

// gemm has words along the outputs:
//
//	.qweight I32 [in, out/8]
//	.qzeros  I32 [groups, out/8]
//	.scales      [groups, out]
func (a AWQ) gemm(parts Parts) (Weight, error) {
	w, err := need(parts, ".qweight", []int{-1, -1}, "I32")
	if err != nil {
		return nil, err
	}
	in, out := w.Shape[0], 8*w.Shape[1]
	group, err := wholeGroups(a.Group, in)
	if err != nil {
		return nil, err
	}
	z, err := need(parts, ".qzeros", []int{in / group, out / 8}, "I32")
	if err != nil {
		return nil, err
	}
	d, err := need(parts, ".scales", []int{in / group, out}, floats...)
	if err != nil {
		return nil, err
	}
	return newMatrix(matrix{
		store: awqGEMM{wordsOf(w), wordsOf(z), d}, name: "AWQ", bits: 4, out: out, in: in, group: group, wide: d.Type.Name != "F16",
	}), nil
}

// wholeGroups returns the inputs of a group, of which a row has a whole number.
func wholeGroups(group, in int) (int, error) {
	if group == -1 {
		group = in
	}
	if group < 1 || in%group != 0 {
		return 0, fmt.Errorf("%d inputs are not whole groups of %d", in, group)
	}
	return group, nil
}

type awqGEMM struct {
	q, z words
	d    Tensor
}

// awqOrder says which nibble of its word has output j, of 8.
var awqOrder = [8]int{0, 4, 1, 5, 2, 6, 3, 7}

func awqPlace(i int) int { return i&^7 + awqOrder[i&7] }

func (s awqGEMM) integers(i int, q []uint8) { s.q.across(awqPlace(i), 4, q) }
func (s awqGEMM) zeros(i int, z []uint8)    { s.z.across(awqPlace(i), 4, z) }
func (s awqGEMM) scales(i int, d []float32) { s.d.column(i, d) }

// column reads column i of a tensor of floats, a row after the other.
func (t *Tensor) column(i int, d []float32) {
	for g := range d {
		d[g] = t.at(g*t.Shape[1] + i)
	}
}

// gemv has words along the inputs and rows of zero points that are padded to W
// words:
//
//	.qweight I32 [out, in/8]
//	.qzeros  I32 [out, W]
//	.scales      [out, 8*W]
func (a AWQ) gemv(parts Parts) (Weight, error) {
	w, err := need(parts, ".qweight", []int{-1, -1}, "I32")
	if err != nil {
		return nil, err
	}
	out, in := w.Shape[0], 8*w.Shape[1]
	group, err := wholeGroups(a.Group, in)
	if err != nil {
		return nil, err
	}
	z, err := need(parts, ".qzeros", []int{out, -1}, "I32")
	if err != nil {
		return nil, err
	}
	if 8*z.Shape[1] < in/group {
		return nil, fmt.Errorf(".qzeros has room for %d groups, want %d", 8*z.Shape[1], in/group)
	}
	d, err := need(parts, ".scales", []int{out, 8 * z.Shape[1]}, floats...)
	if err != nil {
		return nil, err
	}
	return newMatrix(matrix{
		store: alongInputs{wordsOf(w), wordsOf(z), d}, name: "AWQ", bits: 4, out: out, in: in, group: group, wide: d.Type.Name != "F16",
	}), nil
}

type alongInputs struct {
	q, z words
	d    Tensor
}

func (s alongInputs) integers(i int, q []uint8) { s.q.along(i, 4, q) }
func (s alongInputs) zeros(i int, z []uint8)    { s.z.along(i, 4, z) }
func (s alongInputs) scales(i int, d []float32) { s.d.rowStart(i, d) }

// rowStart reads the start of row i of a tensor of floats.
func (t *Tensor) rowStart(i int, d []float32) {
	for g := range d {
		d[g] = t.at(i*t.Shape[1] + g)
	}
}
