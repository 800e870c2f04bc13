package jinja

// dictMethods are the methods of dict that change nothing.
func dictMethods() map[string]builtin {
	self := func(v any) *Dict { return v.(*Dict) }
	return map[string]builtin{
		"get": fn("self key default?", func(r *renderer, a []any) any {
			if v, ok := self(a[0]).get(r.key(a[1])); ok {
				return v
			}
			return or(a[2], nil)
		}),
		"items": fn("self", func(r *renderer, a []any) any {
			r.items(4 * self(a[0]).Len())
			return &view{"dict_items", self(a[0]).items()}
		}),
		"keys":   fn("self", func(_ *renderer, a []any) any { return &view{"dict_keys", self(a[0]).keys} }),
		"values": fn("self", func(_ *renderer, a []any) any { return &view{"dict_values", self(a[0]).values} }),
		"copy": fn("self", func(r *renderer, a []any) any {
			d := &Dict{}
			r.addTo(d, a[0])
			return d
		}),
	}
}

// listMethods are the methods of list that change nothing.
func listMethods() map[string]builtin {
	return map[string]builtin{
		"count": fn("self value", func(r *renderer, a []any) any {
			n := int64(0)
			for _, item := range r.mustIterate(a[0]) {
				if r.equal(item, a[1]) {
					n++
				}
			}
			return n
		}),
		"index": fn("self value start? stop?", func(r *renderer, a []any) any {
			items := r.mustIterate(a[0])
			n := int64(len(items))
			for i := clamp(or(a[2], nil), 0, n, 1); i < clamp(or(a[3], nil), n, n, 1); i++ {
				if r.equal(items[i], a[1]) {
					return i
				}
			}
			fail(ValueError, "%s is not in list", r.reprOf(a[1]))
			return nil
		}),
		"copy": fn("self", func(r *renderer, a []any) any { return &List{r.joined(r.mustIterate(a[0]), nil)} }),
	}
}
