package ir

import (
	"errors"
	"fmt"
)

// Builder makes a module. It collects the first error, which Build returns;
// after an error every call is harmless and returns placeholder values.
type Builder struct {
	module *Module
	err    error
}

// NewBuilder starts a module of that name.
func NewBuilder(name string) *Builder {
	return &Builder{module: &Module{Name: name}}
}

// Err is the first error so far.
func (b *Builder) Err() error { return b.err }

func (b *Builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// Weight declares a weight.
func (b *Builder) Weight(name string, t Type) *Value {
	v := &Value{Name: name, Type: t, Kind: Weight, Index: len(b.module.Weights)}
	b.module.Weights = append(b.module.Weights, v)
	return v
}

// Func starts a function; it joins the module when Return is called.
func (b *Builder) Func(name string, private bool) *FuncBuilder {
	return &FuncBuilder{b: b, f: &Func{Name: name, Private: private}}
}

// Build verifies and returns the module.
func (b *Builder) Build() (*Module, error) {
	if b.err != nil {
		return nil, b.err
	}
	if err := Verify(b.module); err != nil {
		return nil, err
	}
	return b.module, nil
}

// FuncBuilder makes one function of a module.
type FuncBuilder struct {
	b *Builder
	f *Func
}

// Param adds a parameter.
func (f *FuncBuilder) Param(name string, t Type) *Value {
	v := &Value{Name: name, Type: t, Kind: Param, Index: len(f.f.Params)}
	f.f.Params = append(f.f.Params, v)
	return v
}

// Node adds an operation with one result.
func (f *FuncBuilder) Node(op *Op, name string, attrs Attrs, args ...*Value) *Value {
	return f.add(&Node{Op: op, Attrs: attrs, Args: args}, []string{name})[0]
}

// Call adds a call of a private function; names are those of the results.
func (f *FuncBuilder) Call(callee *Func, names []string, args ...*Value) []*Value {
	return f.add(&Node{Op: Call, Callee: callee, Args: args}, names)
}

// Return ends the function and adds it to the module.
func (f *FuncBuilder) Return(results ...*Value) *Func {
	f.f.Results = results
	f.b.module.Funcs = append(f.b.module.Funcs, f.f)
	return f.f
}

// add infers the types of the node's results and appends it.
func (f *FuncBuilder) add(n *Node, names []string) []*Value {
	types, err := inferNode(n)
	if err == nil && len(types) != len(names) {
		err = fmt.Errorf("%d results, %d names", len(types), len(names))
	}
	if f.b.err == nil && err != nil {
		f.b.fail(fmt.Errorf("ir: @%s: %%%s = %s: %w", f.f.Name, names[0], n.Op.Name, err))
	}
	n.Results = make([]*Value, len(names))
	for i, name := range names {
		n.Results[i] = &Value{Name: name, Def: n, Index: i}
		if f.b.err == nil {
			n.Results[i].Type = types[i]
		}
	}
	f.f.Nodes = append(f.f.Nodes, n)
	return n.Results
}

// inferNode checks operands and attributes and infers the types of the results.
func inferNode(n *Node) ([]Type, error) {
	for _, a := range n.Args {
		if a == nil || a.Type.Elem == Invalid {
			return nil, errors.New("an operand has no type")
		}
	}
	if (n.Op == Call) != (n.Callee != nil) {
		return nil, errors.New("only a call has a callee, and it must have one")
	}
	if most := len(n.Op.Operands); n.Op != Call && (len(n.Args) > most || len(n.Args) < most-n.Op.Optional) {
		return nil, fmt.Errorf("%d operands, want %d (%v)", len(n.Args), most, n.Op.Operands)
	}
	if err := n.Attrs.check(n.Op.Attrs); err != nil {
		return nil, err
	}
	return n.Op.Infer(n)
}
