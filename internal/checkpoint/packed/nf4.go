package packed

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/lpuctl/lpuctl/internal/quant"
)

// NF4 is the 4-bit format of bitsandbytes: indices into a table of 16 values,
// two a byte, the high nibble first, and a scale for each block of the
// flattened weight. The scales may themselves be bytes that are indices into a
// table, with a scale for each block of them and one offset.
//
//	.weight                               U8 [elements/2, 1]
//	.weight.quant_map                     F32 [16]
//	.weight.absmax                        F32 [blocks], or U8
//	.weight.nested_quant_map              F32 [256], with U8 scales
//	.weight.nested_absmax                 F32 [blocks of blocks]
//	.weight.quant_state.bitsandbytes__nf4 U8, a JSON object
type NF4 struct {
	Double bool // the scales are quantized
}

const nf4State = ".weight.quant_state.bitsandbytes__nf4"

// Marker implements Scheme.
func (NF4) Marker() string { return nf4State }

// Suffix implements Scheme.
func (NF4) Suffix() string { return ".weight" }

// state is the JSON object of bitsandbytes' QuantState.as_dict.
type state struct {
	QuantType       string  `json:"quant_type"`
	Blocksize       int     `json:"blocksize"`
	Dtype           string  `json:"dtype"`
	Shape           []int   `json:"shape"`
	NestedBlocksize int     `json:"nested_blocksize"`
	NestedDtype     string  `json:"nested_dtype"`
	NestedOffset    float64 `json:"nested_offset"`
}

// Weight implements Scheme.
func (s NF4) Weight(_ string, parts Parts) (Weight, error) {
	st, err := readState(parts)
	if err != nil {
		return nil, err
	}
	w := &nf4{out: st.Shape[0], in: st.Shape[1], block: st.Blocksize}
	n := w.out * w.in
	packed, err := need(parts, ".weight", []int{(n + 1) / 2, 1}, "U8")
	if err != nil {
		return nil, err
	}
	w.data = packed.Data
	table, err := need(parts, ".weight.quant_map", []int{16}, "F32")
	if err != nil {
		return nil, err
	}
	for i := range w.table {
		w.table[i] = table.at(i)
	}
	blocks := quant.Groups(n, w.block)
	if !s.Double {
		w.absmax, err = need(parts, ".weight.absmax", []int{blocks}, "F32")
		return w, err
	}
	return w, w.nest(st, blocks, parts)
}

// readState reads and checks the quantization state of a weight.
func readState(parts Parts) (*state, error) {
	t, ok := parts.Take(nf4State)
	if !ok || len(t.Data) > 1<<12 {
		return nil, fmt.Errorf("%s is missing or longer than %d bytes", nf4State, 1<<12)
	}
	s := &state{}
	err := json.Unmarshal(t.Data, s, json.RejectUnknownMembers(true))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", nf4State, err)
	case s.QuantType != "nf4":
		return nil, fmt.Errorf("%s: quant_type is %q, want nf4", nf4State, s.QuantType)
	case len(s.Shape) != 2 || min(s.Shape[0], s.Shape[1]) < 1 || max(s.Shape[0], s.Shape[1]) > maxDim:
		return nil, fmt.Errorf("%s: shape is %v, not two numbers from 1 to %d", nf4State, s.Shape, maxDim)
	case s.Blocksize < 1 || s.Blocksize > maxDim:
		return nil, fmt.Errorf("%s: blocksize is %d", nf4State, s.Blocksize)
	case s.NestedBlocksize < 0 || s.NestedBlocksize > maxDim:
		return nil, fmt.Errorf("%s: nested_blocksize is %d", nf4State, s.NestedBlocksize)
	case s.NestedDtype != "" && !strings.HasSuffix(s.NestedDtype, "float32"):
		return nil, fmt.Errorf("%s: nested_dtype is %q, want float32", nf4State, s.NestedDtype)
	}
	return s, nil
}

type nf4 struct {
	out, in int
	block   int // elements that share a scale
	data    []byte
	table   [16]float32
	absmax  Tensor

	// With double quantization, absmax holds bytes.
	nestedTable  Tensor
	nestedAbsmax Tensor
	nestedBlock  int
	offset       float32
}

// nest takes the parts of double quantization.
func (w *nf4) nest(st *state, blocks int, parts Parts) (err error) {
	if st.NestedBlocksize == 0 {
		return fmt.Errorf("%s: nested_blocksize is missing", nf4State)
	}
	w.nestedBlock, w.offset = st.NestedBlocksize, float32(st.NestedOffset)
	if w.absmax, err = need(parts, ".weight.absmax", []int{blocks}, "U8"); err != nil {
		return err
	}
	if w.nestedTable, err = need(parts, ".weight.nested_quant_map", []int{256}, "F32"); err != nil {
		return err
	}
	w.nestedAbsmax, err = need(parts, ".weight.nested_absmax", []int{quant.Groups(blocks, w.nestedBlock)}, "F32")
	return err
}

var nf4Type = &quant.Type{Name: "NF4", Block: 1, Bytes: 1}

func (w *nf4) Shape() []int             { return []int{w.out, w.in} }
func (w *nf4) Type() *quant.Type        { return nf4Type }
func (w *nf4) Ints() (quant.Ints, bool) { return quant.Ints{}, false }

// Integers implements Weight: there are none.
func (w *nf4) Integers(int, []uint8, []float32, []int8) error {
	return fmt.Errorf("NF4 has no integers")
}

// Floats implements Weight. Products and the sum are rounded to float32 each,
// as bitsandbytes' dequantization does before it converts to the model's type.
func (w *nf4) Floats(i int, dst []float32) error {
	block, scale := -1, float32(0)
	for k := range dst {
		e := i*w.in + k
		if b := e / w.block; b != block {
			block, scale = b, w.scale(b)
		}
		q := w.data[e/2]
		if e%2 == 0 {
			q >>= 4
		}
		dst[k] = w.table[q&15] * scale
	}
	return nil
}

// scale returns the scale of block b.
func (w *nf4) scale(b int) float32 {
	if w.nestedBlock == 0 {
		return w.absmax.at(b)
	}
	v := w.nestedTable.at(int(w.absmax.Data[b])) * w.nestedAbsmax.at(b/w.nestedBlock)
	return float32(v) + w.offset
}
