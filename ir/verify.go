package ir

import (
	"fmt"
)

// Verify reports the first rule that the module breaks, naming the function
// and the value: names are valid and unique, values are defined before their
// use, types are what the operations infer, calls go to private functions that
// stand before the caller, and a value that an operation updated in place is
// not used again.
func Verify(m *Module) error {
	v := verifier{funcs: map[*Func]bool{}, weights: map[*Value]bool{}}
	if err := v.module(m); err != nil {
		return fmt.Errorf("ir: module %q: %w", m.Name, err)
	}
	return nil
}

type verifier struct {
	funcs   map[*Func]bool  // verified, so callable
	weights map[*Value]bool // of the module
}

func (v *verifier) module(m *Module) error {
	names := map[string]bool{}
	for i, w := range m.Weights {
		if err := checkDecl(w, Weight, i, names); err != nil {
			return fmt.Errorf("weight @%s: %w", w.Name, err)
		}
		v.weights[w] = true
	}
	names = map[string]bool{}
	for _, f := range m.Funcs {
		if err := checkName(f.Name, names); err != nil {
			return fmt.Errorf("func @%s: %w", f.Name, err)
		}
		if err := v.function(f); err != nil {
			return fmt.Errorf("func @%s: %w", f.Name, err)
		}
		v.funcs[f] = true
	}
	return nil
}

// scope holds what a node of a function may use.
type scope struct {
	defined map[*Value]bool
	updated map[*Value]*Node // values updated in place, and by whom
	names   map[string]bool
}

func (v *verifier) function(f *Func) error {
	s := scope{map[*Value]bool{}, map[*Value]*Node{}, map[string]bool{}}
	for i, p := range f.Params {
		if err := checkDecl(p, Param, i, s.names); err != nil {
			return fmt.Errorf("parameter %%%s: %w", p.Name, err)
		}
		if p.Type.Elem == Block && !f.Private {
			return fmt.Errorf("parameter %%%s: an entry cannot take %v", p.Name, p.Type)
		}
		s.defined[p] = true
	}
	for i, n := range f.Nodes {
		if len(n.Results) == 0 {
			return fmt.Errorf("node %d has no result", i)
		}
		if err := v.node(n, &s); err != nil {
			return fmt.Errorf("%%%s = %s: %w", n.Path(), n.Op.Name, err)
		}
	}
	if len(f.Results) == 0 {
		return fmt.Errorf("no results")
	}
	for _, r := range f.Results {
		if err := v.use(r, &s); err != nil {
			return fmt.Errorf("return: %w", err)
		}
		if r.Kind == Weight {
			return fmt.Errorf("return: @%s is a weight", r.Name)
		}
	}
	return nil
}

func (v *verifier) node(n *Node, s *scope) error {
	for _, a := range n.Args {
		if err := v.use(a, s); err != nil {
			return err
		}
	}
	if n.Callee != nil && (!v.funcs[n.Callee] || !n.Callee.Private) {
		return fmt.Errorf("@%s is not a private function defined before", n.Callee.Name)
	}
	types, err := inferNode(n)
	if err != nil {
		return err
	}
	if len(types) != len(n.Results) {
		return fmt.Errorf("%d results, want %d", len(n.Results), len(types))
	}
	for i, r := range n.Results {
		if err := checkResult(n, i, types[i], s); err != nil {
			return fmt.Errorf("result %%%s: %w", r.Name, err)
		}
	}
	for i := range n.Results {
		if err := s.update(n, n.Tied(i)); err != nil {
			return err
		}
	}
	return nil
}

func checkResult(n *Node, i int, want Type, s *scope) error {
	r := n.Results[i]
	if r.Kind != Result || r.Def != n || r.Index != i {
		return fmt.Errorf("does not point back to its node")
	}
	if !r.Type.Equal(want) {
		return fmt.Errorf("type is %v, operation gives %v", r.Type, want)
	}
	s.defined[r] = true
	return checkName(r.Name, s.names)
}

// update marks the operand as gone: its storage now holds the result.
func (s *scope) update(n *Node, operand int) error {
	if operand < 0 {
		return nil
	}
	a := n.Args[operand]
	if a.Kind == Weight {
		return fmt.Errorf("weight @%s updated in place", a.Name)
	}
	if s.updated[a] != nil {
		return fmt.Errorf("%%%s is updated in place twice", a.Name)
	}
	s.updated[a] = n
	return nil
}

func (v *verifier) use(a *Value, s *scope) error {
	switch {
	case a == nil:
		return fmt.Errorf("operand is nil")
	case a.Kind == Weight && !v.weights[a]:
		return fmt.Errorf("@%s is not a weight of the module", a.Name)
	case a.Kind != Weight && !s.defined[a]:
		return fmt.Errorf("%%%s is used before it is defined", a.Name)
	case s.updated[a] != nil:
		return fmt.Errorf("%%%s is used after %%%s updated it in place", a.Name, s.updated[a].Path())
	}
	return nil
}

func checkDecl(v *Value, kind Kind, index int, names map[string]bool) error {
	if v.Kind != kind || v.Index != index || v.Def != nil {
		return fmt.Errorf("declared at place %d with kind %d, index %d", index, v.Kind, v.Index)
	}
	if err := v.Type.check(); err != nil {
		return err
	}
	return checkName(v.Name, names)
}

// checkName checks the characters of a name and that it is new.
func checkName(name string, seen map[string]bool) error {
	if name == "" {
		return fmt.Errorf("empty name")
	}
	for i := 0; i < len(name); i++ {
		if !nameByte(name[i]) {
			return fmt.Errorf("name %q: want letters, digits, '_', '.' and '-'", name)
		}
	}
	if seen[name] {
		return fmt.Errorf("name %q is taken", name)
	}
	seen[name] = true
	return nil
}

func nameByte(c byte) bool {
	return c == '_' || c == '.' || c == '-' ||
		'0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
