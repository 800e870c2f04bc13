package pack

import "github.com/lpuctl/lpuctl/ir"

// clearPadding sets what pads a block of a matrix to zero weights: the lanes
// beyond its rows, and the inputs that fill up the last group.
func clearPadding(p *Placed, block int, parts [][]byte) {
	t := p.Weight.Type
	if t.Elem == ir.Block {
		clearInputs(t, parts[0])
	}
	_, count := blockRows(t, block)
	for i, part := range p.Parts {
		fill := byte(0)
		if i == 0 && t.Elem == ir.Block {
			fill = zeroByte(t.Quant)
		}
		clearLanes(parts[i], count*part.Elem.Size(), Lanes*part.Elem.Size(), fill)
	}
}

// zeroByte holds zero weights, as integers stand for them.
func zeroByte(q ir.Quant) byte {
	if q.Bits == 4 && q.Symmetric() {
		return 0x88
	}
	return 0
}

// clearLanes fills the bytes from first on of every row of that many bytes.
func clearLanes(b []byte, first, row int, v byte) {
	for ; len(b) >= row; b = b[row:] {
		fillBytes(b[first:row], v)
	}
}

// clearInputs fills the inputs of the last group that the matrix does not have.
func clearInputs(t ir.Type, q []byte) {
	fillBytes(q[width(t)*t.Quant.Bits/8*Lanes:], zeroByte(t.Quant))
}
