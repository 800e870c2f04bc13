package ir

// Module is one model: its weights and its functions. A function may call only
// functions that stand before it.
type Module struct {
	Name    string
	Weights []*Value // in declaration order
	Funcs   []*Func
}

// Func returns the function of that name, or nil.
func (m *Module) Func(name string) *Func {
	for _, f := range m.Funcs {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// Func is a straight line of nodes. Private functions are called by others;
// public ones are the entries of the module.
type Func struct {
	Name    string
	Private bool
	Params  []*Value
	Nodes   []*Node
	Results []*Value
}

// TiedParam is the index of the parameter that result i updates in place, or
// -1 if the result is a value of its own.
func (f *Func) TiedParam(i int) int {
	v := f.Results[i]
	for v.Def != nil {
		operand := v.Def.Tied(v.Index)
		if operand < 0 {
			return -1
		}
		v = v.Def.Args[operand]
	}
	if v.Kind != Param {
		return -1
	}
	return v.Index
}

// Kind says where a value comes from.
type Kind uint8

// The kinds of values.
const (
	Result Kind = iota // result of a node
	Param              // parameter of a function
	Weight             // weight of the module
)

// Value is a tensor of static type. Its name is unique in its function (in
// the module for weights) and is its path in the graph: in a function called
// at "layers.3", the value "attn.q" is "layers.3.attn.q". Weights carry their
// Hugging Face names.
type Value struct {
	Name  string
	Type  Type
	Kind  Kind
	Def   *Node // of a Result
	Index int   // among the results of Def, the parameters or the weights
}

// Node is one operation applied to values.
type Node struct {
	Op      *Op
	Args    []*Value
	Attrs   Attrs
	Callee  *Func // of a call
	Results []*Value
}

// Tied is the index of the operand that result i updates in place, or -1.
func (n *Node) Tied(i int) int {
	if n.Callee != nil {
		return n.Callee.TiedParam(i)
	}
	if n.Op.InPlace && i == 0 {
		return 0
	}
	return -1
}

// Path is the graph path of the node: the name of its first result.
func (n *Node) Path() string { return n.Results[0].Name }

// Join is the path of a value inside a call: prefix "layers.3" and name
// "attn.q" give "layers.3.attn.q"; an empty prefix gives the name.
func Join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}
