package packed

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/lpuctl/lpuctl/internal/quant"
)

// store is where a format has the numbers of a row of a matrix.
type store interface {
	// integers reads row i as it is packed, unsigned.
	integers(i int, q []uint8)
	// zeros reads the zero points of row i, unsigned, one for each group.
	zeros(i int, z []uint8)
	// scales reads the scales of row i, one for each group.
	scales(i int, d []float32)
}

// matrix is a weight [out, in] of integers:
//
//	w[n][k] = (q[n][k] - z[n][g]) * d[n][g]
//
// where g is k/group or, with an index, index[k].
type matrix struct {
	store
	name      string // of the format
	bits      int    // 4 or 8
	out, in   int
	group     int     // inputs of a group
	index     []int32 // the group of each input; nil if groups are consecutive
	sorted    *matrix // with an index: the same in another order of inputs, or nil
	order     []int32 // of a sorted matrix, the input in each place
	symmetric bool    // all zero points are the middle
	wide      bool    // scales are not float16
	typ       *quant.Type
}

// newMatrix finishes a matrix: it drops an index that says nothing or sorts by
// it, and makes the type.
func newMatrix(m matrix) *matrix {
	if consecutive(m.index, m.group) {
		m.index = nil
	}
	m.typ = &quant.Type{Name: fmt.Sprintf("%s INT%d", m.name, m.bits), Block: 1, Bytes: 1}
	if m.index != nil {
		m.sorted = m.sort()
	}
	return &m
}

// readIndex reads the group of each input. Without act-order there may be no
// such tensor, and groups must be consecutive.
func (m *matrix) readIndex(parts Parts, suffix string, actOrder bool) error {
	t, ok := parts.Take(suffix)
	if !ok && actOrder {
		return fmt.Errorf("%s is missing, but the configuration asks for act-order", suffix)
	}
	if !ok {
		return nil
	}
	if err := t.check(suffix, []int{m.in}, []string{"I32"}); err != nil {
		return err
	}
	m.index = make([]int32, m.in)
	for k := range m.index {
		g := int32(binary.LittleEndian.Uint32(t.Data[4*k:]))
		if g < 0 || int(g) >= m.groups() {
			return fmt.Errorf("%s has group %d for input %d; there are %d groups", suffix, g, k, m.groups())
		}
		m.index[k] = g
	}
	if !actOrder && !consecutive(m.index, m.group) {
		return fmt.Errorf("%s has groups that are not consecutive, but the configuration does not ask for act-order", suffix)
	}
	return nil
}

func consecutive(index []int32, group int) bool {
	for k, g := range index {
		if int(g) != k/group {
			return false
		}
	}
	return true
}

func (m *matrix) Shape() []int      { return []int{m.out, m.in} }
func (m *matrix) Type() *quant.Type { return m.typ }

// Sorted implements Sorter.
func (m *matrix) Sorted() (Weight, []int32) {
	if m.sorted == nil {
		return nil, nil
	}
	return m.sorted, m.sorted.order
}

// sort returns the matrix with its inputs sorted by group, nil if groups do not
// have all of their inputs then or are too short. The last one may be short.
func (m *matrix) sort() *matrix {
	sorted := *m
	sorted.index, sorted.order = nil, make([]int32, m.in)
	for k := range sorted.order {
		sorted.order[k] = int32(k)
	}
	slices.SortStableFunc(sorted.order, func(a, b int32) int { return cmp.Compare(m.index[a], m.index[b]) })
	for k, input := range sorted.order {
		if int(m.index[input]) != k/m.group {
			return nil
		}
	}
	if _, ok := sorted.Ints(); !ok {
		return nil
	}
	return &sorted
}

// groups is the number of groups of a row.
func (m *matrix) groups() int { return quant.Groups(m.in, m.group) }

// middle is the packed integer that stands for 0 in a symmetric matrix.
func (m *matrix) middle() uint8 { return 1 << (m.bits - 1) }

