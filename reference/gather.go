package reference

import (
	"fmt"

	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

func gatherKernel(b *bodyBuilder, n *ir.Node) step {
	x, order, y := b.value(n.Args[0]), b.value(n.Args[1]), b.value(n.Results[0])
	width := n.Results[0].Type.Shape[1]
	return step{
		units: perRow,
		run: func(_ *scratch, lo, hi int) {
			for at := lo * width; at < hi*width; at += width {
				row := x.f[at : at+width]
				for k, from := range order.ids {
					y.f[at+k] = row[from]
				}
			}
		},
	}
}

// newOrder views a weight of indices, each of which must be below their number.
func newOrder(t pack.Tensor) (value, error) {
	order := pack.Int32s(t.Parts[0])
	for k, from := range order {
		if from < 0 || int(from) >= len(order) {
			return value{}, fmt.Errorf("element %d of an order of %d is %d", k, len(order), from)
		}
	}
	return value{ids: order}, nil
}
