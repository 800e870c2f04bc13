package jinja

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// textFilters are the filters that make text.
func textFilters() map[string]builtin {
	text := func(size int, f func(string) string) builtin {
		return fn("s", func(r *renderer, a []any) any {
			s := r.str(a[0])
			r.allocate(len(s))
			r.read(s, size)
			return f(s)
		})
	}
	escape := fn("s", func(r *renderer, a []any) any { return r.escape(a[0]) })
	table := map[string]builtin{
		"capitalize": keepMarkup(text(16, capitalize)),
		"lower":      keepMarkup(text(16, lower)),
		"upper":      keepMarkup(text(16, upper)),
		"title":      text(1, titleWords),
		"striptags":  text(8, stripTags),
		"wordcount":  fn("s", countWords),
		"e":          escape,
		"escape":     escape,
		"forceescape": fn("s", func(r *renderer, a []any) any {
			return r.escape(r.str(a[0]))
		}),
		"safe":      fn("s", func(r *renderer, a []any) any { return markup(r.str(a[0])) }),
		"string":    fn("s", stringFilter),
		"center":    keepMarkup(fn("s width?", func(r *renderer, a []any) any { return r.pad(r.str(a[0]), intOr(a[1], 80), " ", true, true) })),
		"trim":      keepMarkup(fn("s chars?", func(r *renderer, a []any) any { return strip(true, true)(r, []any{r.str(a[0]), a[1]}) })),
		"replace":   fn("s old new count?", replaceFilter),
		"format":    fn("s *", formatFilter),
		"indent":    fn("s width? first? blank?", indentFilter),
		"truncate":  fn("s length? killwords? end? leeway?", truncateFilter),
		"urlencode": fn("s", func(r *renderer, a []any) any { return r.urlEncode(a[0]) }),
		"xmlattr":   fn("d autospace?", xmlAttributes),
		"tojson":    fn("x ensure_ascii? indent? separators? sort_keys?", toJSON),
	}
	for _, name := range []string{"pprint", "random", "urlize", "wordwrap"} {
		table[name] = unsupported("the filter " + name)
	}
	return table
}

// keepMarkup is a filter that returns Markup for Markup.
func keepMarkup(b builtin) builtin {
	return builtin{b.params, func(r *renderer, a []any) any {
		v := b.call(r, a)
		if _, ok := a[0].(markup); ok {
			return markup(v.(string))
		}
		return v
	}}
}