// formGroup returns the group of the integer form: 16, 32, 64 or 128 inputs. A
// longer group is several of these with the same scale; a single one for the
// whole row may be cut anywhere. It is 0 if the groups are too short.
func (m *matrix) formGroup() int {
	if m.group >= m.in {
		for _, g := range []int{16, 32, 64} {
			if g >= m.in {
				return g
			}
		}
		return 128
	}
	for _, g := range []int{128, 64, 32, 16} {
		if m.group%g == 0 {
			return g
		}
	}
	return 0
}

// Ints implements Weight. Groups that are not consecutive have no such form.
func (m *matrix) Ints() (quant.Ints, bool) {
	f := quant.Ints{Bits: m.bits, Group: m.formGroup(), Zeros: !m.symmetric, Wide: m.wide}
	if m.symmetric && m.bits == 4 {
		f.Zero = 8
	}
	return f, f.Group != 0 && m.index == nil && (m.bits == 8 || m.in%2 == 0)
}

// Integers implements Weight.
func (m *matrix) Integers(i int, q []uint8, scale []float32, zero []int8) error {
	z, d, err := m.row(i, q)
	if err != nil {
		return err
	}
	offset := uint8(0)
	if m.bits == 8 { // unsigned with a middle of 128, in the file
		offset = 128
		for k := range q {
			q[k] -= offset
		}
	}
	form := m.formGroup()
	for g := range scale {
		at := g * form / m.group
		scale[g] = d[at]
		if !m.symmetric {
			zero[g] = int8(z[at] - offset)
		}
	}
	return nil
}

// Floats implements Weight: the product is rounded once.
func (m *matrix) Floats(i int, dst []float32) error {
	q := make([]uint8, m.in)
	z, d, err := m.row(i, q)
	if err != nil {
		return err
	}
	for k := range dst {
		g := k / m.group
		if m.index != nil {
			g = int(m.index[k])
		}
		dst[k] = float32(int(q[k])-int(z[g])) * d[g]
	}
	return nil
}

// row reads the integers to q and returns zero points and scales. It fails if
// a matrix that is declared symmetric is not.
func (m *matrix) row(i int, q []uint8) (z []uint8, d []float32, err error) {
	z, d = make([]uint8, m.groups()), make([]float32, m.groups())
	m.integers(i, q)
	if m.order != nil {
		stored := slices.Clone(q)
		for k, input := range m.order {
			q[k] = stored[input]
		}
	}
	m.zeros(i, z)
	m.scales(i, d)
	if m.symmetric {
		for g, v := range z {
			if v != m.middle() {
				return nil, nil, fmt.Errorf("declared symmetric, but the zero point of output %d, group %d is %d, not %d", i, g, v, m.middle())
			}
		}
	}
	return z, d, nil
}

// words are 32-bit integers in rows of a width.
type words struct {
	data  []byte
	width int
}

func wordsOf(t Tensor) words { return words{t.Data, t.Shape[1]} }

// at returns the word in row r and column c.
func (w words) at(r, c int) uint32 { return binary.LittleEndian.Uint32(w.data[4*(r*w.width+c):]) }

// along reads integers packed along the rows of w: of row r, from the lowest
// bits of the first word on.
func (w words) along(r, bits int, q []uint8) { w.unpack(4*r*w.width, 4, bits, q) }

// down reads integers packed down the columns of w: of column c, from the
// lowest bits of the first row on.
func (w words) down(c, bits int, q []uint8) { w.unpack(4*c, 4*w.width, bits, q) }

// unpack reads integers of words that lie step bytes apart.
func (w words) unpack(at, step, bits int, q []uint8) {
	mask := uint8(1<<bits - 1)
	for each := 32 / bits; len(q) > 0; at += step {
		word := binary.LittleEndian.Uint32(w.data[at:])
		n := min(each, len(q))
		for j := range q[:n] {
			q[j] = uint8(word) & mask
			word >>= bits
		}
		q = q[n:]
	}
}

// across reads one integer of each row of w: number i of the row.
func (w words) across(i, bits int, q []uint8) {
	each, mask := 32/bits, uint8(1<<bits-1)
	at, shift := 4*(i/each), i%each*bits
	for r := range q {
		q[r] = uint8(binary.LittleEndian.Uint32(w.data[at:])>>shift) & mask
		at += 4 * w.width
	}
}
