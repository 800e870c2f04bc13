package jinja

// List is a list of Python. Templates cannot change it.
type List struct{ Items []any }

// NewList returns a list of the items.
func NewList(items ...any) *List { return &List{items} }

// tuple is a tuple of Python. The items of a named one have names.
type tuple struct {
	items []any
	names []string
}

func newTuple(items ...any) *tuple { return &tuple{items: items} }

// markup is a string that the filters escape and safe have marked.
type markup string

// view is what items, keys and values of a dictionary return.
type view struct {
	kind  string // "dict_items", "dict_keys" or "dict_values"
	items []any
}

// integers is a range.
type integers struct{ start, stop, step int64 }

func (n *integers) len() int64 {
	switch {
	case n.step > 0 && n.start < n.stop:
		return (n.stop-n.start-1)/n.step + 1
	case n.step < 0 && n.start > n.stop:
		return (n.start-n.stop-1)/-n.step + 1
	}
	return 0
}

// iterator gives its items once, as a generator of Python does.
type iterator struct {
	kind  string
	items []any
}

func (i *iterator) take() []any {
	items := i.items
	i.items = nil
	return items
}

// namespace is what namespace() makes: the only object that templates change.
type namespace struct{ attrs *Dict }

// undefined is the value of what does not exist: it prints as nothing and fails
// when it is used.
type undefined struct {
	kind    string
	message string
}

func (u *undefined) fail() { fail(u.kind, "%s", u.message) }

// undefinedName is the value of a variable that does not exist.
func undefinedName(name string) *undefined {
	return &undefined{UndefinedError, reprString(name) + " is undefined"}
}

// hint is an undefined value with a message of its own.
func hint(message string) *undefined { return &undefined{UndefinedError, message} }

// builtin is a function, filter, test or method: names of parameters, those
// with "?" may be absent, "*" takes all positional arguments.
type builtin struct {
	params []string
	call   func(r *renderer, a []any) any
}

// method is a builtin bound to an object.
type method struct {
	name string
	self any
	builtin
}

// function is a builtin that a variable holds, and what it has as attributes.
type function struct {
	name  string
	f     func(r *renderer, a arguments) any
	attrs map[string]any
}

// newFunction makes a function of a builtin.
func newFunction(name string, b builtin) *function {
	return &function{name: name, f: func(r *renderer, a arguments) any { return b.apply(r, name+"()", a) }}
}

// typeName is the name of a value's type in Python.
func typeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64, bigInteger:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case markup:
		return "Markup"
	case *List:
		return "list"
	case *tuple:
		return "tuple"
	case *Dict:
		return "dict"
	case *view:
		return v.kind
	case *integers:
		return "range"
	case *iterator:
		return v.kind
	case *undefined:
		return "Undefined"
	case *namespace:
		return "TemplateNamespace"
	case *closure:
		return "Macro"
	case *loop:
		return "LoopContext"
	case *cycler:
		return "Cycler"
	case *joiner:
		return "Joiner"
	case *method:
		return "builtin_function_or_method"
	}
	return "function"
}

// qualifiedName is the name of a value's type in messages about attributes.
func qualifiedName(v any) string {
	switch v.(type) {
	case nil:
		return "None"
	case markup:
		return "markupsafe.Markup object"
	case *namespace:
		return "transformers.utils.chat_template_utils.TemplateNamespace object"
	case *cycler, *joiner:
		return "jinja2.utils." + typeName(v) + " object"
	case *closure, *loop:
		return "jinja2.runtime." + typeName(v) + " object"
	}
	return typeName(v) + " object"
}

// truth is the value of a condition.
func truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case float64:
		return v != 0
	case string:
		return v != ""
	case markup:
		return v != ""
	case *List:
		return len(v.Items) > 0
	case *tuple:
		return len(v.items) > 0
	case *Dict:
		return v.Len() > 0
	case *view:
		return len(v.items) > 0
	case *integers:
		return v.len() > 0
	case *loop:
		return len(v.items) > 0
	case *undefined:
		return false
	}
	return true
}

// stringOf is the string of a str or a Markup.
func stringOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case markup:
		return string(v), true
	}
	return "", false
}

// number is the value of an int, a bool or a float.
func number(v any) (float64, bool) {
	if f, ok := v.(float64); ok {
		return f, true
	}
	n, ok := integer(v)
	return float64(n), ok
}

// integer is the value of an int or a bool. It fails for one that does not fit.
func integer(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case bigInteger:
		fail(Unsupported, "integer %s does not fit 64 bits", string(v))
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}
