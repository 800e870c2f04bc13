package ir

import (
	"fmt"
	"strings"
)

// String is the text form of the module; Parse reads it back.
func (m *Module) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "module %q {\n", m.Name)
	for _, w := range m.Weights {
		fmt.Fprintf(&b, "  weight @%s : %v\n", w.Name, w.Type)
	}
	for _, f := range m.Funcs {
		printFunc(&b, f)
	}
	b.WriteString("}\n")
	return b.String()
}

func printFunc(b *strings.Builder, f *Func) {
	b.WriteString("\n  func ")
	if f.Private {
		b.WriteString("private ")
	}
	fmt.Fprintf(b, "@%s(", f.Name)
	for i, p := range f.Params {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(b, "%%%s: %v", p.Name, p.Type)
	}
	b.WriteString(") {\n")
	for _, n := range f.Nodes {
		fmt.Fprintf(b, "    %v\n", n)
	}
	fmt.Fprintf(b, "    return %s\n  }\n", joinValues(f.Results))
}

// String is the node's line of the text form.
func (n *Node) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s = %s", joinValues(n.Results), n.Op.Name)
	if n.Callee != nil {
		fmt.Fprintf(&b, " @%s", n.Callee.Name)
	}
	fmt.Fprintf(&b, "(%s)", joinValues(n.Args))
	for i, a := range n.Attrs {
		sep := ", "
		if i == 0 {
			sep = " {"
		}
		fmt.Fprintf(&b, "%s%s = %s", sep, a.Name, formatAttr(a.Value))
	}
	if len(n.Attrs) > 0 {
		b.WriteByte('}')
	}
	b.WriteString(" : ")
	for i, r := range n.Results {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(r.Type.String())
	}
	return b.String()
}

func joinValues(values []*Value) string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = v.String()
	}
	return strings.Join(names, ", ")
}

// String is the value's name with its sigil: @ for weights, % for the others.
func (v *Value) String() string {
	if v.Kind == Weight {
		return "@" + v.Name
	}
	return "%" + v.Name
}
