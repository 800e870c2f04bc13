package ir

import "fmt"

// Call runs a private function. The name of its first result is the path of
// the call: the prefix of every value inside.
var Call = &Op{
	Name:  "call",
	Doc:   "results = callee(arguments)",
	Infer: inferCall,
	Cost:  costCall,
}

func inferCall(n *Node) ([]Type, error) {
	if len(n.Args) != len(n.Callee.Params) {
		return nil, fmt.Errorf("%d arguments for @%s, want %d", len(n.Args), n.Callee.Name, len(n.Callee.Params))
	}
	for i, p := range n.Callee.Params {
		if a := n.Args[i]; !a.Type.Equal(p.Type) {
			return nil, fmt.Errorf("argument %%%s is %v, parameter %%%s of @%s is %v",
				a.Name, a.Type, p.Name, n.Callee.Name, p.Type)
		}
	}
	types := make([]Type, len(n.Callee.Results))
	for i, r := range n.Callee.Results {
		types[i] = r.Type
	}
	return types, nil
}

func costCall(n *Node) Cost { return n.Callee.Cost() }

// Cost is the work of one execution of the function, calls included.
func (f *Func) Cost() Cost {
	var sum Cost
	for _, n := range f.Nodes {
		sum = sum.Add(n.Op.Cost(n))
	}
	return sum
}