// escape is markupsafe.escape.
func (r *renderer) escape(v any) markup {
	if m, ok := v.(markup); ok {
		return m
	}
	s := r.str(v)
	r.allocate(6 * len(s))
	if !strings.ContainsAny(s, `&<>'"`) {
		return markup(s)
	}
	return markup(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&#39;", `"`, "&#34;").Replace(s))
}

func stringFilter(r *renderer, a []any) any {
	if isString(a[0]) {
		return a[0]
	}
	return r.str(a[0])
}

// titleWords has the first letter after "-", white space and opening brackets
// in upper case.
func titleWords(s string) string {
	separates := func(c rune) bool { return isSpace(c) || strings.ContainsRune("-({[<", c) }
	var b strings.Builder
	for rest := lower(s); rest != ""; {
		i := strings.IndexFunc(rest, separates)
		if i < 0 {
			i = len(rest)
		}
		b.WriteString(upperFirst(rest[:i]))
		word := strings.TrimLeftFunc(rest[i:], separates)
		b.WriteString(rest[i : len(rest)-len(word)])
		rest = word
	}
	return b.String()
}

func upperFirst(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return upper(s[:n]) + s[n:]
}

var wordPattern = regexp.MustCompile(`[\p{L}\p{N}_]+`)

// stripTags takes tags and comments out, up to one that does not end, and has
// single spaces between words.
func stripTags(s string) string {
	var b strings.Builder
	for {
		start := strings.IndexByte(s, '<')
		if start < 0 {
			break
		}
		n := tagLength(s[start:])
		if n < 0 {
			break
		}
		b.WriteString(s[:start])
		s = s[start+n:]
	}
	b.WriteString(s)
	return html.UnescapeString(strings.Join(strings.FieldsFunc(b.String(), isSpace), " "))
}

// tagLength is the length of the tag or comment at the start of s, or -1.
func tagLength(s string) int {
	begin, end := "<", ">"
	if strings.HasPrefix(s, "<!--") {
		begin, end = "<!--", "-->"
	}
	i := strings.Index(s[len(begin):], end)
	if i < 0 {
		return -1
	}
	return len(begin) + i + len(end)
}

func countWords(r *renderer, a []any) any {
	s := r.str(a[0])
	r.items(len(s)/2 + 1)
	return int64(len(wordPattern.FindAllStringIndex(s, -1)))
}

func replaceFilter(r *renderer, a []any) any {
	return r.replace(r.str(a[0]), r.str(a[1]), r.str(a[2]), intOr(a[3], -1))
}

func indentFilter(r *renderer, a []any) any {
	width, ok := stringOf(a[1])
	if !ok {
		width = r.repeatString(" ", intOr(a[1], 4))
	}
	if _, ok := a[0].(*List); ok {
		fail(AttributeError, "'list' object has no attribute 'splitlines'")
	}
	s := r.arithmetic("+", a[0], "\n")
	lines := splitLines(r, []any{s, absent{}}).(*List).Items
	var b strings.Builder
	for i, item := range lines {
		line := item.(string)
		if i > 0 {
			b.WriteByte('\n')
		}
		if i == 0 && truthOr(a[2], false) || i > 0 && (line != "" || truthOr(a[3], false)) {
			b.WriteString(width)
			r.allocate(len(width))
		}
		b.WriteString(line)
	}
	if _, ok := s.(markup); ok {
		return markup(b.String())
	}
	return b.String()
}

func truncateFilter(r *renderer, a []any) any {
	length, end, leeway := intOr(a[1], 255), stringOr(a[3], "..."), intOr(a[4], 5)
	n := int64(utf8.RuneCountInString(end))
	if length < n {
		fail(AssertError, "expected length >= %d, got %d", n, length)
	}
	if leeway < 0 {
		fail(AssertError, "expected leeway >= 0, got %d", leeway)
	}
	if r.length(a[0]) <= length+leeway {
		return a[0]
	}
	s := r.sliceString(stringArg(a[0]), [3]any{nil, length - n, nil})
	if !truthOr(a[2], false) {
		if i := strings.LastIndexByte(s, ' '); i >= 0 {
			s = s[:i]
		}
	}
	return s + end
}

func (r *renderer) urlEncode(v any) string {
	r.allocate(4 * len(r.str(v)))
	items, iterable := r.iterate(v)
	if isString(v) || !iterable {
		return quoteURL(r.str(v), "/")
	}
	if d, ok := v.(*Dict); ok {
		items = d.items()
	}
	var parts []string
	for _, p := range items {
		pair := r.unpacked(p, 2)
		query := func(v any) string { return strings.ReplaceAll(quoteURL(r.str(v), ""), "%20", "+") }
		parts = append(parts, query(pair[0])+"="+query(pair[1]))
	}
	return strings.Join(parts, "&")
}

// quoteURL is urllib.parse.quote.
func quoteURL(s, safe string) string {
	s = strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
	if safe == "/" {
		s = strings.ReplaceAll(s, "%2F", "/")
	}
	return s
}

// mapping is a dictionary whose items a filter wants.
func mapping(v any) *Dict {
	if u, ok := v.(*undefined); ok {
		u.fail()
	}
	d, ok := v.(*Dict)
	if !ok {
		fail(AttributeError, "%s object has no attribute 'items'", reprString(typeName(v)))
	}
	return d
}

func xmlAttributes(r *renderer, a []any) any {
	d := mapping(a[0])
	r.work(8 * d.Len())
	var parts []string
	for i, k := range d.keys {
		if _, isUndefined := d.values[i].(*undefined); isUndefined || d.values[i] == nil {
			continue
		}
		if strings.ContainsAny(stringArg(k), " \t\n\r\f\v/>=") {
			fail(ValueError, "Invalid character in attribute name: %s", r.reprOf(k))
		}
		parts = append(parts, fmt.Sprintf(`%s="%s"`, r.escape(k), r.escape(d.values[i])))
	}
	s := strings.Join(parts, " ")
	if s != "" && truthOr(a[1], true) {
		s = " " + s
	}
	return s
}
